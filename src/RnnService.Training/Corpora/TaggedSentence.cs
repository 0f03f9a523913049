namespace RnnService.Training.Corpora;

/// <summary>A sentence's words, each with its tag.</summary>
/// <param name="Words">The words in order; never empty.</param>
/// <param name="Tags">The words' tags, as many.</param>
public sealed record TaggedSentence(IReadOnlyList<string> Words, IReadOnlyList<string> Tags)
{
    /// <summary>The file it was read from; empty where it was not.</summary>
    public string Path { get; init; } = "";

    /// <summary>The line each word stands in, from 1; empty where that is not known.</summary>
    public IReadOnlyList<int> Lines { get; init; } = [];
}
