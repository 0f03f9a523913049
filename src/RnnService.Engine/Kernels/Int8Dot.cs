using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Dp = System.Runtime.Intrinsics.Arm.Dp;

namespace RnnService.Engine.Kernels;

/// <summary>
/// What a product of 8-bit numbers needs of a vector, which holds fours of bytes or the 32-bit sums of their products: with it one text
/// serves every width. Sums are exact, so they are the same in all.
/// </summary>
internal unsafe interface IInt8Dot<TSelf>
    where TSelf : struct, IInt8Dot<TSelf>
{
    /// <summary>Fours, or sums, a vector.</summary>
    static abstract int Count { get; }

    static abstract TSelf Load(void* from);

    /// <summary>The same four everywhere.</summary>
    static abstract TSelf Broadcast(void* from);

    /// <summary>
    /// Adds to each sum the four products of bytes x, 0 to 127, and y, -127 to 127. Two products then fit 16 bits, which is what the
    /// instructions add up to.
    /// </summary>
    static abstract TSelf MultiplyAdd(TSelf x, TSelf y, TSelf sums);

    /// <summary>to += sums·(scale·scales)</summary>
    void AddTo(float* to, float scale, float* scales);
}

/// <summary>Eight fours in two vectors of 128 bits: Arm, or whatever there is.</summary>
internal readonly unsafe struct Int8Dot2X4(Vector128<int> lower, Vector128<int> upper) : IInt8Dot<Int8Dot2X4>
{
    private readonly Vector128<int> _lower = lower, _upper = upper;

    public static int Count => 2 * Vector128<int>.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Int8Dot2X4 Load(void* from) => new(Vector128.Load((int*)from), Vector128.Load((int*)from + Vector128<int>.Count));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Int8Dot2X4 Broadcast(void* from) => new(Vector128.Create(*(int*)from), Vector128.Create(*(int*)from));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Int8Dot2X4 MultiplyAdd(Int8Dot2X4 x, Int8Dot2X4 y, Int8Dot2X4 sums) =>
        new(MultiplyAdd(x._lower, y._lower, sums._lower), MultiplyAdd(x._upper, y._upper, sums._upper));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddTo(float* to, float scale, float* scales)
    {
        AddTo(_lower, to, scale, scales);
        AddTo(_upper, to + Vector128<int>.Count, scale, scales + Vector128<int>.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> MultiplyAdd(Vector128<int> x, Vector128<int> y, Vector128<int> sums)
    {
        if (Dp.IsSupported) return Dp.DotProduct(sums, x.AsSByte(), y.AsSByte());
        Vector128<int> pairs = (Even(x) * Even(y) + Odd(x) * Odd(y)).AsInt32();
        return sums + Vector128.ShiftRightArithmetic(Vector128.ShiftLeft(pairs, 16), 16) + Vector128.ShiftRightArithmetic(pairs, 16);

        static Vector128<short> Even(Vector128<int> bytes) =>
            Vector128.ShiftRightArithmetic(Vector128.ShiftLeft(bytes.AsInt16(), 8), 8);

        static Vector128<short> Odd(Vector128<int> bytes) => Vector128.ShiftRightArithmetic(bytes.AsInt16(), 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddTo(Vector128<int> sums, float* to, float scale, float* scales) => Vector128.MultiplyAddEstimate(
        Vector128.ConvertToSingle(sums), Vector128.Create(scale) * Vector128.Load(scales), Vector128.Load(to)).Store(to);
}

/// <summary>Eight fours: AVX2.</summary>
internal readonly unsafe struct Int8Dot8(Vector256<int> value) : IInt8Dot<Int8Dot8>
{
    private readonly Vector256<int> _value = value;

    public static int Count => Vector256<int>.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Int8Dot8 Load(void* from) => new(Vector256.Load((int*)from));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Int8Dot8 Broadcast(void* from) => new(Vector256.Create(*(int*)from));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Int8Dot8 MultiplyAdd(Int8Dot8 x, Int8Dot8 y, Int8Dot8 sums)
    {
        Vector256<short> two = Avx2.MultiplyAddAdjacent(x._value.AsByte(), y._value.AsSByte());
        return new(sums._value + Avx2.MultiplyAddAdjacent(two, Vector256<short>.One));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddTo(float* to, float scale, float* scales) => Vector256.MultiplyAddEstimate(
        Vector256.ConvertToSingle(_value), Vector256.Create(scale) * Vector256.Load(scales), Vector256.Load(to)).Store(to);
}

/// <summary>Sixteen fours: AVX-512.</summary>
internal readonly unsafe struct Int8Dot16(Vector512<int> value) : IInt8Dot<Int8Dot16>
{
    private readonly Vector512<int> _value = value;

    public static int Count => Vector512<int>.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Int8Dot16 Load(void* from) => new(Vector512.Load((int*)from));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Int8Dot16 Broadcast(void* from) => new(Vector512.Create(*(int*)from));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Int8Dot16 MultiplyAdd(Int8Dot16 x, Int8Dot16 y, Int8Dot16 sums)
    {
        Vector512<short> two = Avx512BW.MultiplyAddAdjacent(x._value.AsByte(), y._value.AsSByte());
        return new(sums._value + Avx512BW.MultiplyAddAdjacent(two, Vector512<short>.One));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddTo(float* to, float scale, float* scales) => Vector512.MultiplyAddEstimate(
        Vector512.ConvertToSingle(_value), Vector512.Create(scale) * Vector512.Load(scales), Vector512.Load(to)).Store(to);
}
