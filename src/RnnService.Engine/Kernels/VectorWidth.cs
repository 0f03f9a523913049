using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;

namespace RnnService.Engine.Kernels;

/// <summary>
/// What kernels and cells need of a vector: with it one text serves every width. An element's result has the same bits in all, and
/// depends on nothing but itself.
/// </summary>
internal unsafe interface IVector<TSelf>
    where TSelf : struct, IVector<TSelf>
{
    /// <summary>Floats a vector.</summary>
    static abstract int Count { get; }

    static abstract TSelf operator +(TSelf x, TSelf y);

    static abstract TSelf operator -(TSelf x, TSelf y);

    static abstract TSelf operator *(TSelf x, TSelf y);

    static abstract TSelf operator /(TSelf x, TSelf y);

    static abstract TSelf Load(float* from);

    /// <summary>Floats of which only the upper halves are stored.</summary>
    static abstract TSelf Load(ushort* from);

    static abstract TSelf Broadcast(float value);

    /// <summary>x·y + z, rounded once where the processor can.</summary>
    static abstract TSelf MultiplyAdd(TSelf x, TSelf y, TSelf z);

    /// <summary>The same with y read by the instruction that multiplies, where there is one.</summary>
    static abstract TSelf MultiplyAdd(TSelf x, float* y, TSelf z);

    /// <summary>The same with floats of which only the upper halves are stored.</summary>
    static abstract TSelf MultiplyAdd(TSelf x, ushort* y, TSelf z);

    /// <summary>No less than <paramref name="low"/>, no more than <paramref name="high"/>; NaN stays NaN.</summary>
    static abstract TSelf Clamp(TSelf x, float low, float high);

    /// <summary>As <see cref="Activations.Relu"/>.</summary>
    static abstract TSelf Relu(TSelf x);

    /// <summary>As <see cref="Activations.FlushTiny"/>.</summary>
    static abstract TSelf FlushTiny(TSelf x);

    void Store(float* to);
}

