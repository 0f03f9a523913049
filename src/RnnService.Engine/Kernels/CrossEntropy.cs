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

    /// <summary>The same, counted as often as the target's weight says.</summary>
    /// <param name="logits">[labels]; takes the gradient.</param>
    /// <param name="target">The right label.</param>
    /// <param name="weights">[labels]; empty for 1 each.</param>
    public static double WeightedBackward(Span<float> logits, int target, ReadOnlySpan<float> weights)
    {
        double loss = Backward(logits, target);
        if (weights.IsEmpty) return loss;
        TensorPrimitives.Multiply(logits, weights[target], logits);
        return weights[target] * loss;
    }

    /// <summary>
    /// The loss where labels do not exclude each other, Σ log(1 + exp x) − Σ x[target], a sigmoid a label: its gradient is sigmoid(x), less 1 at targets.
    /// log(1 + exp x) is computed as max(x, 0) + log1p(exp −|x|), so no finite logit overflows.
    /// </summary>
    /// <param name="logits">[labels]; takes the gradient.</param>
    /// <param name="targets">The labels that are right, each once.</param>
    /// <param name="weights">[labels] what a right label's part −log sigmoid(x) counts; empty for 1 each.</param>
    /// <returns>The loss in nats, summed over the labels.</returns>
    public static double SigmoidBackward(Span<float> logits, ReadOnlySpan<int> targets, ReadOnlySpan<float> weights = default)
    {
        double loss = 0;
        foreach (float x in logits) loss += Softplus(x);
        foreach (int target in targets)
        {
            double x = logits[target], weight = weights.IsEmpty ? 1 : weights[target];
            loss += weight * Softplus(-x) - Softplus(x);
        }

        Span<float> own = stackalloc float[targets.Length <= 64 ? targets.Length : 0];
        if (targets.Length > own.Length) own = new float[targets.Length];
        for (int i = 0; i < own.Length; i++) own[i] = logits[targets[i]];
        Activations.Sigmoid(logits, logits);
        for (int i = 0; i < own.Length; i++)
        {
            // sigmoid(x) − 1 is −sigmoid(−x), which keeps its digits where the first is near 1.
            logits[targets[i]] = (weights.IsEmpty ? 1 : weights[targets[i]]) * (float)(-1 / (1 + Math.Exp(own[i])));
        }

        return loss;
    }

    private static double Softplus(double x) => Math.Max(x, 0) + Math.Log(1 + Math.Exp(-Math.Abs(x)));

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
