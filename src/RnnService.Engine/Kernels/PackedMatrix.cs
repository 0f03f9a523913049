using System.Buffers;
using System.Runtime.InteropServices;

namespace RnnService.Engine.Kernels;

/// <summary>How a matrix keeps its weights.</summary>
public enum WeightStorage
{
    /// <summary>32-bit floats.</summary>
    Single,

    /// <summary>Their upper halves, rounded to nearest: half of the bytes, and what float would give for the rounded weights.</summary>
    BFloat16,

    /// <summary>
    /// 8 bits with a scale a column, w ≈ scale·q with |q| ≤ 127; the rows multiplied are rounded to 7 bits, |q| ≤ 63, each with its own
    /// scale.
    /// </summary>
    Int8,
}

/// <summary>
/// A matrix B [K,N] laid out for products C += A·B: panels of two vectors' columns, each panel holding its K rows one after the other, the last
/// panel filled up with zeros. Every output is one accumulator to which the K products are added in ascending order, whatever the number
/// of rows of A, so a row's result has the same bits alone and inside any batch; 8-bit products are added up exactly. Safe for any
/// number of readers while nobody packs.
/// </summary>
public sealed class PackedMatrix
{
    private const int WorthSharing = 1 << 18; // products that take about as long as four times handing over

    /// <summary>Columns a panel: two vectors.</summary>
    internal static int Panel => 2 * Tile.VectorSize;

    private readonly WeightStorage _storage;
    private readonly float[] _scales; // of the panels' columns, with 8-bit storage
    private readonly int[] _starts;   // of the panels' columns, with 8-bit storage

    private Memory<float> _panels; // the panels' bytes, [panels, K, 16] floats for instance; empty until something is packed

    /// <summary>A place for B [<paramref name="rows"/>, <paramref name="columns"/>]; memory is taken when it is packed.</summary>
    public PackedMatrix(int rows, int columns, WeightStorage storage = WeightStorage.Single)
        : this(rows, columns, default(Memory<float>))
    {
        _storage = storage;
        if (storage == WeightStorage.Int8)
        {
            int filled = (columns + Panel - 1) / Panel * Panel;
            _scales = new float[filled];
            _starts = new int[filled];
        }
    }

    /// <summary>Uses scratch memory of at least <see cref="SizeOf"/> floats for B.</summary>
    internal PackedMatrix(int rows, int columns, Memory<float> panels)
    {
        Rows = rows;
        Columns = columns;
        _panels = panels;
        _scales = [];
        _starts = [];
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
        switch (_storage)
        {
            case WeightStorage.Single: Place(w, Panels()); break;
            case WeightStorage.BFloat16: PlaceHalves(w, MemoryMarshal.Cast<float, ushort>(Panels())); break;
            default: PlaceQuantized(w, MemoryMarshal.Cast<float, sbyte>(Panels())); break;
        }
    }

    /// <summary>Packs B [K,N] as it stands, row-major with <paramref name="stride"/> floats from row to row.</summary>
    /// <exception cref="InvalidOperationException">The storage is not single precision: narrow weights are transposed ones.</exception>
    public void Pack(ReadOnlySpan<float> b, int stride)
    {
        if (_storage != WeightStorage.Single) throw new InvalidOperationException($"{_storage} stores a transposed matrix only");
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
        bool shared = crew is { IsTwo: true } && (long)rows * Rows * Columns >= WorthSharing, fromEnd = crew is { FromEnd: true };
        if (_storage == WeightStorage.Int8)
        {
            MultiplyQuantized(rows, a, strideA, c, strideC, shared ? crew : null, fromEnd);
            return;
        }

        fixed (float* a0 = a, c0 = c, b0 = _panels.Span)
        {
            var product = new Product(rows, Rows, Columns, a0, strideA, b0, _storage == WeightStorage.BFloat16, c0, strideC, fromEnd);
            if (shared) crew!.Both(&Product.RunHalf, &product);
            else product.Run(0, product.PanelCount);
        }
    }

    private unsafe void MultiplyQuantized(int rows, ReadOnlySpan<float> a, int strideA, Span<float> c, int strideC, Crew? crew, bool fromEnd)
    {
        int depth = QuantizedProduct.Padded(Rows);
        byte[] quantized = ArrayPool<byte>.Shared.Rent(rows * depth);
        float[] scales = ArrayPool<float>.Shared.Rent(rows);
        for (int row = 0; row < rows; row++)
            scales[row] = QuantizedProduct.QuantizeRow(a.Slice(row * strideA, Rows), quantized.AsSpan(row * depth, depth));
        fixed (float* c0 = c, b0 = _panels.Span, scaleA = scales, scaleB = _scales)
        fixed (byte* a0 = quantized)
        fixed (int* starts = _starts)
        {
            var product = new QuantizedProduct(rows, Rows, Columns, a0, scaleA, (sbyte*)b0, scaleB, starts, c0, strideC, fromEnd);
            if (crew is not null) crew.Both(&QuantizedProduct.RunHalf, &product);
            else product.Run(0, product.PanelCount);
        }

        ArrayPool<byte>.Shared.Return(quantized);
        ArrayPool<float>.Shared.Return(scales);
    }

    private void Place(ReadOnlySpan<float> w, Span<float> panels)
    {
        for (int column = 0; column < Columns; column++)
        {
            Span<float> panel = panels[(column / Panel * Rows * Panel)..];
            int at = column % Panel;
            foreach (float value in w.Slice(column * Rows, Rows))
            {
                panel[at] = value;
                at += Panel;
            }
        }
    }

    private void PlaceHalves(ReadOnlySpan<float> w, Span<ushort> panels)
    {
        for (int column = 0; column < Columns; column++)
        {
            Span<ushort> panel = panels[(column / Panel * Rows * Panel)..];
            int at = column % Panel;
            foreach (float value in w.Slice(column * Rows, Rows))
            {
                panel[at] = UpperHalf(value);
                at += Panel;
            }
        }
    }

    private void PlaceQuantized(ReadOnlySpan<float> w, Span<sbyte> panels)
    {
        const int Group = QuantizedProduct.Group;
        int depth = QuantizedProduct.Padded(Rows);
        sbyte[] values = new sbyte[depth];
        for (int column = 0; column < Columns; column++)
        {
            _scales[column] = QuantizedProduct.QuantizeColumn(w.Slice(column * Rows, Rows), values, out _starts[column]);
            Span<sbyte> panel = panels[(column / Panel * depth * Panel)..];
            for (int k = 0; k < depth; k += Group) values.AsSpan(k, Group).CopyTo(panel[(k * Panel + column % Panel * Group)..]);
        }
    }

    /// <summary>Rounded to nearest, ties to even; NaN stays NaN.</summary>
    private static ushort UpperHalf(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return float.IsNaN(value) ? (ushort)0x7FC0 : (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }

    private Span<float> Panels()
    {
        if (_panels.IsEmpty)
        {
            _panels = AlignedMemory.Allocate(_storage switch
            {
                WeightStorage.Single => SizeOf(Rows, Columns),
                WeightStorage.BFloat16 => SizeOf(Rows, Columns) / 2,
                _ => SizeOf(QuantizedProduct.Padded(Rows), Columns) / sizeof(float),
            });
            _panels.Span.Clear();
        }

        return _panels.Span;
    }

    private static void CheckLength(int found, int wanted, string name, bool atLeast = false)
    {
        if (atLeast ? found < wanted : found != wanted)
            throw new ArgumentException($"{name} holds {found} floats: {(atLeast ? "at least " : "")}{wanted} wanted", name);
    }
}
