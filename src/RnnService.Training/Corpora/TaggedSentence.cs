namespace RnnService.Training.Corpora;

/// <summary>A sentence's words, each with its tag.</summary>
/// <param name="Words">The words in order; never empty.</param>
/// <param name="Tags">The words' tags, as many.</param>
public sealed record TaggedSentence(IReadOnlyList<string> Words, IReadOnlyList<string> Tags);
