using System.Runtime.CompilerServices;

namespace RnnService.Engine.Kernels;

/// <summary>
/// One product C += A·B with packed B, made ready to be run part by part, by one thread or several at once: how it goes through rows,
/// columns and depth. None of that changes a bit, because an output adds up its products in ascending order of the depth whichever way
/// the blocks are taken. It holds addresses: everything it was made of stays in place until the last part is done.
/// </summary>
internal readonly unsafe struct ProductPlan
{
    private const int WorthSharing = 1 << 18; // products that take about as long as four times handing over
    internal const int DepthBlock = 1024; // rows of a panel that stay in the second-level cache: 128 KiB where a panel has 32 columns
    private const int RowBlock = 96;      // rows of A that stay there beside them: 384 KiB

    /// <summary>How B is stored.</summary>
    public required ElementType Storage { get; init; }

    /// <summary>Rows of A and C.</summary>
    public required int Rows { get; init; }

    /// <summary>K, the columns of A and rows of B.</summary>
    public required int Depth { get; init; }

    /// <summary>Which columns the panels of B hold.</summary>
    public required PanelOrder Order { get; init; }

    /// <summary>A [rows, depth]: floats, or the bytes of <see cref="QuantizedRows"/>.</summary>
    public required void* A { get; init; }

    /// <summary>Floats from row to row of A; bytes lie side by side.</summary>
    public int StrideA { get; init; }

    /// <summary>With bytes: the scale of each row of A.</summary>
    public float* ScalesA { get; init; }

    /// <summary>The panels of B.</summary>
    public required void* B { get; init; }

    /// <summary>With bytes: the scale of each column of the panels.</summary>
    public float* ScalesB { get; init; }

    /// <summary>With bytes: what the sums of each column of the panels start from.</summary>
    public int* Starts { get; init; }

    /// <summary>C [rows, N], to which the product is added.</summary>
    public required float* C { get; init; }

    /// <summary>Floats from row to row of C.</summary>
    public required int StrideC { get; init; }

    private static int Panel => PackedMatrix.Panel;

    private bool Halves => Storage == ElementType.BF16;

    private nint RowBytes => (nint)Panel * (Halves ? sizeof(ushort) : sizeof(float)); // of one row of a panel

    /// <summary>Number of parts.</summary>
    public int Parts => Order.Parts;

    /// <summary>Whether two threads are faster than one.</summary>
    public bool IsWorthSharing => (long)Rows * Depth * Order.Blocks * Order.BlockWidth >= WorthSharing;

    /// <summary>The parts of the first or second half.</summary>
    public (int First, int End) Half(int half) => half == 0 ? (0, Parts / 2) : (Parts / 2, Parts);

    /// <summary>The columns of every block of B that a part holds.</summary>
    public (int First, int End) Units(int part) => Order.Units(part);

    /// <summary>The columns of some parts.</summary>
    public void Run(int firstPart, int endPart)
    {
        if (Rows == 1 && Storage != ElementType.I8)
        {
            for (int part = firstPart; part < endPart; part++) MultiplyRow(part);
            return;
        }

        int firstPanel = Order.FirstPanel(firstPart), endPanel = Order.FirstPanel(endPart);
        if (Storage == ElementType.I8)
        {
            new QuantizedProduct(this).Run(firstPanel, endPanel);
            return;
        }

        for (int from = 0; from < Depth; from += DepthBlock)
        {
            int k = Math.Min(DepthBlock, Depth - from);
            for (int row = 0; row < Rows; row += RowBlock)
            {
                int count = Math.Min(RowBlock, Rows - row);
                for (int panel = firstPanel; panel < endPanel; panel++)
                {
                    MultiplyPanel(
                        k, count, (float*)A + row * StrideA + from, (byte*)B + ((nint)panel * Depth + from) * RowBytes,
                        C + row * StrideC + Order.ColumnOf(panel), Order.WidthOf(panel));
                }
            }
        }
    }

    /// <summary>One row of A against the panels of a part at once, to keep enough accumulators busy.</summary>
    private void MultiplyRow(int part)
    {
        // Panels that are full and lie at one distance in C are multiplied in place.
        int places = Order.PlacesAtOnce, column = part * places * Panel;
        nint panelBytes = Depth * RowBytes;
        if ((Order.Blocks == 1 || places == 1) && column + places * Panel <= Order.BlockWidth)
        {
            int distance = Order.Blocks == 1 ? Panel : Order.BlockWidth, units = places * Order.Blocks;
            byte* panels = (byte*)B + part * units * panelBytes;
            MicroKernel.MultiplyAdd(units, onePanel: false, Halves, Depth, (float*)A, 0, panels, panelBytes, C + column, distance);
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
        int first = Order.FirstPanel(part), units = Order.FirstPanel(part + 1) - first;
        byte* panels = (byte*)B + first * panelBytes;
        float* tile = stackalloc float[units * Panel];
        for (int unit = 0; unit < units; unit++) Copy(C + Order.ColumnOf(first + unit), tile + unit * Panel, Order.WidthOf(first + unit));
        MicroKernel.MultiplyAdd(units, onePanel: false, Halves, Depth, (float*)A, 0, panels, panelBytes, tile, Panel);
        for (int unit = 0; unit < units; unit++) Copy(tile + unit * Panel, C + Order.ColumnOf(first + unit), Order.WidthOf(first + unit));
    }

    /// <summary>Some rows of A against one panel, in strips of equal height as far as that goes.</summary>
    private void MultiplyPanel(int k, int count, float* from, void* panel, float* to, int width)
    {
        float* tile = stackalloc float[MicroKernel.MostUnits * Panel];
        int strips = (count + MicroKernel.MostUnits - 1) / MicroKernel.MostUnits;
        for (int strip = 0; strip < strips; strip++)
        {
            int units = count * (strip + 1) / strips - count * strip / strips;
            if (width == Panel)
            {
                MicroKernel.MultiplyAdd(units, onePanel: true, Halves, k, from, StrideA, panel, 0, to, StrideC);
            }
            else
            {
                for (int row = 0; row < units; row++) Copy(to + row * StrideC, tile + row * Panel, width);
                MicroKernel.MultiplyAdd(units, onePanel: true, Halves, k, from, StrideA, panel, 0, tile, Panel);
                for (int row = 0; row < units; row++) Copy(tile + row * Panel, to + row * StrideC, width);
            }

            from += units * StrideA;
            to += units * StrideC;
        }
    }

    private static void Copy(float* from, float* to, int count) =>
        new ReadOnlySpan<float>(from, count).CopyTo(new Span<float>(to, count));
}
