namespace RnnService.Training.Evaluation;

/// <summary>How well a set of things was found: labels or spans.</summary>
/// <param name="Gold">Things there are.</param>
/// <param name="Predicted">Things that were predicted.</param>
/// <param name="Correct">Predicted things that are there.</param>
public readonly record struct F1Score(long Gold, long Predicted, long Correct)
{
    /// <summary>The share of the predicted that is there, from 0 to 1; 0 when nothing was predicted.</summary>
    public double Precision => Share(Correct, Predicted);

    /// <summary>The share of what is there that was predicted, from 0 to 1; 0 when there is nothing.</summary>
    public double Recall => Share(Correct, Gold);

    /// <summary>The harmonic mean of precision and recall, from 0 to 1.</summary>
    public double F1 => Share(2 * Correct, Gold + Predicted);

    internal static double Share(long part, long whole) => whole == 0 ? 0 : (double)part / whole;
}
