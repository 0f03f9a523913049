using System.Runtime.InteropServices;

namespace RnnService.Engine.Kernels;

/// <summary>
/// A matrix B [K,N] laid out for products C += A·B: panels of two vectors' columns, each panel holding its K rows one after the other, the last
/// panel of a block filled up with zeros. Every output is one accumulator to which the K products are added in ascending order, whatever the number
/// of rows of A, so a row's result has the same bits alone and inside any batch; 8-bit products are added up exactly. Safe for any
/// number of readers while nobody packs.
/// </summary>
internal sealed class PackedMatrix
{
    /// <summary>Columns a panel: two vectors.</summary>
    public static int Panel => 2 * MicroKernel.VectorSize;

    private readonly ElementType _storage;
    private readonly int _blocks;
    private readonly Memory<float> _scales; // of the panels' columns, with 8-bit storage
    private readonly Memory<float> _starts; // integers of the same

    private Memory<float> _panels; // the panels' bytes, [panels, K, 16] floats for instance; empty until something is packed

    /// <summary>A place for B [K,N]; memory is taken when it is packed.</summary>
    /// <param name="rows">K.</param>
    /// <param name="columns">N.</param>
    /// <param name="storage">How precise the weights are: BF16 and I8 are kept so narrow, the rest as F32.</param>
    /// <param name="blocks">Blocks of one width that its columns are made of, such as the gates of a cell.</param>
    public PackedMatrix(int rows, int columns, ElementType storage = ElementType.F32, int blocks = 1)
        : this(rows, columns, default(Memory<float>))
    {
        _storage = storage is ElementType.BF16 or ElementType.I8 ? storage : ElementType.F32;
        _blocks = blocks;
        if (storage != ElementType.I8) return;
        int filled = Order().Panels * Panel;
        _scales = AlignedMemory.Allocate(filled);
        _starts = AlignedMemory.Allocate(filled);
        _scales.Span.Clear();
        _starts.Span.Clear();
    }

    /// <summary>Uses scratch memory of at least <see cref="SizeOf"/> floats for B.</summary>
    public PackedMatrix(int rows, int columns, Memory<float> panels)
    {
        Rows = rows;
        Columns = columns;
        _blocks = 1;
        _panels = panels;
    }

    /// <summary>K, the inner dimension of the products.</summary>
    public int Rows { get; }

    /// <summary>N, the width of the results.</summary>
    public int Columns { get; }

    /// <summary>Floats that B [<paramref name="rows"/>, <paramref name="columns"/>] takes when packed.</summary>
    public static int SizeOf(int rows, int columns) => new PanelOrder(columns, blocks: 1).Panels * rows * Panel;

    /// <summary>Floats of scratch memory that a product with this many rows takes: 8-bit ones alone take any.</summary>
    public int ScratchSize(int rows) => _storage == ElementType.I8 ? QuantizedRows.SizeOf(rows, Rows) : 0;

    /// <summary>Packs B = Wᵀ from W [N,K], row-major: the products are then A·Wᵀ, as of a linear layer.</summary>
    public void PackTransposed(ReadOnlySpan<float> w)
    {
        CheckLength(w.Length, Rows * Columns, nameof(w));
        switch (_storage)
        {
            case ElementType.F32: Place(w, Panels()); break;
            case ElementType.BF16: PlaceHalves(w, MemoryMarshal.Cast<float, ushort>(Panels())); break;
            default: PlaceQuantized(w, MemoryMarshal.Cast<float, sbyte>(Panels())); break;
        }
    }

