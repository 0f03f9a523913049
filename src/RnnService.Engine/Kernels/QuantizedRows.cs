namespace RnnService.Engine.Kernels;

/// <summary>
/// The rows of A of a <see cref="QuantizedProduct"/>, made of floats: [rows, padded depth] and a scale a row. They lie in memory that
/// every thread has of its own and uses again for the next.
/// </summary>
internal readonly unsafe struct QuantizedRows
{
    [ThreadStatic]
    private static Memory<float> _memory;

    private QuantizedRows(byte* values, float* scales)
    {
        Values = values;
        Scales = scales;
    }

    public byte* Values { get; }

    public float* Scales { get; }

    /// <summary>Makes them; valid until the next call of this thread.</summary>
    public static QuantizedRows Of(int rows, int depth, float* a, int strideA)
    {
        int padded = QuantizedProduct.Padded(depth), floats = rows * padded / sizeof(float); // whole groups
        if (_memory.Length < floats + rows) _memory = AlignedMemory.Allocate(floats + rows);
        float* values = new Floats(_memory.Span).Address, scales = values + floats;
        var quantized = new QuantizedRows((byte*)values, scales);
        for (int row = 0; row < rows; row++)
        {
            var from = new ReadOnlySpan<float>(a + (nint)row * strideA, depth);
            scales[row] = QuantizedProduct.QuantizeRow(from, new Span<byte>(quantized.Values + (nint)row * padded, padded));
        }

        return quantized;
    }
}
