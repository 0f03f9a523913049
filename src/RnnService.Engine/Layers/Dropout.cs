using System.Numerics.Tensors;
using RnnService.Engine.Weights;

namespace RnnService.Engine.Layers;

/// <summary>
/// Dropout for recurrent networks: one mask a sequence, the same at every step (Gal and Ghahramani 2016). The draws depend on the keys
/// alone (seed, step, part of the batch), so that a resumed training run draws the same.
/// </summary>
internal sealed class Dropout(params ReadOnlySpan<ulong> keys)
{
    private RandomSource _random = new(keys);

    /// <summary>Fills a mask with 0 at the given rate and 1/(1−rate) elsewhere, so that the mean stays.</summary>
    public Memory<float> Mask(Memory<float> mask, float rate)
    {
        float kept = 1 / (1 - rate);
        foreach (ref float value in mask.Span) value = _random.Uniform() < rate ? 0 : kept;
        return mask;
    }

    /// <summary>True at the given rate.</summary>
    public bool Draw(double rate) => _random.Uniform() < rate;

    /// <summary>Multiplies every step's rows x [R,width] by the mask [N,width] of their sequence, by rank.</summary>
    public static void Apply(BatchLayout layout, ReadOnlySpan<float> mask, Span<float> x)
    {
        int width = mask.Length / layout.Batch;
        for (int t = 0; t < layout.Steps; t++)
        {
            Span<float> rows = x.Slice(layout.Offset(t) * width, layout.Active(t) * width);
            TensorPrimitives.Multiply(rows, mask[..rows.Length], rows);
        }
    }
}
