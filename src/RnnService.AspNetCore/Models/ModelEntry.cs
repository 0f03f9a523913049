using RnnService.Engine.Models;

namespace RnnService.AspNetCore.Models;

/// <summary>Where a model folder stands.</summary>
internal enum ModelState
{
    Loading,
    Ready,
    Broken,
}

/// <summary>A model folder: the model when it could be loaded, the reason when not.</summary>
internal sealed record ModelEntry(string Name, ModelState State)
{
    /// <summary>The model and what computes with it; null unless it is ready.</summary>
    public ServedModel? Served { get; init; }

    public LoadedModel? Loaded => Served?.Loaded;

    /// <summary>What of its folder was kept, by name.</summary>
    public IReadOnlyDictionary<string, ModelFile> Files { get; init; } = new Dictionary<string, ModelFile>();

    /// <summary>Why it is broken.</summary>
    public string? Reason { get; init; }

    public TimeSpan LoadTime { get; init; }
}
