using System.Numerics.Tensors;
using RnnService.Engine.Weights;

namespace RnnService.Engine.Layers;

/// <summary>A row of numbers for every token: weight [V,D].</summary>
internal sealed class Embedding
{
    public Embedding(Parameters parameters, string prefix, int tokens, int size)
    {
        Size = size;
        Weight = parameters.Add($"{prefix}.weight", Initializer.Normal(1 / MathF.Sqrt(size)), tokens, size);
    }

    /// <summary>D.</summary>
    public int Size { get; }

    public Parameter Weight { get; }

    /// <summary>Copies the tokens' rows into y, one every <paramref name="stride"/> floats.</summary>
    public void Forward(ReadOnlySpan<int> ids, Span<float> y, int stride)
    {
        for (int i = 0; i < ids.Length; i++) Weight.Values.Slice(ids[i] * Size, Size).CopyTo(y[(i * stride)..]);
    }

    /// <summary>Adds the gradients of the tokens' rows.</summary>
    public void Backward(ReadOnlySpan<int> ids, ReadOnlySpan<float> dy, int stride, Gradients gradients)
    {
        Span<float> gradient = gradients.Of(Weight);
        for (int i = 0; i < ids.Length; i++)
        {
            Span<float> row = gradient.Slice(ids[i] * Size, Size);
            TensorPrimitives.Add(row, dy.Slice(i * stride, Size), row);
        }
    }
}
