using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace RnnService.Engine.Kernels;

/// <summary>
/// One product C += A·B of 8-bit numbers: a column of B has a scale of its own, and so has a row of A, taken from its largest magnitude
/// when it is multiplied. Sums are exact integers, so nothing but a row itself decides about its bits. A row with NaN or infinity gives
/// NaN.
/// </summary>
/// <remarks>
/// B lies in panels as wide as those of floats; four values of a column, k to k+3, stand side by side. Instructions multiply unsigned
/// bytes by signed ones and add two products up in 16 bits: A's values are therefore -63 to 63 and moved by 64, B's are -127 to 127, and
/// 2·127·127 fits. What the move adds to a column's sum, 64 times the sum of its weights, the accumulator lacks from its start.
/// </remarks>
internal readonly unsafe struct QuantizedProduct(
    int rows, int depth, PanelOrder order, byte* a, float* scaleA, sbyte* b, float* scaleB, int* starts, float* c, int strideC)
{
    /// <summary>Depth that stands side by side.</summary>
    public const int Group = 4;

    private const int MostA = 63, OffsetA = 64, MostB = 127;

    private static int Panel => PackedMatrix.Panel;

    /// <summary>A depth filled up to two whole groups at a time.</summary>
    public static int Padded(int depth) => (depth + 2 * Group - 1) / (2 * Group) * (2 * Group);

    /// <summary>A row of A: x ≈ scale·(q - 64), with 1 ≤ q ≤ 127 and the scale that of the largest magnitude.</summary>
    /// <param name="x">The row.</param>
    /// <param name="q">Its place, which may be longer: no weights but 0 stand against the rest.</param>
    /// <returns>The scale: 0 for a row too small for one, NaN for a row with NaN or infinity.</returns>
    public static float QuantizeRow(ReadOnlySpan<float> x, Span<byte> q) => Quantize(x, q, MostA, OffsetA);

    /// <summary>A column of B: x ≈ scale·q, with |q| ≤ 127 and the scale that of the largest magnitude.</summary>
    /// <param name="x">The column.</param>
    /// <param name="q">Its place; what is longer becomes 0.</param>
    /// <param name="start">What a sum of products of q with a row of A begins with: less what the row's offset adds.</param>
    /// <returns>The scale, as of a row.</returns>
    public static float QuantizeColumn(ReadOnlySpan<float> x, Span<sbyte> q, out int start)
    {
        float scale = Quantize(x, MemoryMarshal.AsBytes(q), MostB, 0);
        start = 0;
        foreach (sbyte value in q) start -= OffsetA * value;
        return scale;
    }

    /// <summary>x ≈ scale·(q - offset), with |q - offset| ≤ most.</summary>
    private static float Quantize(ReadOnlySpan<float> x, Span<byte> q, int most, int offset)
    {
        float largest = Largest(x), inverse = largest == 0 ? 0 : most / largest;
        q[x.Length..].Clear();
        if (!float.IsFinite(largest) || !float.IsFinite(inverse))
        {
            q.Clear();
            return float.IsFinite(largest) ? 0 : float.NaN;
        }

        // To the nearest, ties to even: numbers of this size have no bits below one, and the lowest of those they have are q's.
        float size = (3 << 22) + offset;
        int i = 0;
        for (; i + Vector256<float>.Count <= x.Length; i += Vector256<float>.Count)
        {
            Vector256<int> rounded = (Vector256.Create(x[i..]) * inverse + Vector256.Create(size)).AsInt32();
            Vector128<short> words = Vector128.Narrow(rounded.GetLower(), rounded.GetUpper());
            Vector128.Narrow(words, words).AsByte().GetLower().CopyTo(q[i..]);
        }

        for (; i < x.Length; i++) q[i] = (byte)BitConverter.SingleToInt32Bits(x[i] * inverse + size);
        return largest / most;
    }

    /// <summary>The largest magnitude; not finite where one is not. Without their signs floats are ordered as their bits are.</summary>
    private static float Largest(ReadOnlySpan<float> x)
    {
        Vector256<int> largest = Vector256<int>.Zero, magnitude = Vector256.Create(int.MaxValue);
        int i = 0;
        for (; i + Vector256<float>.Count <= x.Length; i += Vector256<float>.Count)
            largest = Vector256.Max(largest, Vector256.Create(x[i..]).AsInt32() & magnitude);
        int bits = 0;
        for (; i < x.Length; i++) bits = Math.Max(bits, BitConverter.SingleToInt32Bits(x[i]) & int.MaxValue);
        for (int lane = 0; lane < Vector256<int>.Count; lane++) bits = Math.Max(bits, largest[lane]);
        return BitConverter.Int32BitsToSingle(bits);
    }

    /// <summary>The columns of some panels.</summary>
    public void Run(int firstPanel, int endPanel)
    {
        if (Vector512.IsHardwareAccelerated) Run<Quads16>(firstPanel, endPanel);
        else if (Avx2.IsSupported) Run<Quads8>(firstPanel, endPanel);
        else Run<Quads2X4>(firstPanel, endPanel);
    }

    private void Run<TQuads>(int firstPanel, int endPanel)
        where TQuads : struct, IQuads<TQuads>
    {
        for (int panel = firstPanel; panel < endPanel; panel++)
        {
            for (int row = 0; row < rows; row += 2) Multiply<TQuads>(row, Math.Min(2, rows - row), panel);
        }
    }

    /// <summary>A row or two against one panel.</summary>
    private void Multiply<TQuads>(int row, int count, int panel)
        where TQuads : struct, IQuads<TQuads>
    {
        int width = order.WidthOf(panel), stride = strideC;
        float* result = c + row * strideC + order.ColumnOf(panel), to = result;
        if (width < Panel)
        {
            float* tile = stackalloc float[2 * Panel];
            to = tile;
            stride = Panel;
            for (int i = 0; i < count; i++) Copy(result + i * strideC, to + i * stride, width);
        }

        if (count == 2) MultiplyTwo<TQuads>(row, panel, to, to + stride);
        else MultiplyOne<TQuads>(row, panel, to);
        if (to == result) return;
        for (int i = 0; i < count; i++) Copy(to + i * stride, result + i * strideC, width);

        static void Copy(float* from, float* to, int count) =>
            new ReadOnlySpan<float>(from, count).CopyTo(new Span<float>(to, count));
    }

    /// <summary>One row against one panel. The panel is read from end to end, which is how memory is fastest.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void MultiplyOne<TQuads>(int row, int panel, float* to)
        where TQuads : struct, IQuads<TQuads>
    {
        int stride = Padded(depth), column = panel * Panel, half = TQuads.Count, bytes = Group * half;
        byte* x = a + (nint)row * stride, end = x + stride;
        sbyte* w = b + (nint)column * stride;
        TQuads p = TQuads.Load(starts + column), q = TQuads.Load(starts + column + half);
        for (; x < end; x += 2 * Group, w += 4 * bytes)
        {
            TQuads first = TQuads.Broadcast(x), second = TQuads.Broadcast(x + Group);
            p = TQuads.MultiplyAdd(first, TQuads.Load(w), p);
            q = TQuads.MultiplyAdd(first, TQuads.Load(w + bytes), q);
            p = TQuads.MultiplyAdd(second, TQuads.Load(w + 2 * bytes), p);
            q = TQuads.MultiplyAdd(second, TQuads.Load(w + 3 * bytes), q);
        }

        p.AddTo(to, scaleA[row], scaleB + column);
        q.AddTo(to + half, scaleA[row], scaleB + column + half);
    }

    /// <summary>Two rows against one panel: as many as leave nothing but multiplying to wait for.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void MultiplyTwo<TQuads>(int row, int panel, float* to, float* next)
        where TQuads : struct, IQuads<TQuads>
    {
        int stride = Padded(depth), column = panel * Panel, half = TQuads.Count, bytes = Group * half;
        byte* x = a + (nint)row * stride, y = x + stride, end = y;
        sbyte* w = b + (nint)column * stride;
        TQuads p = TQuads.Load(starts + column), q = TQuads.Load(starts + column + half), r = p, s = q;
        for (; x < end; x += Group, y += Group, w += 2 * bytes)
        {
            TQuads first = TQuads.Broadcast(x), second = TQuads.Broadcast(y), u = TQuads.Load(w), v = TQuads.Load(w + bytes);
            p = TQuads.MultiplyAdd(first, u, p);
            q = TQuads.MultiplyAdd(first, v, q);
            r = TQuads.MultiplyAdd(second, u, r);
            s = TQuads.MultiplyAdd(second, v, s);
        }

        p.AddTo(to, scaleA[row], scaleB + column);
        q.AddTo(to + half, scaleA[row], scaleB + column + half);
        r.AddTo(next, scaleA[row + 1], scaleB + column);
        s.AddTo(next + half, scaleA[row + 1], scaleB + column + half);
    }
}
