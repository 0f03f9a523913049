using RnnService.Engine.Models;
using RnnService.Engine.Weights;

namespace RnnService.Onnx.Tests.Support;

/// <summary>Weights and biases as PyTorch starts them, uniform within 1/√8, by name: no bias is zero and could be forgotten.</summary>
internal static class DrawnWeights
{
    public static Parameters Start(Func<string, string>? rename = null) => Parameters.From((name, shape) =>
    {
        string key = rename?.Invoke(name) ?? name;
        var random = new RandomSource(key.Aggregate(17UL, (hash, letter) => (hash ^ letter) * 1099511628211UL));
        float[] values = new float[shape.Aggregate(1, (product, size) => product * size)];
        foreach (ref float value in values.AsSpan()) value = (random.Below(2001) - 1000) / 1000f / MathF.Sqrt(8);
        return values;
    });

    /// <summary>The same model with such weights.</summary>
    public static T Restart<T>(T model) where T : TextModel => (T)TextModel.Create(model.Config, model.Vocabulary, Start());
}
