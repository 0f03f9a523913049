namespace RnnService.Engine.Kernels;

/// <summary>
/// One product C += A·B with packed B: how it goes through rows, columns and depth. None of that changes a bit, because an output adds
/// up its products in ascending order of the depth whichever way the blocks are taken.
/// </summary>
internal readonly unsafe struct Product(
    int rows, int depth, int columns, float* a, int strideA, void* b, bool halves, float* c, int strideC, bool fromEnd)
{
    internal const int DepthBlock = 1024; // rows of a panel that stay in the second-level cache: 128 KiB where a panel has 32 columns
    private const int RowBlock = 96;      // rows of A that stay there beside them: 384 KiB
    private const int PanelsAtOnce = 4;   // against a single row: eight accumulators

    private static int Panel => 2 * Tile.VectorSize;

    private nint RowBytes => (nint)Panel * (halves ? sizeof(ushort) : sizeof(float)); // of one row of a panel

    public int PanelCount => (columns + Panel - 1) / Panel;

    /// <summary>Half of the panels of a <see cref="Product"/>.</summary>
    public static void RunHalf(void* product, int half)
    {
        var here = (Product*)product;
        int middle = here->PanelCount / 2;
        if (half == 0) here->Run(0, middle);
        else here->Run(middle, here->PanelCount);
    }

    /// <summary>The columns of some panels.</summary>
    public void Run(int firstPanel, int endPanel)
    {
        if (rows == 1)
        {
            MultiplyRow(firstPanel, endPanel);
            return;
        }

        for (int from = 0; from < depth; from += DepthBlock)
        {
            int k = Math.Min(DepthBlock, depth - from);
            for (int row = 0; row < rows; row += RowBlock)
            {
                int count = Math.Min(RowBlock, rows - row);
                for (int i = firstPanel; i < endPanel; i++)
                {
                    int panel = fromEnd ? endPanel - 1 - (i - firstPanel) : i, column = panel * Panel;
                    MultiplyPanel(
                        k, count, a + row * strideA + from, (byte*)b + ((nint)panel * depth + from) * RowBytes, c + row * strideC + column,
                        Math.Min(Panel, columns - column));
                }
            }
        }
    }

    /// <summary>One row of A against the panels, some at a time to keep enough accumulators busy.</summary>
    private void MultiplyRow(int firstPanel, int endPanel)
    {
        float* tile = stackalloc float[PanelsAtOnce * Panel];
        int panels = endPanel - firstPanel, groups = (panels + PanelsAtOnce - 1) / PanelsAtOnce;
        for (int i = 0; i < groups; i++)
        {
            int group = fromEnd ? groups - 1 - i : i, skipped = panels * group / groups, units = panels * (group + 1) / groups - skipped;
            int first = firstPanel + skipped, width = columns - first * Panel;
            float* result = c + first * Panel, target = width < units * Panel ? tile : result;
            if (target == tile) Copy(result, tile, width);
            Tile.MultiplyAdd(
                units, onePanel: false, halves, depth, a, 0, (byte*)b + (nint)first * depth * RowBytes, depth * RowBytes, target, Panel);
            if (target == tile) Copy(tile, result, width);
        }
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
                Tile.MultiplyAdd(units, onePanel: true, halves, k, from, strideA, panel, 0, to, strideC);
            }
            else
            {
                for (int row = 0; row < units; row++) Copy(to + row * strideC, tile + row * Panel, width);
                Tile.MultiplyAdd(units, onePanel: true, halves, k, from, strideA, panel, 0, tile, Panel);
                for (int row = 0; row < units; row++) Copy(tile + row * Panel, to + row * strideC, width);
            }

            from += units * strideA;
            to += units * strideC;
        }
    }

    private static void Copy(float* from, float* to, int count) =>
        new ReadOnlySpan<float>(from, count).CopyTo(new Span<float>(to, count));
}
