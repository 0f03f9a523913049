using System.ComponentModel.DataAnnotations;

namespace RnnService.AspNetCore.Options;

/// <summary>How models come in.</summary>
public sealed record LoadingOptions
{
    /// <summary>
    /// Seconds a model folder gets to be loaded; after that it is told as broken and the service counts as ready without it. Longer: large
    /// models on slow disks; a folder that hangs keeps a default, and with it readiness, waiting longer.
    /// </summary>
    [Range(1, 86_400)]
    public int MaxSeconds { get; set; } = 60;
}
