namespace RnnService.Engine.Kernels;

/// <summary>
/// A matrix B [K,N] laid out for products C += A·B: panels of 16 columns, each panel holding its K rows one after the other, the last
/// panel filled up with zeros. Every output is one accumulator to which the K products are added in ascending order, whatever the number
/// of rows of A, so a row's result has the same bits alone and inside any batch. Safe for any number of readers while nobody packs.
/// </summary>
public sealed class PackedMatrix
{
    private const int WorthSharing = 1 << 18; // products that take about as long as four times handing over

    /// <summary>Columns a panel: two vectors.</summary>
    internal static int Panel => 2 * Tile.VectorSize;

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
    public void MultiplyAdd(int rows, ReadOnlySpan<float> a, int strideA, Span<float> c, int strideC) =>
        MultiplyAdd(rows, a, strideA, c, strideC, crew: null);

    /// <summary>The same by a crew: the second half of the columns by its companion, where there is one and the product is worth it.</summary>
    internal unsafe void MultiplyAdd(int rows, ReadOnlySpan<float> a, int strideA, Span<float> c, int strideC, Crew? crew)
    {
        if (rows == 0 || Rows == 0 || Columns == 0) return;
        CheckLength(a.Length, (rows - 1) * strideA + Rows, nameof(a), atLeast: true);
        CheckLength(c.Length, (rows - 1) * strideC + Columns, nameof(c), atLeast: true);
        if (_panels.IsEmpty) throw new InvalidOperationException($"nothing was packed into the matrix [{Rows}, {Columns}]");
        fixed (float* a0 = a, c0 = c, b0 = _panels.Span)
        {
            var product = new Product(rows, Rows, Columns, a0, strideA, b0, c0, strideC, crew is { FromEnd: true });
            if (crew is { IsTwo: true } && (long)rows * Rows * Columns >= WorthSharing) crew.Both(&Product.RunHalf, &product);
            else product.Run(0, product.PanelCount);
        }
    }

    private Span<float> Panels()
    {
        if (_panels.IsEmpty) _panels = AlignedMemory.Allocate(SizeOf(Rows, Columns));
        return _panels.Span;
    }

    private static void CheckLength(int found, int wanted, string name, bool atLeast = false)
    {
        if (atLeast ? found < wanted : found != wanted)
            throw new ArgumentException($"{name} holds {found} floats: {(atLeast ? "at least " : "")}{wanted} wanted", name);
    }
}
