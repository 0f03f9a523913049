using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace RnnService.Engine.Kernels;

/// <summary>
/// The innermost loop of every matrix product, once for all vector widths and shapes. A tile is up to six units of two accumulators;
/// a unit is one row of A against one panel of B. Constants of the type arguments cut the text down to one shape when it is compiled.
/// </summary>
internal static unsafe class MicroKernel
{
    /// <summary>Most units a tile.</summary>
    public const int MostUnits = 6;

    /// <summary>Floats of the widest vectors there are.</summary>
    public static int VectorSize => Vector512.IsHardwareAccelerated ? Vector16.Count : Vector8.Count;

    /// <summary>Runs the kernel for <paramref name="units"/> units with the widest vectors of the processor; B holds floats, or their upper halves.</summary>
    public static void MultiplyAdd(
        int units, bool onePanel, bool halves, int k, float* a, nint nextA, void* b, nint nextB, float* c, nint nextC)
    {
        switch (Vector512.IsHardwareAccelerated, halves)
        {
            case (true, false): Run<Vector16, Singles>(units, onePanel, k, a, nextA, b, nextB, c, nextC); break;
            case (true, true): Run<Vector16, Halves>(units, onePanel, k, a, nextA, b, nextB, c, nextC); break;
            case (false, false): Run<Vector8, Singles>(units, onePanel, k, a, nextA, b, nextB, c, nextC); break;
            case (false, true): Run<Vector8, Halves>(units, onePanel, k, a, nextA, b, nextB, c, nextC); break;
        }
    }

    private static void Run<TVector, TWeights>(
        int units, bool onePanel, int k, float* a, nint nextA, void* b, nint nextB, float* c, nint nextC)
        where TVector : struct, IVector<TVector>
        where TWeights : struct, IWeights
    {
        switch (units, onePanel)
        {
            case (1, _): MultiplyAdd<TVector, TWeights, Rows<One>>(k, a, nextA, b, nextB, c, nextC); break;
            case (2, true): MultiplyAdd<TVector, TWeights, Rows<Two>>(k, a, nextA, b, nextB, c, nextC); break;
            case (3, true): MultiplyAdd<TVector, TWeights, Rows<Three>>(k, a, nextA, b, nextB, c, nextC); break;
            case (4, true): MultiplyAdd<TVector, TWeights, Rows<Four>>(k, a, nextA, b, nextB, c, nextC); break;
            case (5, true): MultiplyAdd<TVector, TWeights, Rows<Five>>(k, a, nextA, b, nextB, c, nextC); break;
            case (6, true): MultiplyAdd<TVector, TWeights, Rows<Six>>(k, a, nextA, b, nextB, c, nextC); break;
            case (2, false): MultiplyAdd<TVector, TWeights, Panels<Two>>(k, a, nextA, b, nextB, c, nextC); break;
            case (3, false): MultiplyAdd<TVector, TWeights, Panels<Three>>(k, a, nextA, b, nextB, c, nextC); break;
            case (4, false): MultiplyAdd<TVector, TWeights, Panels<Four>>(k, a, nextA, b, nextB, c, nextC); break;
            default: throw new ArgumentOutOfRangeException(nameof(units), units, "not a shape");
        }
    }

