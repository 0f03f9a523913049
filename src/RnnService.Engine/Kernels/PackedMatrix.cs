using System.Runtime.Intrinsics;

namespace RnnService.Engine.Kernels;

/// <summary>
/// A matrix B [K,N] laid out for products C += A·B: panels of 16 columns, each panel holding its K rows one after the other, the last
/// panel filled up with zeros. Every output is one accumulator to which the K products are added in ascending order, whatever the number
/// of rows of A, so a row's result has the same bits alone and inside any batch. Safe for any number of readers while nobody packs.
/// </summary>
public sealed class PackedMatrix
{
    internal const int DepthBlock = 384; // rows of a panel that stay in the first-level cache: 24 KiB where a panel has 16 columns
    private const int PanelsAtOnce = 4;  // against a single row: eight accumulators
    private const int RowBlock = 96;     // rows of A that stay in the second-level cache: 144 KiB

    /// <summary>Columns a panel: two vectors.</summary>
    internal static readonly int Panel = 2 * (Vector512.IsHardwareAccelerated ? Vector512<float>.Count : Vector256<float>.Count);

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
                MultiplyRow(a0, b0, c0);
                return;
            }

            for (int depth = 0; depth < Rows; depth += DepthBlock)
            {
                int k = Math.Min(DepthBlock, Rows - depth);
                for (int first = 0; first < rows; first += RowBlock)
                {
                    int count = Math.Min(RowBlock, rows - first);
                    for (int column = 0; column < Columns; column += Panel)
                    {
                        MultiplyPanel(
                            k, count, a0 + first * strideA + depth, strideA, b0 + column * Rows + depth * Panel,
                            c0 + first * strideC + column, strideC, Math.Min(Panel, Columns - column));
                    }
                }
            }
        }
    }

    private Span<float> Panels()
    {
        if (_panels.IsEmpty) _panels = AlignedMemory.Allocate(SizeOf(Rows, Columns));
        return _panels.Span;
    }

    /// <summary>One row of A against all panels, some at a time to keep enough accumulators busy.</summary>
    private unsafe void MultiplyRow(float* a, float* b, float* c)
    {
        int panels = (Columns + Panel - 1) / Panel, groups = (panels + PanelsAtOnce - 1) / PanelsAtOnce;
        float* tile = stackalloc float[PanelsAtOnce * Panel];
        for (int group = 0, first = 0; group < groups; group++)
        {
            int units = (panels - first + groups - group - 1) / (groups - group), width = Columns - first * Panel;
            float* result = c + first * Panel, target = width < units * Panel ? tile : result;
            if (target == tile) Copy(result, tile, width);
            Tile.MultiplyAdd(units, onePanel: false, Rows, a, 0, b + first * Panel * Rows, Rows * Panel, target, Panel);
            if (target == tile) Copy(tile, result, width);
            first += units;
        }
    }

    /// <summary>Some rows of A against one panel, in strips of equal height as far as that goes.</summary>
    private static unsafe void MultiplyPanel(int k, int rows, float* a, int strideA, float* b, float* c, int strideC, int width)
    {
        float* tile = stackalloc float[Tile.MostUnits * Panel];
        int strips = (rows + Tile.MostUnits - 1) / Tile.MostUnits;
        for (int strip = 0; strip < strips; strip++)
        {
            int units = (rows + strips - strip - 1) / (strips - strip);
            if (width == Panel)
            {
                Tile.MultiplyAdd(units, onePanel: true, k, a, strideA, b, 0, c, strideC);
            }
            else
            {
                for (int row = 0; row < units; row++) Copy(c + row * strideC, tile + row * Panel, width);
                Tile.MultiplyAdd(units, onePanel: true, k, a, strideA, b, 0, tile, Panel);
                for (int row = 0; row < units; row++) Copy(tile + row * Panel, c + row * strideC, width);
            }

            a += units * strideA;
            c += units * strideC;
            rows -= units;
        }
    }

    private static unsafe void Copy(float* from, float* to, int count) =>
        new ReadOnlySpan<float>(from, count).CopyTo(new Span<float>(to, count));

    private static void CheckLength(int found, int wanted, string name, bool atLeast = false)
    {
        if (atLeast ? found < wanted : found != wanted)
            throw new ArgumentException($"{name} holds {found} floats: {(atLeast ? "at least " : "")}{wanted} wanted", name);
    }
}