/// <summary>
/// Eight floats: AVX2, two of Arm's vectors, or one after the other. Arm has 32 registers: a tile's accumulators fill 24 of them, where
/// vectors of four would load and count more for each product. What is less pressing than a step is written for these alone.
/// </summary>
internal readonly unsafe struct Vector8 : IVector<Vector8>
{
    private readonly Vector256<float> _value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Vector8(Vector256<float> value) => _value = value;

    public static int Count => Vector256<float>.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector8 operator +(Vector8 x, Vector8 y) => new(x._value + y._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector8 operator -(Vector8 x, Vector8 y) => new(x._value - y._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector8 operator *(Vector8 x, Vector8 y) => new(x._value * y._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector8 operator /(Vector8 x, Vector8 y) => new(x._value / y._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector8 Load(float* from) => new(Vector256.Load(from));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector8 Load(ushort* from)
    {
        Vector128<ushort> halves = Vector128.Load(from);
        if (AdvSimd.Arm64.IsSupported)
        {
            // Zeros between them: one instruction a vector instead of widening and shifting.
            return new(Vector256.Create(
                AdvSimd.Arm64.ZipLow(Vector128<ushort>.Zero, halves), AdvSimd.Arm64.ZipHigh(Vector128<ushort>.Zero, halves)).AsSingle());
        }

        return new(Vector256.ShiftLeft(Vector256.WidenLower(halves.ToVector256Unsafe()), 16).AsSingle());
    }

    /// <summary>x[at … at+7]; zeros stand for what is past the end.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector8 Load(ReadOnlySpan<float> x, int at) => (uint)(at + Count) <= (uint)x.Length
        ? new(Vector256.LoadUnsafe(ref MemoryMarshal.GetReference(x), (nuint)at))
        : LoadEnd(x[at..]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector8 Broadcast(float value) => new(Vector256.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector8 MultiplyAdd(Vector8 x, Vector8 y, Vector8 z) =>
        new(Vector256.MultiplyAddEstimate(x._value, y._value, z._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector8 MultiplyAdd(Vector8 x, float* y, Vector8 z) =>
        new(Vector256.MultiplyAddEstimate(x._value, Vector256.Load(y), z._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector8 MultiplyAdd(Vector8 x, ushort* y, Vector8 z) => MultiplyAdd(x, Load(y), z);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector8 Clamp(Vector8 x, float low, float high) =>
        new(Vector256.Min(Vector256.Max(x._value, Vector256.Create(low)), Vector256.Create(high)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector8 Relu(Vector8 x) => new(Vector256.Max(x._value, Vector256<float>.Zero));

    /// <summary>As <see cref="Activations.ReluBackward"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector8 ReluBackward(Vector8 y, Vector8 dy) =>
        new(Vector256.BitwiseAnd(dy._value, Vector256.GreaterThan(y._value, Vector256<float>.Zero)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector8 FlushTiny(Vector8 x) =>
        new(Vector256.AndNot(x._value, Vector256.LessThan(Vector256.Abs(x._value), Vector256.Create(1e-30f))));

    /// <summary>As <see cref="Activations.Exp"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector8 Exp(Vector8 exponent)
    {
        Vector256<float> x = exponent._value;
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
        return new(Vector256.AndNot(p * power.AsSingle(), vanishing));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(float* to) => _value.Store(to);

    /// <summary>The sum of the eight, in one order on every processor.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Sum()
    {
        Vector128<float> half = _value.GetLower() + _value.GetUpper();
        return half[0] + half[2] + (half[1] + half[3]);
    }

    /// <summary>y[at … at+7] = these, as far as y goes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(Span<float> y, int at)
    {
        if ((uint)(at + Count) <= (uint)y.Length) _value.StoreUnsafe(ref MemoryMarshal.GetReference(y), (nuint)at);
        else StoreEnd(_value, y[at..]);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Vector8 LoadEnd(ReadOnlySpan<float> x)
    {
        Span<float> filled = stackalloc float[Vector256<float>.Count];
        filled.Clear();
        x.CopyTo(filled);
        return new(Vector256.Create<float>(filled));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void StoreEnd(Vector256<float> value, Span<float> y)
    {
        Span<float> filled = stackalloc float[Vector256<float>.Count];
        value.CopyTo(filled);
        filled[..y.Length].CopyTo(y);
    }
}

/// <summary>Sixteen floats: AVX-512.</summary>
internal readonly unsafe struct Vector16 : IVector<Vector16>
{
    private readonly Vector512<float> _value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Vector16(Vector512<float> value) => _value = value;

    public static int Count => Vector512<float>.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector16 operator +(Vector16 x, Vector16 y) => new(x._value + y._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector16 operator -(Vector16 x, Vector16 y) => new(x._value - y._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector16 operator *(Vector16 x, Vector16 y) => new(x._value * y._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector16 operator /(Vector16 x, Vector16 y) => new(x._value / y._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector16 Load(float* from) => new(Vector512.Load(from));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector16 Load(ushort* from) =>
        new(Vector512.ShiftLeft(Vector512.WidenLower(Vector256.Load(from).ToVector512Unsafe()), 16).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector16 Broadcast(float value) => new(Vector512.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector16 MultiplyAdd(Vector16 x, Vector16 y, Vector16 z) =>
        new(Vector512.MultiplyAddEstimate(x._value, y._value, z._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector16 MultiplyAdd(Vector16 x, float* y, Vector16 z) =>
        new(Vector512.MultiplyAddEstimate(x._value, Vector512.Load(y), z._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector16 MultiplyAdd(Vector16 x, ushort* y, Vector16 z) => MultiplyAdd(x, Load(y), z);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector16 Clamp(Vector16 x, float low, float high) =>
        new(Vector512.Min(Vector512.Max(x._value, Vector512.Create(low)), Vector512.Create(high)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector16 Relu(Vector16 x) => new(Vector512.Max(x._value, Vector512<float>.Zero));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector16 FlushTiny(Vector16 x) =>
        new(Vector512.AndNot(x._value, Vector512.LessThan(Vector512.Abs(x._value), Vector512.Create(1e-30f))));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(float* to) => _value.Store(to);
}
