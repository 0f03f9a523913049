using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace RnnService.Engine.Kernels;

/// <summary>
/// A matrix B [K,N] laid out for products C += A·B: panels of 16 columns, each panel holding its K rows one after the other, the last
/// panel filled up with zeros. Every output is one accumulator to which the K products are added in ascending order, whatever the number
/// of rows of A, so a row's result has the same bits alone and inside any batch. Safe for any number of readers while nobody packs.
/// </summary>
public sealed class PackedMatrix
{
    private const int Panel = 16;      // columns a panel: two vectors of eight floats
    private const int Strip = 6;       // rows of A a register block: 6 × 2 accumulators of the 16 vector registers
    internal const int DepthBlock = 384; // rows of a panel that stay in the first-level cache: 24 KiB
    private const int RowBlock = 96;   // rows of A that stay in the second-level cache: 144 KiB

    private Memory<float> _panels; // [panels, K, 16]; empty until something is packed

    /// <summary>A place for B [<paramref name="rows"/>, <paramref name="columns"/>]; memory is taken when it is packed.</summary>
    public PackedMatrix(int rows, int columns)
        : this(rows, columns, default)
    {
    }

    /// <summary>Uses scratch memory of at least <see cref="SizeOf"/> floats for B.</summary>
    internal PackedMatrix(int rows, int columns, Memory<float> panels)
    {
        Rows = rows;
        Columns = columns;
        _panels = panels;
    }

    /// <summary>K, the inner dimension of the products.</summary>
    public int Rows { get; }

    /// <summary>N, the width of the results.</summary>
    public int Columns { get; }

    /// <summary>Floats that B [<paramref name="rows"/>, <paramref name="columns"/>] takes when packed.</summary>
    internal static int SizeOf(int rows, int columns) => (columns + Panel - 1) / Panel * rows * Panel;

    /// <summary>Packs B = Wᵀ from W [N,K], row-major: the products are then A·Wᵀ, as of a linear layer.</summary>
    public void PackTransposed(ReadOnlySpan<float> w)
    {
        CheckLength(w.Length, Rows * Columns, nameof(w));
        Span<float> panels = Panels();
        for (int column = 0; column < Columns; column++)
        {
            Span<float> panel = panels[(column / Panel * Rows * Panel)..];
            ReadOnlySpan<float> source = w.Slice(column * Rows, Rows);
            int at = column % Panel;
            foreach (float value in source)
            {
                panel[at] = value;
                at += Panel;
            }
        }
    }

    /// <summary>Packs B [K,N] as it stands, row-major with <paramref name="stride"/> floats from row to row.</summary>
    public void Pack(ReadOnlySpan<float> b, int stride)
    {
        Span<float> panels = Panels();
        for (int first = 0; first < Columns; first += Panel)
        {
            int width = Math.Min(Panel, Columns - first);
            Span<float> panel = panels.Slice(first * Rows, Rows * Panel);
            for (int row = 0; row < Rows; row++)
            {
                Span<float> target = panel.Slice(row * Panel, Panel);
                b.Slice(row * stride + first, width).CopyTo(target);
                target[width..].Clear();
            }
        }
    }

    /// <summary>C += A·B with A [<paramref name="rows"/>, K] and C [<paramref name="rows"/>, N], both row-major with their strides.</summary>
    /// <exception cref="ArgumentException">A span is too short.</exception>
    /// <exception cref="InvalidOperationException">Nothing has been packed.</exception>
    public unsafe void MultiplyAdd(int rows, ReadOnlySpan<float> a, int strideA, Span<float> c, int strideC)
    {
        if (rows == 0 || Rows == 0 || Columns == 0) return;
        CheckLength(a.Length, (rows - 1) * strideA + Rows, nameof(a), atLeast: true);
        CheckLength(c.Length, (rows - 1) * strideC + Columns, nameof(c), atLeast: true);
        if (_panels.IsEmpty) throw new InvalidOperationException($"nothing was packed into the matrix [{Rows}, {Columns}]");
        fixed (float* a0 = a, c0 = c, b0 = _panels.Span)
        {
            if (rows == 1)
            {
                for (int depth = 0; depth < Rows; depth += DepthBlock)
                    MultiplyRow(Math.Min(DepthBlock, Rows - depth), a0 + depth, b0 + depth * Panel, c0, 0, Columns);
                return;
            }

            for (int depth = 0; depth < Rows; depth += DepthBlock)
            {
                int k = Math.Min(DepthBlock, Rows - depth);
                for (int block = 0; block < rows; block += RowBlock)
                {
                    int end = Math.Min(block + RowBlock, rows);
                    for (int column = 0; column < Columns; column += Panel)
                    {
                        float* b = b0 + column * Rows + depth * Panel;
                        int width = Math.Min(Panel, Columns - column);
                        int row = block;
                        for (; row + Strip <= end; row += Strip)
                            MultiplyStrip(k, a0 + row * strideA + depth, strideA, b, c0 + row * strideC + column, strideC, width);
                        for (; row + 2 <= end; row += 2)
                            MultiplyPair(k, a0 + row * strideA + depth, strideA, b, c0 + row * strideC + column, strideC, width);
                        if (row < end) MultiplyRow(k, a0 + row * strideA + depth, b, c0 + row * strideC + column, 0, width);
                    }
                }
            }
        }
    }

