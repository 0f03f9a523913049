using System.Numerics.Tensors;

namespace RnnService.Engine.Kernels;

/// <summary>The loss of one prediction, −log softmax(x)[target], and its gradient softmax(x) − onehot(target).</summary>
internal static class CrossEntropy
{
    /// <summary>Returns the loss in nats and replaces the logits by their gradient. The largest logit is subtracted first.</summary>
    public static double Backward(Span<float> logits, int target)
    {
        double chosen = logits[target];
        double sum = Activations.ExpShifted(logits, logits, out float largest);
        TensorPrimitives.Multiply(logits, (float)(1 / sum), logits);
        logits[target] -= 1;
        return largest + Math.Log(sum) - chosen;
    }

    /// <summary>
    /// The divergence KL(p‖softmax(x)) from probabilities p, which are held fixed: log Σ exp x − Σ p·x + Σ p·log p, with the gradient softmax(x) − p.
    /// </summary>
    /// <param name="logits">x; replaced by its gradient.</param>
    /// <param name="shares">p, which add up to 1.</param>
    public static double BackwardTo(Span<float> logits, ReadOnlySpan<float> shares)
    {
        double loss = -ExactSums.Dot(logits, shares);
        foreach (float share in shares) loss += share > 0 ? share * Math.Log(share) : 0;
        double sum = Activations.ExpShifted(logits, logits, out float largest);
        TensorPrimitives.Multiply(logits, (float)(1 / sum), logits);
        TensorPrimitives.Subtract(logits, shares, logits);
        return loss + largest + Math.Log(sum);
    }

    /// <summary>
    /// The same against a target that has the probability 1 − <paramref name="smoothing"/> and shares the rest with all V labels alike (Szegedy et al.
    /// 2016): log Σ exp x − (1−ε)·x[target] − ε·mean x, with the gradient softmax(x) − (1−ε)·onehot(target) − ε/V.
    /// </summary>
    public static double Backward(Span<float> logits, int target, float smoothing)
    {
        if (smoothing == 0) return Backward(logits, target);
        double chosen = logits[target], sum = ExactSums.Sum(logits);
        double loss = Backward(logits, target) + smoothing * (chosen - sum / logits.Length);
        TensorPrimitives.Subtract(logits, smoothing / logits.Length, logits);
        logits[target] += smoothing;
        return loss;
    }
}
