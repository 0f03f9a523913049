namespace RnnService.Engine.Kernels;

/// <summary>
/// Which columns the panels of a matrix hold, and how a product takes them in parts. The columns are blocks of one width, such as the
/// gates of a cell, and a panel holds neighbours of one block. The panels of the same place in every block lie side by side: a
/// part of the product is all blocks of some units, which a cell can then finish.
/// </summary>
internal readonly struct PanelOrder
{
    private const int MostAtOnce = 4; // panels against a single row: eight accumulators

    private readonly int _places;

    /// <param name="columns">Columns of the matrix.</param>
    /// <param name="blocks">Blocks that they are made of.</param>
    /// <param name="rows">Rows of the product: a single one is multiplied by several panels at once.</param>
    public PanelOrder(int columns, int blocks, int rows = 0)
    {
        (Blocks, BlockWidth) = (blocks, columns / blocks);
        _places = (BlockWidth + Panel - 1) / Panel;
        PlacesAtOnce = 1;
        Parts = _places;
        if (rows != 1 || blocks > MostAtOnce / 2) return;
        // As equal as can be: a part of one panel alone would keep few accumulators busy.
        Parts = (_places + MostAtOnce / blocks - 1) / (MostAtOnce / blocks);
        PlacesAtOnce = (_places + Parts - 1) / Parts;
        Parts = (_places + PlacesAtOnce - 1) / PlacesAtOnce;
    }

    private static int Panel => PackedMatrix.Panel;

    /// <summary>Blocks of columns.</summary>
    public int Blocks { get; }

    /// <summary>Columns a block.</summary>
    public int BlockWidth { get; }

    /// <summary>Panels in all.</summary>
    public int Panels => _places * Blocks;

    /// <summary>Parts of the product.</summary>
    public int Parts { get; }

    /// <summary>Places of every block that a part holds; the last part may hold fewer.</summary>
    public int PlacesAtOnce { get; }

    /// <summary>The first panel of a part; that of the next is the end of this.</summary>
    public int FirstPanel(int part) => Math.Min(part * PlacesAtOnce, _places) * Blocks;

    /// <summary>The columns of every block that a part holds.</summary>
    public (int First, int End) Units(int part)
    {
        int first = part * PlacesAtOnce * Panel;
        return (first, Math.Min(first + PlacesAtOnce * Panel, BlockWidth));
    }

    /// <summary>The first column of a panel.</summary>
    public int ColumnOf(int panel) => panel % Blocks * BlockWidth + panel / Blocks * Panel;

    /// <summary>Columns that a panel holds.</summary>
    public int WidthOf(int panel) => Math.Min(Panel, BlockWidth - panel / Blocks * Panel);

    /// <summary>Where a column lies: its panel and which of that panel's it is.</summary>
    public (int Panel, int At) PlaceOf(int column)
    {
        (int block, int at) = Math.DivRem(column, BlockWidth);
        return (at / Panel * Blocks + block, at % Panel);
    }
}
