using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace RnnService.Engine.Kernels;

/// <summary>
/// Element-wise functions and softmax. A value's result depends on the value alone, never on its place in the span: the rest of a span
/// that does not fill a vector goes through the same vector code. Spans may be the same, but not overlap otherwise.
/// </summary>
public static class Activations
{
    /// <summary>
    /// y = tanh x within 5e-7 of the true value, odd, exact at 0; ±9 and beyond count as ±9; NaN stays NaN. The rational approximation
    /// of degree 13 over 6 with the coefficients of Eigen's generic fast tanh.
    /// </summary>
    public static void Tanh(ReadOnlySpan<float> x, Span<float> y) => Map<TanhLanes>(x, y);

    /// <summary>y = 1/(1+e⁻ˣ) within 5e-7 of the true value, computed as ½ + ½·tanh(x/2); NaN stays NaN.</summary>
    public static void Sigmoid(ReadOnlySpan<float> x, Span<float> y) => Map<SigmoidLanes>(x, y);

    /// <summary>y = max(x, 0); NaN stays NaN, so that a diverged network is seen.</summary>
    public static void Relu(ReadOnlySpan<float> x, Span<float> y) => Map<ReluLanes>(x, y);

    /// <summary>
    /// y = eˣ within a relative 2e-7 over [−87.3, 88.3]; smaller gives 0, larger counts as 88.3; NaN stays NaN.
    /// Range reduction by ln 2 in two parts and a polynomial of degree 6 (Cephes expf).
    /// </summary>
    public static void Exp(ReadOnlySpan<float> x, Span<float> y) => Map<ExpLanes>(x, y);

    /// <summary>Sets values below 1e-30 in magnitude to 0: decaying states would become denormal, which is slow by two orders.</summary>
    public static void FlushTiny(Span<float> x) => Map<FlushLanes>(x, x);

    /// <summary>dx = dy·y·(1−y), the gradient through y = sigmoid x.</summary>
    public static void SigmoidBackward(ReadOnlySpan<float> y, ReadOnlySpan<float> dy, Span<float> dx) => Map<SigmoidSlope>(y, dy, dx);

    /// <summary>dx = dy·(1−y²), the gradient through y = tanh x.</summary>
    public static void TanhBackward(ReadOnlySpan<float> y, ReadOnlySpan<float> dy, Span<float> dx) => Map<TanhSlope>(y, dy, dx);

    /// <summary>dx = dy where y &gt; 0, else 0: the gradient through y = max(x, 0).</summary>
    public static void ReluBackward(ReadOnlySpan<float> y, ReadOnlySpan<float> dy, Span<float> dx) => Map<ReluSlope>(y, dy, dx);

    /// <summary>Turns logits into probabilities in place. The largest is subtracted first, so no finite input overflows.</summary>
    public static void Softmax(Span<float> x)
    {
        float scale = 1 / ExpShifted(x, x, out _);
        Scale(x, scale);
    }

    /// <summary>The logarithm of the sum of the exponentials of x.</summary>
    /// <param name="x">Logits, at least one.</param>
    /// <param name="scratch">Room for as many floats.</param>
    public static float LogSumExp(ReadOnlySpan<float> x, Span<float> scratch)
    {
        float sum = ExpShifted(x, scratch, out float largest);
        return largest + MathF.Log(sum);
    }

    /// <summary>y = exp(x − max x) and the sum of y; x and y may be the same.</summary>
    internal static float ExpShifted(ReadOnlySpan<float> x, Span<float> y, out float largest)
    {
        largest = float.NegativeInfinity;
        foreach (float value in x) largest = MathF.Max(largest, value);
        for (int i = 0; i < x.Length; i++) y[i] = x[i] - largest;
        Map<ExpLanes>(y[..x.Length], y);
        double sum = 0;
        for (int i = 0; i < x.Length; i++) sum += y[i];
        return (float)sum;
    }

    private static void Scale(Span<float> x, float factor) => System.Numerics.Tensors.TensorPrimitives.Multiply(x, factor, x);

    private interface IUnary
    {
        static abstract Vector256<float> Of(Vector256<float> x);
    }

    private interface IBinary
    {
        static abstract Vector256<float> Of(Vector256<float> x, Vector256<float> y);
    }

    private static void Map<TFunction>(ReadOnlySpan<float> x, Span<float> y) where TFunction : struct, IUnary
    {
        int i = 0;
        for (; i + 8 <= x.Length; i += 8) TFunction.Of(Vector256.Create(x[i..])).CopyTo(y[i..]);
        if (i == x.Length) return;
        Span<float> rest = stackalloc float[8];
        rest.Clear();
        x[i..].CopyTo(rest);
        TFunction.Of(Vector256.Create<float>(rest)).CopyTo(rest);
        rest[..(x.Length - i)].CopyTo(y[i..]);
    }

