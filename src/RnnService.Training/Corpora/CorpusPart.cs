namespace RnnService.Training.Corpora;

/// <summary>What was read for one part of a training.</summary>
public sealed record CorpusPart
{
    /// <summary>Texts or sentences; for running text its lines.</summary>
    public required long Texts { get; init; }

    /// <summary>Tokens of the model's tokenizer, before any text is cut.</summary>
    public required long Tokens { get; init; }

    /// <summary>Tokens of the median text, of the one that 95 of 100 do not exceed, and of the longest; null for running text.</summary>
    public (int Median, int Most95, int Longest)? Lengths { get; init; }

    /// <summary>The labels with how many texts or words have them, the most frequent first; empty for running text.</summary>
    public IReadOnlyList<KeyValuePair<string, int>> Labels { get; init; } = [];
}