    /// <summary>Packs B [K,N] as it stands, row-major with <paramref name="stride"/> floats from row to row.</summary>
    /// <exception cref="InvalidOperationException">The storage is not single precision: narrow weights are transposed ones.</exception>
    public void Pack(ReadOnlySpan<float> b, int stride)
    {
        if (_storage != ElementType.F32) throw new InvalidOperationException($"{_storage} stores a transposed matrix only");
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
    /// <param name="rows">Rows of A and C.</param>
    /// <param name="a">A.</param>
    /// <param name="strideA">Floats from row to row of A.</param>
    /// <param name="c">C.</param>
    /// <param name="strideC">Floats from row to row of C.</param>
    /// <param name="threads">Half of the columns go to the helper thread, where there is one and the product is large enough.</param>
    /// <param name="scratch"><see cref="ScratchSize"/> floats; allocated where fewer are given.</param>
    /// <exception cref="ArgumentException">A span is too short.</exception>
    /// <exception cref="InvalidOperationException">Nothing has been packed.</exception>
    public unsafe void MultiplyAdd(
        int rows, ReadOnlySpan<float> a, int strideA, Span<float> c, int strideC, ThreadPair? threads = null, Span<float> scratch = default)
    {
        if (rows == 0 || Rows == 0 || Columns == 0) return;
        CheckLength(a.Length, (rows - 1) * strideA + Rows, nameof(a), atLeast: true);
        CheckLength(c.Length, (rows - 1) * strideC + Columns, nameof(c), atLeast: true);
        if (scratch.Length < ScratchSize(rows)) scratch = new float[ScratchSize(rows)];
        fixed (float* a0 = a, c0 = c, quantized = scratch)
        {
            ProductPlan product = Plan(rows, new Floats(a0), strideA, new Floats(c0), strideC, new Floats(quantized));
            if (threads is { IsTwo: true } && product.IsWorthSharing) threads.Both(&RunHalf, &product);
            else product.Run(0, product.Parts);
        }

        GC.KeepAlive(this);
        static void RunHalf(void* shared, int half)
        {
            var product = (ProductPlan*)shared;
            (int first, int end) = product->Half(half);
            product->Run(first, end);
        }
    }

    /// <summary>
    /// The same product made ready, to be run part by part. Lengths are the caller's responsibility. It is valid as long as nothing else is
    /// written to its scratch memory.
    /// </summary>
    /// <param name="rows">Rows of A and C.</param>
    /// <param name="a">A.</param>
    /// <param name="strideA">Floats from row to row of A.</param>
    /// <param name="c">C.</param>
    /// <param name="strideC">Floats from row to row of C.</param>
    /// <param name="scratch"><see cref="ScratchSize"/> floats; none where that is 0.</param>
    /// <exception cref="InvalidOperationException">Nothing has been packed.</exception>
    public unsafe ProductPlan Plan(int rows, Floats a, int strideA, Floats c, int strideC, Floats scratch = default)
    {
        if (_panels.IsEmpty) throw new InvalidOperationException($"nothing was packed into the matrix [{Rows}, {Columns}]");
        float* b = new Floats(_panels.Span).Address;
        var plan = new ProductPlan
        {
            Storage = _storage,
            Rows = rows,
            Depth = Rows,
            Order = Order(rows),
            A = a.Address,
            StrideA = strideA,
            B = b,
            C = c.Address,
            StrideC = strideC,
        };
        if (_storage != ElementType.I8) return plan;
        QuantizedRows quantized = QuantizedRows.Of(rows, Rows, a.Address, strideA, scratch.Address);
        return plan with
        {
            A = quantized.Values,
            StrideA = 0,
            ScalesA = quantized.Scales,
            ScalesB = new Floats(_scales.Span).Address,
            Starts = (int*)new Floats(_starts.Span).Address,
        };
    }

    private PanelOrder Order(int rows = 0) => new(Columns, _blocks, rows);

    private void Place(ReadOnlySpan<float> w, Span<float> panels)
    {
        PanelOrder order = Order();
        for (int column = 0; column < Columns; column++)
        {
            (int index, int at) = order.PlaceOf(column);
            Span<float> panel = panels[(index * Rows * Panel)..];
            foreach (float value in w.Slice(column * Rows, Rows))
            {
                panel[at] = value;
                at += Panel;
            }
        }
    }

    private void PlaceHalves(ReadOnlySpan<float> w, Span<ushort> panels)
    {
        PanelOrder order = Order();
        for (int column = 0; column < Columns; column++)
        {
            (int index, int at) = order.PlaceOf(column);
            Span<ushort> panel = panels[(index * Rows * Panel)..];
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
        PanelOrder order = Order();
        int depth = QuantizedProduct.Padded(Rows);
        sbyte[] values = new sbyte[depth];
        for (int column = 0; column < Columns; column++)
        {
            (int index, int at) = order.PlaceOf(column);
            _scales.Span[index * Panel + at] = QuantizedProduct.QuantizeColumn(w.Slice(column * Rows, Rows), values, out int start);
            MemoryMarshal.Cast<float, int>(_starts.Span)[index * Panel + at] = start;
            Span<sbyte> panel = panels[(index * depth * Panel)..];
            for (int k = 0; k < depth; k += Group) values.AsSpan(k, Group).CopyTo(panel[(k * Panel + at * Group)..]);
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
            int panels = Order().Panels;
            _panels = AlignedMemory.Allocate(_storage switch
            {
                ElementType.F32 => panels * Rows * Panel,
                ElementType.BF16 => panels * Rows * Panel / 2,
                _ => panels * QuantizedProduct.Padded(Rows) * Panel / sizeof(float),
            });
            _panels.Span.Clear();
        }

        return _panels.Span;
    }

    private static void CheckLength(int found, int expected, string name, bool atLeast = false)
    {
        if (atLeast ? found < expected : found != expected)
            throw new ArgumentException($"{name} holds {found} floats; expected {(atLeast ? "at least " : "")}{expected}", name);
    }
}
