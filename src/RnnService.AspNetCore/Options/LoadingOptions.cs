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

    /// <summary>
    /// Seconds between looks at the folder of models: one that came, changed or went is taken in, replaced or taken out while the others are
    /// served. A folder is loaded once two looks in a row have seen the same files, or one with files missing after <c>MaxSeconds</c>. 0: the
    /// models stay those of the start.
    /// </summary>
    [Range(0, 86_400)]
    public int WatchSeconds { get; set; }
}
