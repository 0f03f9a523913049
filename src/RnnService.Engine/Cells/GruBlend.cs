using System.Runtime.CompilerServices;
using RnnService.Engine.Kernels;

namespace RnnService.Engine.Cells;

/// <summary>What both GRUs share: h' = (1−z)⊙n + z⊙h, and its gradient.</summary>
internal static class GruBlend
{
    /// <summary>h' = n + z⊙(h − n), without what would become denormal.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Forward<T>(T z, T n, T hPrevious) where T : struct, IVector<T> =>
        T.FlushTiny(T.MultiplyAdd(z, hPrevious - n, n));

    /// <summary>The gradients of what stands inside the σ of z and the tanh of n, and of h through z⊙h, from that of h'.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Backward(Vector8 z, Vector8 n, Vector8 hPrevious, Vector8 dh, out Vector8 dz, out Vector8 dn, out Vector8 dhPrevious)
    {
        dhPrevious = dh * z;
        dn = VectorMath.TanhBackward(n, dh - dhPrevious);
        dz = VectorMath.SigmoidBackward(z, (hPrevious - n) * dh);
    }
}
