using System.Runtime.CompilerServices;

namespace RnnService.Engine.Kernels;

/// <summary>
/// The functions of a cell's equations, for vectors of any width: in registers from a product's sums to the new state. What
/// <see cref="Activations"/> says of each holds here.
/// </summary>
internal static class VectorMath
{
    /// <summary>As <see cref="Activations.Tanh"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Tanh<T>(T x) where T : struct, IVector<T>
    {
        x = T.Clamp(x, -9f, 9f);
        T square = x * x;
        T p = T.Broadcast(-2.76076847742355e-16f);
        p = T.MultiplyAdd(p, square, T.Broadcast(2.00018790482477e-13f));
        p = T.MultiplyAdd(p, square, T.Broadcast(-8.60467152213735e-11f));
        p = T.MultiplyAdd(p, square, T.Broadcast(5.12229709037114e-08f));
        p = T.MultiplyAdd(p, square, T.Broadcast(1.48572235717979e-05f));
        p = T.MultiplyAdd(p, square, T.Broadcast(6.37261928875436e-04f));
        p = T.MultiplyAdd(p, square, T.Broadcast(4.89352455891786e-03f));
        T q = T.Broadcast(1.19825839466702e-06f);
        q = T.MultiplyAdd(q, square, T.Broadcast(1.18534705686654e-04f));
        q = T.MultiplyAdd(q, square, T.Broadcast(2.26843463243900e-03f));
        q = T.MultiplyAdd(q, square, T.Broadcast(4.89352518554385e-03f));
        return T.Clamp(x * p / q, -1f, 1f);
    }

    /// <summary>As <see cref="Activations.Sigmoid"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Sigmoid<T>(T x) where T : struct, IVector<T>
    {
        T half = T.Broadcast(0.5f);
        return T.MultiplyAdd(half, Tanh(x * half), half);
    }

    /// <summary>As <see cref="Activations.SigmoidBackward"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T SigmoidBackward<T>(T y, T dy) where T : struct, IVector<T> => dy * y * (T.Broadcast(1f) - y);

    /// <summary>As <see cref="Activations.TanhBackward"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T TanhBackward<T>(T y, T dy) where T : struct, IVector<T> => dy * (T.Broadcast(1f) - y * y);
}
