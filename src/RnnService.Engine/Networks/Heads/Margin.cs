using System.Numerics.Tensors;

namespace RnnService.Engine.Networks.Heads;

/// <summary>
/// How far a label is ahead: its logit minus the mean of the others'. It is linear in the logits and stays when the same is added to all of
/// them, as probabilities do. With two labels it is the log-odds.
/// </summary>
internal static class Margin
{
    /// <summary>The margin of a label.</summary>
    public static double Of(ReadOnlySpan<float> logits, int label)
    {
        double others = 0;
        for (int i = 0; i < logits.Length; i++) others += i == label ? 0 : logits[i];
        return logits[label] - others / (logits.Length - 1);
    }

    /// <summary>Puts the gradient of a label's margin in the place of the logits.</summary>
    public static void Backward(Span<float> logits, int label)
    {
        logits.Fill(-1f / (logits.Length - 1));
        logits[label] = 1;
    }

    /// <summary>Puts the gradient of the likeliest label's margin in the place of the logits.</summary>
    /// <returns>The label.</returns>
    public static int BackwardOfBest(Span<float> logits)
    {
        int label = TensorPrimitives.IndexOfMax<float>(logits);
        Backward(logits, label);
        return label;
    }
}
