using System.Runtime.CompilerServices;
using RnnService.Engine.Kernels;

namespace RnnService.Engine.Cells;

/// <summary>What both GRUs share: h' = (1−z)⊙n + z⊙h, and the way back.</summary>
internal static class GruBlend
{
    /// <summary>h' = n + z⊙(h − n), without what would become denormal.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes Forward(Lanes z, Lanes n, Lanes hPrevious) => Lanes.FlushTiny(Lanes.MultiplyAdd(z, hPrevious - n, n));

    /// <summary>The gradients of what stands inside the σ of z and the tanh of n, and of h through z⊙h, from that of h'.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Backward(Lanes z, Lanes n, Lanes hPrevious, Lanes dh, out Lanes dz, out Lanes dn, out Lanes dhPrevious)
    {
        dhPrevious = dh * z;
        dn = Lanes.TanhBackward(n, dh - dhPrevious);
        dz = Lanes.SigmoidBackward(z, (hPrevious - n) * dh);
    }
}
