using System.Numerics.Tensors;

namespace RnnService.Engine.Kernels;

/// <summary>The gradient of a linear map's weights and bias from all its rows at once.</summary>
internal static class WeightGradient
{
    /// <summary>Rows taken at once: what is transposed and packed of them stays in cache.</summary>
    internal const int MostRows = 384;

    /// <summary>
    /// dW [N,K] += dYᵀ·X with dY [<paramref name="rows"/>, N] and X [<paramref name="rows"/>, K], row by row in ascending order; strides are
    /// floats from row to row.
    /// </summary>
    public static void Add(
        int rows, ReadOnlySpan<float> dy, int strideY, int n, ReadOnlySpan<float> x, int strideX, int k, Span<float> dw, Workspace workspace)
    {
        if (rows == 0) return;
        int chunk = Math.Min(rows, MostRows);
        Span<float> transposed = workspace.Take(n * chunk).Span;
        Memory<float> panels = workspace.Take(PackedMatrix.SizeOf(chunk, k));
        for (int first = 0; first < rows; first += chunk)
        {
            int count = Math.Min(chunk, rows - first);
            Transposition.Transpose(dy[(first * strideY)..], count, n, strideY, transposed);
            var packed = new PackedMatrix(count, k, panels);
            packed.Pack(x[(first * strideX)..], strideX);
            packed.MultiplyAdd(n, transposed, count, dw, k);
        }
    }

    /// <summary>db [N] += the sum of the rows of dY [<paramref name="rows"/>, N].</summary>
    public static void AddBias(int rows, ReadOnlySpan<float> dy, int strideY, Span<float> db)
    {
        for (int row = 0; row < rows; row++) TensorPrimitives.Add(db, dy.Slice(row * strideY, db.Length), db);
    }
}