    private static void Map<TFunction>(ReadOnlySpan<float> x, ReadOnlySpan<float> y, Span<float> z) where TFunction : struct, IBinary
    {
        int i = 0;
        for (; i + 8 <= x.Length; i += 8) TFunction.Of(Vector256.Create(x[i..]), Vector256.Create(y[i..])).CopyTo(z[i..]);
        if (i == x.Length) return;
        Span<float> rest = stackalloc float[16];
        rest.Clear();
        x[i..].CopyTo(rest);
        y[i..x.Length].CopyTo(rest[8..]);
        TFunction.Of(Vector256.Create<float>(rest), Vector256.Create<float>(rest[8..])).CopyTo(rest);
        rest[..(x.Length - i)].CopyTo(z[i..]);
    }

    private readonly struct TanhLanes : IUnary
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<float> Of(Vector256<float> x)
        {
            x = Vector256.Min(Vector256.Max(x, Vector256.Create(-9f)), Vector256.Create(9f));
            Vector256<float> square = x * x;
            Vector256<float> p = Vector256.Create(-2.76076847742355e-16f);
            p = Vector256.MultiplyAddEstimate(p, square, Vector256.Create(2.00018790482477e-13f));
            p = Vector256.MultiplyAddEstimate(p, square, Vector256.Create(-8.60467152213735e-11f));
            p = Vector256.MultiplyAddEstimate(p, square, Vector256.Create(5.12229709037114e-08f));
            p = Vector256.MultiplyAddEstimate(p, square, Vector256.Create(1.48572235717979e-05f));
            p = Vector256.MultiplyAddEstimate(p, square, Vector256.Create(6.37261928875436e-04f));
            p = Vector256.MultiplyAddEstimate(p, square, Vector256.Create(4.89352455891786e-03f));
            Vector256<float> q = Vector256.Create(1.19825839466702e-06f);
            q = Vector256.MultiplyAddEstimate(q, square, Vector256.Create(1.18534705686654e-04f));
            q = Vector256.MultiplyAddEstimate(q, square, Vector256.Create(2.26843463243900e-03f));
            q = Vector256.MultiplyAddEstimate(q, square, Vector256.Create(4.89352518554385e-03f));
            Vector256<float> tanh = x * p / q;
            return Vector256.Min(Vector256.Max(tanh, Vector256.Create(-1f)), Vector256.Create(1f));
        }
    }

    private readonly struct SigmoidLanes : IUnary
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<float> Of(Vector256<float> x)
        {
            Vector256<float> half = Vector256.Create(0.5f);
            return Vector256.MultiplyAddEstimate(half, TanhLanes.Of(x * half), half);
        }
    }

    private readonly struct ReluLanes : IUnary
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<float> Of(Vector256<float> x) => Vector256.Max(x, Vector256<float>.Zero);
    }

    private readonly struct ExpLanes : IUnary
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<float> Of(Vector256<float> x)
        {
            Vector256<float> vanishing = Vector256.LessThan(x, Vector256.Create(-87.3f));
            x = Vector256.Min(Vector256.Max(x, Vector256.Create(-87.3f)), Vector256.Create(88.3f));
            Vector256<float> n = Vector256.Floor(Vector256.MultiplyAddEstimate(x, Vector256.Create(1.44269504f), Vector256.Create(0.5f)));
            Vector256<float> r = Vector256.MultiplyAddEstimate(n, Vector256.Create(-0.693359375f), x);
            r = Vector256.MultiplyAddEstimate(n, Vector256.Create(2.12194440e-4f), r);
            Vector256<float> p = Vector256.Create(1.9875691500e-4f);
            p = Vector256.MultiplyAddEstimate(p, r, Vector256.Create(1.3981999507e-3f));
            p = Vector256.MultiplyAddEstimate(p, r, Vector256.Create(8.3334519073e-3f));
            p = Vector256.MultiplyAddEstimate(p, r, Vector256.Create(4.1665795894e-2f));
            p = Vector256.MultiplyAddEstimate(p, r, Vector256.Create(1.6666665459e-1f));
            p = Vector256.MultiplyAddEstimate(p, r, Vector256.Create(5.0000001201e-1f));
            p = Vector256.MultiplyAddEstimate(p, r * r, r + Vector256<float>.One);
            Vector256<int> power = Vector256.ShiftLeft(Vector256.ConvertToInt32(n) + Vector256.Create(127), 23);
            return Vector256.AndNot(p * power.AsSingle(), vanishing);
        }
    }

    private readonly struct FlushLanes : IUnary
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<float> Of(Vector256<float> x) =>
            Vector256.AndNot(x, Vector256.LessThan(Vector256.Abs(x), Vector256.Create(1e-30f)));
    }

    private readonly struct SigmoidSlope : IBinary
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<float> Of(Vector256<float> y, Vector256<float> dy) => dy * y * (Vector256<float>.One - y);
    }

    private readonly struct TanhSlope : IBinary
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<float> Of(Vector256<float> y, Vector256<float> dy) => dy * (Vector256<float>.One - y * y);
    }

    private readonly struct ReluSlope : IBinary
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<float> Of(Vector256<float> y, Vector256<float> dy) =>
            Vector256.BitwiseAnd(dy, Vector256.GreaterThan(y, Vector256<float>.Zero));
    }
}
