namespace RnnService.Engine.Kernels;

/// <summary>
/// The rows of A of a <see cref="QuantizedProduct"/>, made of floats in scratch memory of the caller: [rows, padded depth] bytes, then a
/// scale a row.
/// </summary>
internal readonly unsafe struct QuantizedRows
{
    private QuantizedRows(byte* values, float* scales)
    {
        Values = values;
        Scales = scales;
    }

    public byte* Values { get; }

    public float* Scales { get; }

    /// <summary>Floats of memory that they take.</summary>
    public static int SizeOf(int rows, int depth) => rows * QuantizedProduct.Padded(depth) / sizeof(float) + rows; // whole groups

    /// <summary>Makes them; valid as long as nothing else is written to the scratch memory.</summary>
    /// <param name="rows">Rows of A.</param>
    /// <param name="depth">K.</param>
    /// <param name="a">A.</param>
    /// <param name="strideA">Floats from row to row of A.</param>
    /// <param name="scratch"><see cref="SizeOf"/> floats.</param>
    public static QuantizedRows Of(int rows, int depth, float* a, int strideA, float* scratch)
    {
        if (scratch == null) throw new ArgumentNullException(nameof(scratch));
        int padded = QuantizedProduct.Padded(depth);
        var quantized = new QuantizedRows((byte*)scratch, scratch + rows * padded / sizeof(float));
        for (int row = 0; row < rows; row++)
        {
            var from = new ReadOnlySpan<float>(a + (nint)row * strideA, depth);
            quantized.Scales[row] = QuantizedProduct.QuantizeRow(from, new Span<byte>(quantized.Values + (nint)row * padded, padded));
        }

        return quantized;
    }
}
