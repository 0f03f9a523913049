using RnnService.Training.Corpora;

namespace RnnService.Training.Recipes;

/// <summary>
/// Other columns of a tagger's corpora that it learns beside the tag while it is trained (Caruana 1997), by heads of their own over the same layers. What is
/// saved has the tag alone, and its score alone chooses the best weights.
/// </summary>
public sealed record AuxiliarySettings
{
    /// <summary>The columns, as <see cref="CorpusSource.TagColumn"/> has them.</summary>
    public IReadOnlyList<CorpusColumn> Columns { get; init; } = [];

    /// <summary>Weight of each column's loss beside that of the tag.</summary>
    public float Weight { get; init; } = 0.3f;

    /// <summary>Values that fewer words have are not learnt, like <c>_</c>.</summary>
    public int MinCount { get; init; } = 5;
}