    private Span<float> Panels()
    {
        if (_panels.IsEmpty) _panels = new float[SizeOf(Rows, Columns)];
        return _panels.Span;
    }

    /// <summary>One row of A against all panels: four at a time, to keep eight accumulators busy.</summary>
    private unsafe void MultiplyRow(int k, float* a, float* b, float* c, int column, int columns)
    {
        int step = Rows * Panel; // floats from panel to panel
        for (; column + 4 * Panel <= columns; column += 4 * Panel)
        {
            float* p0 = b + column * Rows, p1 = p0 + step, p2 = p1 + step, p3 = p2 + step, out0 = c + column;
            Vector256<float> c0 = Vector256.Load(out0), c1 = Vector256.Load(out0 + 8), c2 = Vector256.Load(out0 + 16),
                c3 = Vector256.Load(out0 + 24), c4 = Vector256.Load(out0 + 32), c5 = Vector256.Load(out0 + 40),
                c6 = Vector256.Load(out0 + 48), c7 = Vector256.Load(out0 + 56);
            for (int i = 0, j = 0; i < k; i++, j += Panel)
            {
                Vector256<float> x = Vector256.Create(a[i]);
                c0 = Vector256.MultiplyAddEstimate(x, Vector256.Load(p0 + j), c0);
                c1 = Vector256.MultiplyAddEstimate(x, Vector256.Load(p0 + j + 8), c1);
                c2 = Vector256.MultiplyAddEstimate(x, Vector256.Load(p1 + j), c2);
                c3 = Vector256.MultiplyAddEstimate(x, Vector256.Load(p1 + j + 8), c3);
                c4 = Vector256.MultiplyAddEstimate(x, Vector256.Load(p2 + j), c4);
                c5 = Vector256.MultiplyAddEstimate(x, Vector256.Load(p2 + j + 8), c5);
                c6 = Vector256.MultiplyAddEstimate(x, Vector256.Load(p3 + j), c6);
                c7 = Vector256.MultiplyAddEstimate(x, Vector256.Load(p3 + j + 8), c7);
            }

            c0.Store(out0);
            c1.Store(out0 + 8);
            c2.Store(out0 + 16);
            c3.Store(out0 + 24);
            c4.Store(out0 + 32);
            c5.Store(out0 + 40);
            c6.Store(out0 + 48);
            c7.Store(out0 + 56);
        }

        float* tile = stackalloc float[Panel];
        for (; column < columns; column += Panel)
        {
            float* p = b + column * Rows, result = c + column;
            int width = Math.Min(Panel, columns - column);
            float* target = width == Panel ? result : tile;
            if (width < Panel) CopyTile(result, 0, tile, 0, 1, width);
            Vector256<float> c0 = Vector256.Load(target), c1 = Vector256.Load(target + 8);
            for (int i = 0; i < k; i++, p += Panel)
            {
                Vector256<float> x = Vector256.Create(a[i]);
                c0 = Vector256.MultiplyAddEstimate(x, Vector256.Load(p), c0);
                c1 = Vector256.MultiplyAddEstimate(x, Vector256.Load(p + 8), c1);
            }

            c0.Store(target);
            c1.Store(target + 8);
            if (width < Panel) CopyTile(tile, 0, result, 0, 1, width);
        }
    }

