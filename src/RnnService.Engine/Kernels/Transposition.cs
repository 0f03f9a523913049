namespace RnnService.Engine.Kernels;

/// <summary>Rows to columns.</summary>
internal static class Transposition
{
    private const int Block = 16;

    /// <summary>to [columns, rows] = from [rows, columns]ᵀ, <paramref name="from"/> with <paramref name="stride"/> floats from row to row.</summary>
    public static void Transpose(ReadOnlySpan<float> from, int rows, int columns, int stride, Span<float> to)
    {
        for (int r0 = 0; r0 < rows; r0 += Block)
        {
            int rEnd = Math.Min(r0 + Block, rows);
            for (int c0 = 0; c0 < columns; c0 += Block)
            {
                int cEnd = Math.Min(c0 + Block, columns);
                // Read along, write across: rows of a power of two of bytes would fall on the same few lines of the cache.
                for (int r = r0; r < rEnd; r++)
                {
                    ReadOnlySpan<float> source = from.Slice(r * stride + c0, cEnd - c0);
                    int at = c0 * rows + r;
                    foreach (float value in source)
                    {
                        to[at] = value;
                        at += rows;
                    }
                }
            }
        }
    }
}
