namespace RnnService.Server.Endpoints;

/// <summary>A text's labels and why.</summary>
internal sealed record ExplainedText
{
    /// <summary>As without explain.</summary>
    public required IReadOnlyList<LabelScore> Labels { get; init; }

    /// <summary>Why the best label is the best.</summary>
    public required ExplanationMessage Explanation { get; init; }
}

/// <summary>Why a label is a text's best: what the text said token by token, and each token's share in it.</summary>
internal sealed record ExplanationMessage
{
    /// <summary>The label that is explained.</summary>
    public required string Label { get; init; }

    /// <summary>How contributions are found: integrated_gradients.</summary>
    public required string Method { get; init; }

    /// <summary>The label's margin where every embedding is zero: its logit less the mean of the others', of two labels the log-odds.</summary>
    public required float Baseline { get; init; }

    /// <summary>The label's margin for the text.</summary>
    public required float Value { get; init; }

    /// <summary>By how much the contributions together miss value − baseline.</summary>
    public required float CompletenessGap { get; init; }

    /// <summary>Points at which the network was read, for the integral and its ends.</summary>
    public required int Steps { get; init; }

    /// <summary>The tokens of the text that the model reads.</summary>
    public required IReadOnlyList<ExplainedToken> Tokens { get; init; }
}

/// <summary>A token and its part in the answer.</summary>
internal sealed record ExplainedToken
{
    /// <summary>The token as it stands in the text.</summary>
    public required string Text { get; init; }

    /// <summary>Offset of its first character in Unicode code points.</summary>
    public required int Start { get; init; }

    /// <summary>Offset past its last character in Unicode code points.</summary>
    public required int End { get; init; }

    /// <summary>Whether the model's vocabulary has it.</summary>
    public required bool Known { get; init; }

    /// <summary>The scores of the text up to here, alone, in the order of labels.</summary>
    public required IReadOnlyList<float> Scores { get; init; }

    /// <summary>Its share of value − baseline.</summary>
    public required float Contribution { get; init; }
}