    /// <summary>Two rows of A against one panel.</summary>
    private static unsafe void MultiplyPair(int k, float* a, int strideA, float* b, float* c, int strideC, int width)
    {
        float* tile = stackalloc float[2 * Panel];
        float* target = c;
        int stride = strideC;
        if (width < Panel)
        {
            CopyTile(c, strideC, tile, Panel, 2, width);
            target = tile;
            stride = Panel;
        }

        float* a1 = a + strideA, t1 = target + stride;
        Vector256<float> c00 = Vector256.Load(target), c01 = Vector256.Load(target + 8),
            c10 = Vector256.Load(t1), c11 = Vector256.Load(t1 + 8);
        for (int i = 0; i < k; i++, b += Panel)
        {
            Vector256<float> b0 = Vector256.Load(b), b1 = Vector256.Load(b + 8);
            Vector256<float> x = Vector256.Create(a[i]);
            c00 = Vector256.MultiplyAddEstimate(x, b0, c00);
            c01 = Vector256.MultiplyAddEstimate(x, b1, c01);
            x = Vector256.Create(a1[i]);
            c10 = Vector256.MultiplyAddEstimate(x, b0, c10);
            c11 = Vector256.MultiplyAddEstimate(x, b1, c11);
        }

        c00.Store(target);
        c01.Store(target + 8);
        c10.Store(t1);
        c11.Store(t1 + 8);
        if (width < Panel) CopyTile(tile, Panel, c, strideC, 2, width);
    }

    /// <summary>Six rows of A against one panel: twelve accumulators, two vectors of B and one of A fill the registers.</summary>
    private static unsafe void MultiplyStrip(int k, float* a, int strideA, float* b, float* c, int strideC, int width)
    {
        float* tile = stackalloc float[Strip * Panel];
        float* target = c;
        int stride = strideC;
        if (width < Panel)
        {
            CopyTile(c, strideC, tile, Panel, Strip, width);
            target = tile;
            stride = Panel;
        }

        float* a1 = a + strideA, a2 = a1 + strideA, a3 = a2 + strideA, a4 = a3 + strideA, a5 = a4 + strideA;
        float* t1 = target + stride, t2 = t1 + stride, t3 = t2 + stride, t4 = t3 + stride, t5 = t4 + stride;
        Vector256<float> c00 = Vector256.Load(target), c01 = Vector256.Load(target + 8),
            c10 = Vector256.Load(t1), c11 = Vector256.Load(t1 + 8),
            c20 = Vector256.Load(t2), c21 = Vector256.Load(t2 + 8),
            c30 = Vector256.Load(t3), c31 = Vector256.Load(t3 + 8),
            c40 = Vector256.Load(t4), c41 = Vector256.Load(t4 + 8),
            c50 = Vector256.Load(t5), c51 = Vector256.Load(t5 + 8);
        for (int i = 0; i < k; i++, b += Panel)
        {
            Vector256<float> b0 = Vector256.Load(b), b1 = Vector256.Load(b + 8);
            Vector256<float> x = Vector256.Create(a[i]);
            c00 = Vector256.MultiplyAddEstimate(x, b0, c00);
            c01 = Vector256.MultiplyAddEstimate(x, b1, c01);
            x = Vector256.Create(a1[i]);
            c10 = Vector256.MultiplyAddEstimate(x, b0, c10);
            c11 = Vector256.MultiplyAddEstimate(x, b1, c11);
            x = Vector256.Create(a2[i]);
            c20 = Vector256.MultiplyAddEstimate(x, b0, c20);
            c21 = Vector256.MultiplyAddEstimate(x, b1, c21);
            x = Vector256.Create(a3[i]);
            c30 = Vector256.MultiplyAddEstimate(x, b0, c30);
            c31 = Vector256.MultiplyAddEstimate(x, b1, c31);
            x = Vector256.Create(a4[i]);
            c40 = Vector256.MultiplyAddEstimate(x, b0, c40);
            c41 = Vector256.MultiplyAddEstimate(x, b1, c41);
            x = Vector256.Create(a5[i]);
            c50 = Vector256.MultiplyAddEstimate(x, b0, c50);
            c51 = Vector256.MultiplyAddEstimate(x, b1, c51);
        }

        c00.Store(target);
        c01.Store(target + 8);
        c10.Store(t1);
        c11.Store(t1 + 8);
        c20.Store(t2);
        c21.Store(t2 + 8);
        c30.Store(t3);
        c31.Store(t3 + 8);
        c40.Store(t4);
        c41.Store(t4 + 8);
        c50.Store(t5);
        c51.Store(t5 + 8);
        if (width < Panel) CopyTile(tile, Panel, c, strideC, Strip, width);
    }

    private static unsafe void CopyTile(float* from, int strideFrom, float* to, int strideTo, int rows, int width)
    {
        for (int row = 0; row < rows; row++)
        {
            MemoryMarshal.CreateReadOnlySpan(ref from[row * strideFrom], width)
                .CopyTo(MemoryMarshal.CreateSpan(ref to[row * strideTo], width));
        }
    }

    private static void CheckLength(int found, int wanted, string name, bool atLeast = false)
    {
        if (atLeast ? found < wanted : found != wanted)
            throw new ArgumentException($"{name} holds {found} floats: {(atLeast ? "at least " : "")}{wanted} wanted", name);
    }
}
