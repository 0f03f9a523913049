namespace RnnService.Onnx.Import.Weights;

/// <summary>
/// A head of one row under a sigmoid (BCEWithLogitsLoss, Keras' Dense(1, sigmoid)) as one of two rows under a softmax: with a row of zeros
/// before it both give the same probabilities, since softmax([0, z])[1] is sigmoid(z).
/// </summary>
internal static class SigmoidHead
{
    private const string Weight = "head.weight", Bias = "head.bias";

    /// <summary>Puts a row of zeros before the row of a head that has one alone.</summary>
    /// <param name="tensors">The tensors under this engine's names, to be changed.</param>
    /// <returns>Whether the head has one row.</returns>
    public static bool Widen(Dictionary<string, FoundTensor> tensors)
    {
        if (!tensors.TryGetValue(Weight, out FoundTensor? weight) || weight.Shape is not [1, > 0 and int width]) return false;
        if (tensors.TryGetValue(Bias, out FoundTensor? bias) && bias.Shape is not [1]) return false;
        tensors[Weight] = weight with { Shape = [2, width], Values = Widened(weight.Values, width) };
        if (bias is not null) tensors[Bias] = bias with { Shape = [2], Values = Widened(bias.Values, 1) };
        return true;
    }

    private static Func<float[]>? Widened(Func<float[]>? values, int zeros) =>
        values is null ? null : () => [.. new float[zeros], .. values()];
}
