using System.Runtime.CompilerServices;

namespace RnnService.Engine.Kernels;

/// <summary>
/// Element-wise functions and softmax. A value's result depends on the value alone, never on its place in the span: the rest of a span
/// that does not fill a vector goes through the same vector code. Spans may be the same, but not overlap otherwise.
/// </summary>
internal static class Activations
{
    /// <summary>
    /// y = tanh x within 5e-7 of the true value, odd, exact at 0; ±9 and beyond count as ±9; NaN stays NaN. The rational approximation
    /// of degree 13 over 6 with the coefficients of Eigen's generic fast tanh.
    /// </summary>
    public static void Tanh(ReadOnlySpan<float> x, Span<float> y) => Map<TanhFunction>(x, y);

    /// <summary>y = 1/(1+e⁻ˣ) within 5e-7 of the true value, computed as ½ + ½·tanh(x/2); NaN stays NaN.</summary>
    public static void Sigmoid(ReadOnlySpan<float> x, Span<float> y) => Map<SigmoidFunction>(x, y);

    /// <summary>y = max(x, 0); NaN stays NaN, so that a diverged network is seen.</summary>
    public static void Relu(ReadOnlySpan<float> x, Span<float> y) => Map<ReluFunction>(x, y);

    /// <summary>
    /// y = eˣ within a relative 2e-7 over [−87.3, 88.3]; smaller gives 0, larger counts as 88.3; NaN stays NaN.
    /// Range reduction by ln 2 in two parts and a polynomial of degree 6 (Cephes expf).
    /// </summary>
    public static void Exp(ReadOnlySpan<float> x, Span<float> y) => Map<ExpFunction>(x, y);

    /// <summary>Sets values below 1e-30 in magnitude to 0: decaying states would become denormal, which is slow by two orders.</summary>
    public static void FlushTiny(Span<float> x) => Map<FlushFunction>(x, x);

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
        y = y[..x.Length];
        largest = x.IsEmpty ? float.NegativeInfinity : System.Numerics.Tensors.TensorPrimitives.Max(x);
        System.Numerics.Tensors.TensorPrimitives.Subtract(x, largest, y);
        Map<ExpFunction>(y, y);
        return (float)ExactSums.Sum(y);
    }

    private static void Scale(Span<float> x, float factor) => System.Numerics.Tensors.TensorPrimitives.Multiply(x, factor, x);

    private interface IUnary
    {
        static abstract Vector8 Of(Vector8 x);
    }

    private interface IBinary
    {
        static abstract Vector8 Of(Vector8 x, Vector8 y);
    }

    private static void Map<TFunction>(ReadOnlySpan<float> x, Span<float> y) where TFunction : struct, IUnary
    {
        y = y[..x.Length];
        for (int i = 0; i < x.Length; i += Vector8.Count) TFunction.Of(Vector8.Load(x, i)).Store(y, i);
    }

    private static void Map<TFunction>(ReadOnlySpan<float> x, ReadOnlySpan<float> y, Span<float> z) where TFunction : struct, IBinary
    {
        y = y[..x.Length];
        z = z[..x.Length];
        for (int i = 0; i < x.Length; i += Vector8.Count) TFunction.Of(Vector8.Load(x, i), Vector8.Load(y, i)).Store(z, i);
    }

    private readonly struct TanhFunction : IUnary
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector8 Of(Vector8 x) => VectorMath.Tanh(x);
    }

    private readonly struct SigmoidFunction : IUnary
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector8 Of(Vector8 x) => VectorMath.Sigmoid(x);
    }

    private readonly struct ReluFunction : IUnary
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector8 Of(Vector8 x) => Vector8.Relu(x);
    }

    private readonly struct ExpFunction : IUnary
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector8 Of(Vector8 x) => Vector8.Exp(x);
    }

    private readonly struct FlushFunction : IUnary
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector8 Of(Vector8 x) => Vector8.FlushTiny(x);
    }

    private readonly struct SigmoidSlope : IBinary
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector8 Of(Vector8 y, Vector8 dy) => VectorMath.SigmoidBackward(y, dy);
    }

    private readonly struct TanhSlope : IBinary
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector8 Of(Vector8 y, Vector8 dy) => VectorMath.TanhBackward(y, dy);
    }

    private readonly struct ReluSlope : IBinary
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector8 Of(Vector8 y, Vector8 dy) => Vector8.ReluBackward(y, dy);
    }
}
