namespace RnnService.Engine.Networks;

/// <summary>
/// Why a classifier answers as it does: what it would have said after each token, and each token's share in the answer by integrated gradients
/// (Sundararajan, Taly and Yan, Axiomatic Attribution for Deep Networks, ICML 2017). T tokens. Immutable.
/// </summary>
public sealed class Explanation
{
    /// <summary>Index of the label that is explained: the likeliest.</summary>
    public required int Label { get; init; }

    /// <summary>
    /// The logits after each token, [T][labels]: those of the text up to it, alone. The last are the answer's own.
    /// </summary>
    public required IReadOnlyList<float[]> Running { get; init; }

    /// <summary>
    /// The share of each token, [T], in <see cref="Value"/> − <see cref="Baseline"/>: (x − x′)·∫₀¹ ∂F/∂x(x′ + α(x − x′)) dα, with the token's
    /// embedding for x and zeros for x′.
    /// </summary>
    public required IReadOnlyList<float> Contributions { get; init; }

    /// <summary>
    /// F of the text: the label's logit minus the mean of the others'. With two labels it is the log-odds. Where labels do not exclude each other
    /// (<see cref="Models.ModelConfig.MultiLabel"/>) it is the label's logit, which is its log-odds.
    /// </summary>
    public required double Value { get; init; }

    /// <summary>F of as many tokens whose embeddings are all zero.</summary>
    public required double Baseline { get; init; }

    /// <summary>Points of the path at which the network was read, for the integral and its ends.</summary>
    public required int Steps { get; init; }

    /// <summary>By how much the contributions miss <see cref="Value"/> − <see cref="Baseline"/>, whose sum they would be were the integral exact.</summary>
    public double CompletenessGap => Math.Abs(Contributions.Sum(share => (double)share) - (Value - Baseline));
}
