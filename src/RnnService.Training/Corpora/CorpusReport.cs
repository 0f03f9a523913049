namespace RnnService.Training.Corpora;

/// <summary>What was read before a training starts, and what is odd about it.</summary>
public sealed record CorpusReport
{
    /// <summary>What is counted: "texts", "sentences", "pairs" or "lines".</summary>
    public required string Unit { get; init; }

    /// <summary>What is trained on.</summary>
    public required CorpusPart Train { get; init; }

    /// <summary>What chooses the best weights.</summary>
    public required CorpusPart Valid { get; init; }

    /// <summary>Of pairs: tokens of the training targets; the tokens of the parts are those of the sources.</summary>
    public long? TargetTokens { get; init; }

    /// <summary>Share of the training corpora that <see cref="Valid"/> was split off from; null where it has corpora of its own.</summary>
    public double? SplitShare { get; init; }

    /// <summary>Tokens in the vocabulary, special ones included.</summary>
    public required int Vocabulary { get; init; }

    /// <summary>Validation tokens that are not in the vocabulary.</summary>
    public required long UnknownTokens { get; init; }

    /// <summary>Validation texts that are training texts too.</summary>
    public required long Overlap { get; init; }

    /// <summary>What is odd, in a line each.</summary>
    public required IReadOnlyList<CorpusNote> Notes { get; init; }

    /// <summary>Share of the validation tokens that are not in the vocabulary, from 0 to 1.</summary>
    public double UnknownShare => Valid.Tokens == 0 ? 0 : (double)UnknownTokens / Valid.Tokens;
}
