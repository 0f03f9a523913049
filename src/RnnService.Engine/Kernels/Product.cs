using System.Runtime.CompilerServices;

namespace RnnService.Engine.Kernels;

/// <summary>
/// One product C += A·B with packed B, made ready to be run part by part, by one thread or several at once: how it goes through rows,
/// columns and depth. None of that changes a bit, because an output adds up its products in ascending order of the depth whichever way
/// the blocks are taken. It holds addresses: everything it was made of stays in place until the last part is done.
/// </summary>
internal readonly unsafe struct Product(
    WeightStorage storage, int rows, int depth, PanelOrder order, void* a, int strideA, float* scaleA, void* b, float* scaleB, int* starts,
    float* c, int strideC)
{
    private const int WorthSharing = 1 << 18; // products that take about as long as four times handing over
    internal const int DepthBlock = 1024; // rows of a panel that stay in the second-level cache: 128 KiB where a panel has 32 columns
    private const int RowBlock = 96;      // rows of A that stay there beside them: 384 KiB

    private static int Panel => PackedMatrix.Panel;

    private bool Halves => storage == WeightStorage.BFloat16;

    private nint RowBytes => (nint)Panel * (Halves ? sizeof(ushort) : sizeof(float)); // of one row of a panel

    /// <summary>Number of parts.</summary>
    public int Parts => order.Parts;

    /// <summary>Whether two threads are faster than one.</summary>
    public bool IsWorthSharing => (long)rows * depth * order.Blocks * order.BlockWidth >= WorthSharing;

    /// <summary>The parts of the first or second half.</summary>
    public (int First, int End) Half(int half) => half == 0 ? (0, Parts / 2) : (Parts / 2, Parts);

    /// <summary>The columns of every block of B that a part holds.</summary>
    public (int First, int End) Units(int part) => order.Units(part);

    /// <summary>The columns of some parts.</summary>
    public void Run(int firstPart, int endPart)
    {
        if (rows == 1 && storage != WeightStorage.Int8)
        {
            for (int part = firstPart; part < endPart; part++) MultiplyRow(part);
            return;
        }

        int firstPanel = order.FirstPanel(firstPart), endPanel = order.FirstPanel(endPart);
        if (storage == WeightStorage.Int8)
        {
            new QuantizedProduct(rows, depth, order, (byte*)a, scaleA, (sbyte*)b, scaleB, starts, c, strideC).Run(firstPanel, endPanel);
            return;
        }

        for (int from = 0; from < depth; from += DepthBlock)
        {
            int k = Math.Min(DepthBlock, depth - from);
            for (int row = 0; row < rows; row += RowBlock)
            {
                int count = Math.Min(RowBlock, rows - row);
                for (int panel = firstPanel; panel < endPanel; panel++)
                {
                    MultiplyPanel(
                        k, count, (float*)a + row * strideA + from, (byte*)b + ((nint)panel * depth + from) * RowBytes,
                        c + row * strideC + order.ColumnOf(panel), order.WidthOf(panel));
                }
            }
        }
    }

    /// <summary>One row of A against the panels of a part at once, to keep enough accumulators busy.</summary>
    private void MultiplyRow(int part)
    {
        // Panels that are full and lie at one distance in C are multiplied in place.
        int places = order.PlacesAtOnce, column = part * places * Panel;
        nint panelBytes = depth * RowBytes;
        if ((order.Blocks == 1 || places == 1) && column + places * Panel <= order.BlockWidth)
        {
            int distance = order.Blocks == 1 ? Panel : order.BlockWidth, units = places * order.Blocks;
            byte* panels = (byte*)b + part * units * panelBytes;
            Tile.MultiplyAdd(units, onePanel: false, Halves, depth, (float*)a, 0, panels, panelBytes, c + column, distance);
        }
        else
        {
            MultiplyRowAside(part, panelBytes);
        }
    }

    /// <summary>The same where the sums are gathered first and put in their places afterwards.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void MultiplyRowAside(int part, nint panelBytes)
    {
        int first = order.FirstPanel(part), units = order.FirstPanel(part + 1) - first;
        byte* panels = (byte*)b + first * panelBytes;
        float* tile = stackalloc float[units * Panel];
        for (int unit = 0; unit < units; unit++) Copy(c + order.ColumnOf(first + unit), tile + unit * Panel, order.WidthOf(first + unit));
        Tile.MultiplyAdd(units, onePanel: false, Halves, depth, (float*)a, 0, panels, panelBytes, tile, Panel);
        for (int unit = 0; unit < units; unit++) Copy(tile + unit * Panel, c + order.ColumnOf(first + unit), order.WidthOf(first + unit));
    }

    /// <summary>Some rows of A against one panel, in strips of equal height as far as that goes.</summary>
    private void MultiplyPanel(int k, int count, float* from, void* panel, float* to, int width)
    {
        float* tile = stackalloc float[Tile.MostUnits * Panel];
        int strips = (count + Tile.MostUnits - 1) / Tile.MostUnits;
        for (int strip = 0; strip < strips; strip++)
        {
            int units = count * (strip + 1) / strips - count * strip / strips;
            if (width == Panel)
            {
                Tile.MultiplyAdd(units, onePanel: true, Halves, k, from, strideA, panel, 0, to, strideC);
            }
            else
            {
                for (int row = 0; row < units; row++) Copy(to + row * strideC, tile + row * Panel, width);
                Tile.MultiplyAdd(units, onePanel: true, Halves, k, from, strideA, panel, 0, tile, Panel);
                for (int row = 0; row < units; row++) Copy(tile + row * Panel, to + row * strideC, width);
            }

            from += units * strideA;
            to += units * strideC;
        }
    }

    private static void Copy(float* from, float* to, int count) =>
        new ReadOnlySpan<float>(from, count).CopyTo(new Span<float>(to, count));
}
