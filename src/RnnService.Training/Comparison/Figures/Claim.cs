namespace RnnService.Training.Comparison.Figures;

/// <summary>A sentence that figures decide: it is computed, not written.</summary>
/// <param name="Holds">Whether the expected was found.</param>
/// <param name="Sentence">What was found.</param>
internal sealed record Claim(bool Holds, string Sentence)
{
    /// <summary>The sentence that goes with what the figures say.</summary>
    /// <param name="condition">Whether what the field expects was found.</param>
    /// <param name="found">The sentence where it was.</param>
    /// <param name="other">The sentence where it was not.</param>
    public static Claim Of(bool condition, string found, string other) => new(condition, condition ? found : other);

    /// <summary>The sentence that goes with what two things came to: one is better, the other is, or the runs lie among one another.</summary>
    /// <param name="one">Whether what the field expects to be better was.</param>
    /// <param name="other">Whether the other was.</param>
    /// <param name="found">The sentence where the one was.</param>
    /// <param name="opposite">The sentence where the other was.</param>
    /// <param name="neither">The sentence where neither stands apart.</param>
    public static Claim Of(bool one, bool other, string found, string opposite, string neither) => new(one, one ? found : other ? opposite : neither);
}
