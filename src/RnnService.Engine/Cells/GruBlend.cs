using System.Numerics.Tensors;
using RnnService.Engine.Kernels;

namespace RnnService.Engine.Cells;

/// <summary>What both GRUs share: h' = (1−z)⊙n + z⊙h for one row, and the way back.</summary>
internal static class GruBlend
{
    /// <summary>h' = n + z⊙(h − n).</summary>
    public static void Forward(ReadOnlySpan<float> z, ReadOnlySpan<float> n, ReadOnlySpan<float> hPrevious, Span<float> h)
    {
        TensorPrimitives.Subtract(hPrevious, n, h);
        TensorPrimitives.MultiplyAdd(z, h, n, h);
    }

    /// <summary>Replaces z and n by the gradients of what stands inside their σ and tanh, and dh by its share for h, z⊙dh.</summary>
    /// <param name="z">[H], in: the update gate.</param>
    /// <param name="n">[H], in: the candidate.</param>
    /// <param name="hPrevious">[H].</param>
    /// <param name="dh">[H], in: the gradient of h'.</param>
    /// <param name="scratch">At least 2H floats.</param>
    public static void Backward(Span<float> z, Span<float> n, ReadOnlySpan<float> hPrevious, Span<float> dh, Span<float> scratch)
    {
        Span<float> dz = scratch[..n.Length], kept = scratch.Slice(n.Length, n.Length);
        TensorPrimitives.Subtract(hPrevious, n, dz);
        TensorPrimitives.Multiply(dz, dh, dz);
        TensorPrimitives.Multiply(dh, z, kept);
        TensorPrimitives.Subtract(dh, kept, dh);
        Activations.TanhBackward(n, dh, n);
        Activations.SigmoidBackward(z, dz, z);
        kept.CopyTo(dh);
    }
}
