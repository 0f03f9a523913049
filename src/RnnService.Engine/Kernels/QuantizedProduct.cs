using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace RnnService.Engine.Kernels;

/// <summary>
/// One product C += A·B of 8-bit numbers: a column of B has a scale of its own, and so has a row of A, taken from its largest magnitude
/// when it is multiplied. Sums are exact integers, so nothing but a row itself decides about its bits. A row with NaN or infinity gives
/// NaN.
/// </summary>
/// <remarks>
/// B lies in panels as wide as those of floats; four values of a column, k to k+3, stand side by side. Instructions multiply unsigned
/// bytes by signed ones and add two products up in 16 bits: A's values are therefore -63 to 63 and moved by 64, B's are -127 to 127, and
/// 2·127·127 fits. What the move adds to a column's sum, 64 times the sum of its weights, the accumulators begin without.
/// </remarks>
internal readonly unsafe struct QuantizedProduct(
    int rows, int depth, int columns, byte* a, float* scaleA, sbyte* b, float* scaleB, int* starts, float* c, int strideC, bool fromEnd)
{
    /// <summary>Depth that stands side by side.</summary>
    public const int Group = 4;

    private const int MostA = 63, OffsetA = 64, MostB = 127;
    private const int PanelsAtOnce = 4; // against a single row: eight accumulators

    private static int Panel => PackedMatrix.Panel;

    public int PanelCount => (columns + Panel - 1) / Panel;

    private int Depth => Padded(depth);

    /// <summary>A depth filled up to whole groups.</summary>
    public static int Padded(int depth) => (depth + Group - 1) / Group * Group;

    /// <summary>A row of A: x ≈ scale·(q - 64), with 1 ≤ q ≤ 127 and the scale that of the largest magnitude; the rest of q has any content.</summary>
    public static float QuantizeRow(ReadOnlySpan<float> x, Span<byte> q) => Quantize(x, q, MostA, OffsetA);

    /// <summary>A column of B: x ≈ scale·q, with |q| ≤ 127 and the scale that of the largest magnitude; the rest of q becomes 0.</summary>
    /// <param name="x">The column.</param>
    /// <param name="q">Its place.</param>
    /// <param name="start">What a sum of products of q with a row of A begins with.</param>
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

    /// <summary>Half of the panels of a <see cref="QuantizedProduct"/>.</summary>
    public static void RunHalf(void* product, int half)
    {
        var here = (QuantizedProduct*)product;
        int middle = here->PanelCount / 2;
        if (half == 0) here->Run(0, middle);
        else here->Run(middle, here->PanelCount);
    }

    /// <summary>The columns of some panels.</summary>
    public void Run(int firstPanel, int endPanel)
    {
        int* sums = stackalloc int[Tile.MostUnits * Panel];
        int panels = endPanel - firstPanel;
        if (rows == 1)
        {
            int groups = (panels + PanelsAtOnce - 1) / PanelsAtOnce;
            for (int i = 0; i < groups; i++)
            {
                int group = fromEnd ? groups - 1 - i : i, skipped = panels * group / groups;
                Multiply(0, 1, firstPanel + skipped, panels * (group + 1) / groups - skipped, sums);
            }
        }
        else
        {
            int strips = (rows + Tile.MostUnits - 1) / Tile.MostUnits;
            for (int i = 0; i < panels; i++)
            {
                int panel = fromEnd ? endPanel - 1 - i : firstPanel + i;
                for (int strip = 0; strip < strips; strip++)
                {
                    int row = rows * strip / strips;
                    Multiply(row, rows * (strip + 1) / strips - row, panel, 1, sums);
                }
            }
        }
    }

    /// <summary>Some rows against one panel, or one row against some.</summary>
    private void Multiply(int row, int rowCount, int panel, int panelCount, int* sums)
    {
        nint panelBytes = (nint)Depth * Panel;
        int column = panel * Panel, width = panelCount * Panel;
        for (int i = 0; i < rowCount; i++)
            new ReadOnlySpan<int>(starts + column, width).CopyTo(new Span<int>(sums + i * Panel, width));
        Tile.MultiplyAddQuads(
            rowCount * panelCount, rowCount > 1, Depth / Group, a + (nint)row * Depth, Depth / Group, b + panel * panelBytes, panelBytes, sums, Panel);
        width = Math.Min(width, columns - column);
        for (int i = 0; i < rowCount; i++)
        {
            var scales = new ReadOnlySpan<float>(scaleB + column, width);
            var target = new Span<float>(c + (row + i) * strideC + column, width);
            for (int at = 0; at < width; at += Lanes.Count)
            {
                Lanes scale = Lanes.Load(scales, at) * Lanes.Of(scaleA[row + i]);
                Lanes.MultiplyAdd(Lanes.Of(sums + i * Panel + at), scale, Lanes.Load(target, at)).Store(target, at);
            }
        }
    }
}