    /// <summary>C += A·B over <paramref name="k"/> rows of the panels.</summary>
    /// <param name="k">Depth.</param>
    /// <param name="a">The first row of A.</param>
    /// <param name="nextA">Floats from a unit's row of A to the next unit's; not used where all share one row.</param>
    /// <param name="b">The first panel of B, two vectors a row.</param>
    /// <param name="nextB">Bytes from a unit's panel of B to the next unit's; not used where all share one panel.</param>
    /// <param name="c">The first unit's two vectors of C.</param>
    /// <param name="nextC">Floats from a unit's place in C to the next unit's.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyAdd<TVector, TWeights, TShape>(int k, float* a, nint nextA, void* b, nint nextB, float* c, nint nextC)
        where TVector : struct, IVector<TVector>
        where TWeights : struct, IWeights
        where TShape : struct, IShape
    {
        int width = TVector.Count;
        float* a1 = a + nextA, a2 = a1 + nextA, a3 = a2 + nextA, a4 = a3 + nextA, a5 = a4 + nextA;
        byte* b0 = (byte*)b, b1 = b0 + nextB, b2 = b1 + nextB, b3 = b2 + nextB, b4 = b3 + nextB, b5 = b4 + nextB;
        float* c1 = c + nextC, c2 = c1 + nextC, c3 = c2 + nextC, c4 = c3 + nextC, c5 = c4 + nextC;
        TVector s00 = TVector.Load(c), s01 = TVector.Load(c + width);
        TVector s10 = default, s11 = default, s20 = default, s21 = default, s30 = default, s31 = default;
        TVector s40 = default, s41 = default, s50 = default, s51 = default;
        if (TShape.Units > 1) (s10, s11) = (TVector.Load(c1), TVector.Load(c1 + width));
        if (TShape.Units > 2) (s20, s21) = (TVector.Load(c2), TVector.Load(c2 + width));
        if (TShape.Units > 3) (s30, s31) = (TVector.Load(c3), TVector.Load(c3 + width));
        if (TShape.Units > 4) (s40, s41) = (TVector.Load(c4), TVector.Load(c4 + width));
        if (TShape.Units > 5) (s50, s51) = (TVector.Load(c5), TVector.Load(c5 + width));
        nint at = 0, half = width * TWeights.Bytes;
        for (nint i = 0, end = k; i < end; i++, at += 2 * half)
        {
            // A weight that serves one unit only is read by the instruction that multiplies, which leaves the processor more to look ahead.
            TVector x = TVector.Broadcast(a[i]), p = default, q = default;
            if (!TShape.OwnPanels) (p, q) = (TWeights.Load<TVector>(b0 + at), TWeights.Load<TVector>(b0 + at + half));
            s00 = TShape.OwnPanels ? TWeights.MultiplyAdd(x, b0 + at, s00) : TVector.MultiplyAdd(x, p, s00);
            s01 = TShape.OwnPanels ? TWeights.MultiplyAdd(x, b0 + at + half, s01) : TVector.MultiplyAdd(x, q, s01);
            if (TShape.Units > 1)
            {
                if (!TShape.OwnPanels) x = TVector.Broadcast(a1[i]);
                s10 = TShape.OwnPanels ? TWeights.MultiplyAdd(x, b1 + at, s10) : TVector.MultiplyAdd(x, p, s10);
                s11 = TShape.OwnPanels ? TWeights.MultiplyAdd(x, b1 + at + half, s11) : TVector.MultiplyAdd(x, q, s11);
            }

            if (TShape.Units > 2)
            {
                if (!TShape.OwnPanels) x = TVector.Broadcast(a2[i]);
                s20 = TShape.OwnPanels ? TWeights.MultiplyAdd(x, b2 + at, s20) : TVector.MultiplyAdd(x, p, s20);
                s21 = TShape.OwnPanels ? TWeights.MultiplyAdd(x, b2 + at + half, s21) : TVector.MultiplyAdd(x, q, s21);
            }

            if (TShape.Units > 3)
            {
                if (!TShape.OwnPanels) x = TVector.Broadcast(a3[i]);
                s30 = TShape.OwnPanels ? TWeights.MultiplyAdd(x, b3 + at, s30) : TVector.MultiplyAdd(x, p, s30);
                s31 = TShape.OwnPanels ? TWeights.MultiplyAdd(x, b3 + at + half, s31) : TVector.MultiplyAdd(x, q, s31);
            }

            if (TShape.Units > 4)
            {
                if (!TShape.OwnPanels) x = TVector.Broadcast(a4[i]);
                s40 = TShape.OwnPanels ? TWeights.MultiplyAdd(x, b4 + at, s40) : TVector.MultiplyAdd(x, p, s40);
                s41 = TShape.OwnPanels ? TWeights.MultiplyAdd(x, b4 + at + half, s41) : TVector.MultiplyAdd(x, q, s41);
            }

            if (TShape.Units > 5)
            {
                if (!TShape.OwnPanels) x = TVector.Broadcast(a5[i]);
                s50 = TShape.OwnPanels ? TWeights.MultiplyAdd(x, b5 + at, s50) : TVector.MultiplyAdd(x, p, s50);
                s51 = TShape.OwnPanels ? TWeights.MultiplyAdd(x, b5 + at + half, s51) : TVector.MultiplyAdd(x, q, s51);
            }
        }

        s00.Store(c);
        s01.Store(c + width);
        if (TShape.Units > 1) Store(s10, s11, c1);
        if (TShape.Units > 2) Store(s20, s21, c2);
        if (TShape.Units > 3) Store(s30, s31, c3);
        if (TShape.Units > 4) Store(s40, s41, c4);
        if (TShape.Units > 5) Store(s50, s51, c5);

        static void Store(TVector first, TVector second, float* to)
        {
            first.Store(to);
            second.Store(to + TVector.Count);
        }
    }

    /// <summary>How B is stored.</summary>
    private interface IWeights
    {
        /// <summary>Bytes a weight.</summary>
        static abstract int Bytes { get; }

        static abstract TVector Load<TVector>(byte* from) where TVector : struct, IVector<TVector>;

        static abstract TVector MultiplyAdd<TVector>(TVector x, byte* y, TVector z) where TVector : struct, IVector<TVector>;
    }

    private readonly struct Singles : IWeights
    {
        public static int Bytes => sizeof(float);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVector Load<TVector>(byte* from) where TVector : struct, IVector<TVector> => TVector.Load((float*)from);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVector MultiplyAdd<TVector>(TVector x, byte* y, TVector z) where TVector : struct, IVector<TVector> =>
            TVector.MultiplyAdd(x, (float*)y, z);
    }

    private readonly struct Halves : IWeights
    {
        public static int Bytes => sizeof(ushort);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVector Load<TVector>(byte* from) where TVector : struct, IVector<TVector> => TVector.Load((ushort*)from);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVector MultiplyAdd<TVector>(TVector x, byte* y, TVector z) where TVector : struct, IVector<TVector> =>
            TVector.MultiplyAdd(x, (ushort*)y, z);
    }

    /// <summary>Which shape: how many units, and whether they are panels against one row or rows against one panel.</summary>
    private interface IShape
    {
        static abstract int Units { get; }

        static abstract bool OwnPanels { get; }
    }

    private interface INumber
    {
        static abstract int Value { get; }
    }

    private readonly struct Rows<TCount> : IShape where TCount : struct, INumber
    {
        public static int Units => TCount.Value;

        public static bool OwnPanels => false;
    }

    private readonly struct Panels<TCount> : IShape where TCount : struct, INumber
    {
        public static int Units => TCount.Value;

        public static bool OwnPanels => true;
    }

    private readonly struct One : INumber
    {
        public static int Value => 1;
    }

    private readonly struct Two : INumber
    {
        public static int Value => 2;
    }

    private readonly struct Three : INumber
    {
        public static int Value => 3;
    }

    private readonly struct Four : INumber
    {
        public static int Value => 4;
    }

    private readonly struct Five : INumber
    {
        public static int Value => 5;
    }

    private readonly struct Six : INumber
    {
        public static int Value => 6;
    }
}
