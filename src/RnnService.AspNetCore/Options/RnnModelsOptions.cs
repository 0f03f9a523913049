using System.ComponentModel.DataAnnotations;

namespace RnnService.AspNetCore.Options;

/// <summary>Which models a host has, and how they share its processors.</summary>
public sealed record RnnModelsOptions
{
    /// <summary>
    /// The folder that holds one folder a model, absolute or relative to the host's content root. The folders are those that it has when the
    /// host starts.
    /// </summary>
    public string Path { get; set; } = "models";

    /// <summary>The models that answer when none is named.</summary>
    public DefaultModelOptions Defaults { get; set; } = new();

    /// <summary>Sizes of queues and batches, for each model alone.</summary>
    public BatchingOptions Batching { get; set; } = new();

    /// <summary>How models are loaded.</summary>
    public LoadingOptions Loading { get; set; } = new();

    /// <summary>Seconds a request waits for its model to be loaded, before it is refused. 0: not at all.</summary>
    [Range(0, 3_600)]
    public int LoadWaitSeconds { get; set; } = 30;

    /// <summary>
    /// Seconds that running requests get to finish when the host stops; what is left then is refused. The host's own
    /// <c>HostOptions.ShutdownTimeout</c> has to be longer.
    /// </summary>
    [Range(0, 3_600)]
    public int DrainSeconds { get; set; } = 25;

    /// <summary>Seconds that one turn of computing may take; from then on the health check fails, as a turn that long never ends.</summary>
    [Range(1, 86_400)]
    public int StuckSeconds { get; set; } = 60;

    /// <summary>Paths of the files of a model folder that are kept in memory as they were when the model was loaded.</summary>
    internal IReadOnlyList<string> KeptFiles { get; set; } = [];
}
