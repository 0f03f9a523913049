using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace RnnService.Engine.Kernels;

/// <summary>What a matrix kernel needs of a vector: with it one text serves every width. An element's result has the same bits in all.</summary>
internal unsafe interface IVector<TSelf>
    where TSelf : struct, IVector<TSelf>
{
    /// <summary>Elements a vector; each takes four bytes.</summary>
    static abstract int Count { get; }

    static abstract TSelf Load(void* from);

    /// <summary>One element everywhere.</summary>
    static abstract TSelf Broadcast(void* from);

    /// <summary>x·y + z; of floats rounded once where the processor can.</summary>
    static abstract TSelf MultiplyAdd(TSelf x, TSelf y, TSelf z);

    void Store(void* to);
}

/// <summary>A vector of floats.</summary>
internal unsafe interface IFloats<TSelf> : IVector<TSelf>
    where TSelf : struct, IFloats<TSelf>
{
    /// <summary>Floats of which only the upper halves are stored.</summary>
    static abstract TSelf LoadHalves(void* from);
}

/// <summary>Eight floats: AVX2, two of Arm's vectors, or one after the other.</summary>
internal readonly unsafe struct Vector8(Vector256<float> value) : IFloats<Vector8>
{
    private readonly Vector256<float> _value = value;

    public static int Count => Vector256<float>.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector8 Load(void* from) => new(Vector256.Load((float*)from));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector8 LoadHalves(void* from) =>
        new(Vector256.ShiftLeft(Vector256.WidenLower(Vector128.Load((ushort*)from).ToVector256Unsafe()), 16).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector8 Broadcast(void* from) => new(Vector256.Create(*(float*)from));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector8 MultiplyAdd(Vector8 x, Vector8 y, Vector8 z) =>
        new(Vector256.MultiplyAddEstimate(x._value, y._value, z._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(void* to) => _value.Store((float*)to);
}

/// <summary>Sixteen floats: AVX-512.</summary>
internal readonly unsafe struct Vector16(Vector512<float> value) : IFloats<Vector16>
{
    private readonly Vector512<float> _value = value;

    public static int Count => Vector512<float>.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector16 Load(void* from) => new(Vector512.Load((float*)from));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector16 LoadHalves(void* from) =>
        new(Vector512.ShiftLeft(Vector512.WidenLower(Vector256.Load((ushort*)from).ToVector512Unsafe()), 16).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector16 Broadcast(void* from) => new(Vector512.Create(*(float*)from));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector16 MultiplyAdd(Vector16 x, Vector16 y, Vector16 z) =>
        new(Vector512.MultiplyAddEstimate(x._value, y._value, z._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(void* to) => _value.Store((float*)to);
}

/// <summary>
/// Eight times four bytes, or eight 32-bit sums of products of such fours. Of factors the first are 0 to 127 and the second -127 to 127:
/// the sum of two products then fits 16 bits, which is what the instructions add up to.
/// </summary>
internal readonly unsafe struct Quads8(Vector256<int> value) : IVector<Quads8>
{
    private readonly Vector256<int> _value = value;

    public static int Count => Vector256<int>.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Quads8 Load(void* from) => new(Vector256.Load((int*)from));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Quads8 Broadcast(void* from) => new(Vector256.Create(*(int*)from));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Quads8 MultiplyAdd(Quads8 x, Quads8 y, Quads8 z)
    {
        if (Avx2.IsSupported)
        {
            Vector256<short> pairs = Avx2.MultiplyAddAdjacent(x._value.AsByte(), y._value.AsSByte());
            return new(z._value + Avx2.MultiplyAddAdjacent(pairs, Vector256<short>.One));
        }

        Vector256<short> sums = Even(x._value.AsInt16()) * Even(y._value.AsInt16()) + Odd(x._value.AsInt16()) * Odd(y._value.AsInt16());
        return new(z._value + Vector256.ShiftRightArithmetic(Vector256.ShiftLeft(sums.AsInt32(), 16), 16)
            + Vector256.ShiftRightArithmetic(sums.AsInt32(), 16));

        static Vector256<short> Even(Vector256<short> bytes) => Vector256.ShiftRightArithmetic(Vector256.ShiftLeft(bytes, 8), 8);

        static Vector256<short> Odd(Vector256<short> bytes) => Vector256.ShiftRightArithmetic(bytes, 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(void* to) => _value.Store((int*)to);
}

/// <summary>The same sixteen times: AVX-512.</summary>
internal readonly unsafe struct Quads16(Vector512<int> value) : IVector<Quads16>
{
    private readonly Vector512<int> _value = value;

    public static int Count => Vector512<int>.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Quads16 Load(void* from) => new(Vector512.Load((int*)from));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Quads16 Broadcast(void* from) => new(Vector512.Create(*(int*)from));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Quads16 MultiplyAdd(Quads16 x, Quads16 y, Quads16 z)
    {
        Vector512<short> pairs = Avx512BW.MultiplyAddAdjacent(x._value.AsByte(), y._value.AsSByte());
        return new(z._value + Avx512BW.MultiplyAddAdjacent(pairs, Vector512<short>.One));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(void* to) => _value.Store((int*)to);
}
