using RnnService.Engine.Layers;

namespace RnnService.Onnx.Format;

/// <summary>
/// The order of gate blocks in weight rows: PyTorch's (which is the engine's) is LSTM i,f,g,o and GRU r,z,n; ONNX's is LSTM i,o,f,c and
/// GRU z,r,h. A matrix or bias of G·H rows is G blocks, one after the other.
/// </summary>
internal static class GateOrder
{
    /// <summary>G: 4 for an LSTM, 3 for a GRU, 1 for an Elman network.</summary>
    public static int Count(CellKind cell) => FromTorch(cell).Length;

    /// <summary>Blocks of PyTorch's order in that of ONNX.</summary>
    public static float[] ToOnnx(CellKind cell, ReadOnlySpan<float> blocks) => Take(blocks, FromTorch(cell));

    /// <summary>The inverse of <see cref="ToOnnx"/>.</summary>
    public static float[] ToTorch(CellKind cell, ReadOnlySpan<float> blocks)
    {
        ReadOnlySpan<int> order = FromTorch(cell);
        int[] inverse = new int[order.Length];
        for (int block = 0; block < order.Length; block++) inverse[order[block]] = block;
        return Take(blocks, inverse);
    }

    // For each block of ONNX the one of PyTorch.
    private static ReadOnlySpan<int> FromTorch(CellKind cell) => cell switch
    {
        CellKind.Lstm => [0, 3, 1, 2],
        CellKind.Gru or CellKind.GruBefore => [1, 0, 2],
        CellKind.Tanh or CellKind.Relu => [0],
        _ => throw new ArgumentOutOfRangeException(nameof(cell), cell, "a cell without weights"),
    };

    private static float[] Take(ReadOnlySpan<float> blocks, ReadOnlySpan<int> order)
    {
        int size = blocks.Length / order.Length;
        float[] result = new float[blocks.Length];
        for (int block = 0; block < order.Length; block++) blocks.Slice(order[block] * size, size).CopyTo(result.AsSpan(block * size));
        return result;
    }
}
