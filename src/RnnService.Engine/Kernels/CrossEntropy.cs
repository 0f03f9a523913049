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
}
