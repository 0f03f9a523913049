using RnnService.Engine.Models;

namespace RnnService.AspNetCore.Models;

/// <summary>Where a model folder stands.</summary>
internal enum ModelState
{
    Loading,
    Ready,
    Broken,

    /// <summary>Taken out by an operator: its folder is there.</summary>
    Unloaded,
}

/// <summary>A model folder: the model when it could be loaded, the reason when not.</summary>
internal sealed record ModelEntry(string Name, ModelState State)
{
    public static ModelEntry Broken(string name, string reason) => new(name, ModelState.Broken) { Reason = reason };

    /// <summary>The model and what computes with it; null unless it is ready.</summary>
    public ServedModel? Served { get; init; }

    public LoadedModel? Loaded => Served?.Loaded;

    /// <summary>What of its folder was kept, by name.</summary>
    public IReadOnlyDictionary<string, ModelFile> Files { get; init; } = new Dictionary<string, ModelFile>();

    /// <summary>Why it is not served; of one that is, why what its folder holds now is not.</summary>
    public string? Reason { get; init; }

    /// <summary>What its folder held when it was last loaded, or could not be: <see cref="FolderStamp.Files"/>.</summary>
    public string Stamp { get; init; } = "";

    public TimeSpan LoadTime { get; init; }
}
