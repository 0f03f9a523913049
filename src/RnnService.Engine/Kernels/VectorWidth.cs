using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;

namespace RnnService.Engine.Kernels;

/// <summary>What a matrix kernel needs of a vector: with it one text serves every width. An element's result has the same bits in all.</summary>
internal unsafe interface IVector<TSelf>
    where TSelf : struct, IVector<TSelf>
{
    /// <summary>Floats a vector.</summary>
    static abstract int Count { get; }

    static abstract TSelf Load(float* from);

    /// <summary>Floats of which only the upper halves are stored.</summary>
    static abstract TSelf Load(ushort* from);

    static abstract TSelf Broadcast(float value);

    /// <summary>x·y + z, rounded once where the processor can.</summary>
    static abstract TSelf MultiplyAdd(TSelf x, TSelf y, TSelf z);

    void Store(float* to);
}

/// <summary>
/// Eight floats: AVX2, two of Arm's vectors, or one after the other. Arm has 32 registers: a tile's accumulators fill 24 of them, where
/// vectors of four would load and count more for each product.
/// </summary>
internal readonly unsafe struct Vector8(Vector256<float> value) : IVector<Vector8>
{
    private readonly Vector256<float> _value = value;

    public static int Count => Vector256<float>.Count;

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

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector8 Broadcast(float value) => new(Vector256.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector8 MultiplyAdd(Vector8 x, Vector8 y, Vector8 z) =>
        new(Vector256.MultiplyAddEstimate(x._value, y._value, z._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(float* to) => _value.Store(to);
}

/// <summary>Sixteen floats: AVX-512.</summary>
internal readonly unsafe struct Vector16(Vector512<float> value) : IVector<Vector16>
{
    private readonly Vector512<float> _value = value;

    public static int Count => Vector512<float>.Count;

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
    public void Store(float* to) => _value.Store(to);
}
