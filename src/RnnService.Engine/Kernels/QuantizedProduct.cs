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
internal readonly unsafe struct QuantizedProduct(ProductPlan plan)
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
        if (Vector512.IsHardwareAccelerated) Run<Int8Dot16>(firstPanel, endPanel);
        else if (Avx2.IsSupported) Run<Int8Dot8>(firstPanel, endPanel);
        else Run<Int8Dot2X4>(firstPanel, endPanel);
    }

    private void Run<TDot>(int firstPanel, int endPanel)
        where TDot : struct, IInt8Dot<TDot>
    {
        for (int panel = firstPanel; panel < endPanel; panel++)
        {
            for (int row = 0; row < plan.Rows; row += 2) Multiply<TDot>(row, Math.Min(2, plan.Rows - row), panel);
        }
    }

    /// <summary>A row or two against one panel.</summary>
    private void Multiply<TDot>(int row, int count, int panel)
        where TDot : struct, IInt8Dot<TDot>
    {
        int width = plan.Order.WidthOf(panel), stride = plan.StrideC;
        float* result = plan.C + row * plan.StrideC + plan.Order.ColumnOf(panel), to = result;
        if (width < Panel)
        {
            float* tile = stackalloc float[2 * Panel];
            to = tile;
            stride = Panel;
            for (int i = 0; i < count; i++) Copy(result + i * plan.StrideC, to + i * stride, width);
        }

        if (count == 2) MultiplyTwo<TDot>(row, panel, to, to + stride);
        else MultiplyOne<TDot>(row, panel, to);
        if (to == result) return;
        for (int i = 0; i < count; i++) Copy(to + i * stride, result + i * plan.StrideC, width);

        static void Copy(float* from, float* to, int count) =>
            new ReadOnlySpan<float>(from, count).CopyTo(new Span<float>(to, count));
    }

    /// <summary>One row against one panel. The panel is read from end to end, which is how memory is fastest.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void MultiplyOne<TDot>(int row, int panel, float* to)
        where TDot : struct, IInt8Dot<TDot>
    {
        int stride = Padded(plan.Depth), column = panel * Panel, half = TDot.Count, bytes = Group * half;
        byte* x = (byte*)plan.A + (nint)row * stride, end = x + stride;
        sbyte* w = (sbyte*)plan.B + (nint)column * stride;
        TDot p = TDot.Load(plan.Starts + column), q = TDot.Load(plan.Starts + column + half);
        for (; x < end; x += 2 * Group, w += 4 * bytes)
        {
            TDot first = TDot.Broadcast(x), second = TDot.Broadcast(x + Group);
            p = TDot.MultiplyAdd(first, TDot.Load(w), p);
            q = TDot.MultiplyAdd(first, TDot.Load(w + bytes), q);
            p = TDot.MultiplyAdd(second, TDot.Load(w + 2 * bytes), p);
            q = TDot.MultiplyAdd(second, TDot.Load(w + 3 * bytes), q);
        }

        p.AddTo(to, plan.ScalesA[row], plan.ScalesB + column);
        q.AddTo(to + half, plan.ScalesA[row], plan.ScalesB + column + half);
    }

    /// <summary>Two rows against one panel: as many as leave nothing but multiplying to wait for.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void MultiplyTwo<TDot>(int row, int panel, float* to, float* next)
        where TDot : struct, IInt8Dot<TDot>
    {
        int stride = Padded(plan.Depth), column = panel * Panel, half = TDot.Count, bytes = Group * half;
        byte* x = (byte*)plan.A + (nint)row * stride, y = x + stride, end = y;
        sbyte* w = (sbyte*)plan.B + (nint)column * stride;
        TDot p = TDot.Load(plan.Starts + column), q = TDot.Load(plan.Starts + column + half), r = p, s = q;
        for (; x < end; x += Group, y += Group, w += 2 * bytes)
        {
            TDot first = TDot.Broadcast(x), second = TDot.Broadcast(y), u = TDot.Load(w), v = TDot.Load(w + bytes);
            p = TDot.MultiplyAdd(first, u, p);
            q = TDot.MultiplyAdd(first, v, q);
            r = TDot.MultiplyAdd(second, u, r);
            s = TDot.MultiplyAdd(second, v, s);
        }

        p.AddTo(to, plan.ScalesA[row], plan.ScalesB + column);
        q.AddTo(to + half, plan.ScalesA[row], plan.ScalesB + column + half);
        r.AddTo(next, plan.ScalesA[row + 1], plan.ScalesB + column);
        s.AddTo(next + half, plan.ScalesA[row + 1], plan.ScalesB + column + half);
    }
}
