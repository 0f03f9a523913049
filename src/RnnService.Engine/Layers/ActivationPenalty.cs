using System.Numerics.Tensors;

namespace RnnService.Engine.Layers;

/// <summary>
/// Penalties on the output h of the last recurrent layer (Merity, McCann and Socher 2017): on its size after dropout, and on how far it moves from step to
/// step. Of each row they are <paramref name="Size"/>·mean(h̃²) and <paramref name="Change"/>·mean((hₜ − hₜ₋₁)²), means over the units.
/// </summary>
/// <param name="Size">Weight of the size: activation regularisation.</param>
/// <param name="Change">Weight of the change: temporal activation regularisation. The first step of a row has none.</param>
internal readonly record struct ActivationPenalty(float Size, float Change)
{
    /// <summary>Adds the gradient of the penalties.</summary>
    /// <param name="layout">Where the steps lie.</param>
    /// <param name="h">The output [R,H].</param>
    /// <param name="mask">The dropout after it, [N,H] by rank or [R,H] by row; empty for none.</param>
    /// <param name="dh">[R,H]; the gradient is added.</param>
    /// <returns>The sum of the penalties over all rows.</returns>
    public double Backward(BatchLayout layout, ReadOnlySpan<float> h, ReadOnlySpan<float> mask, Span<float> dh)
    {
        if ((Size == 0 && Change == 0) || layout.Rows == 0) return 0;
        int width = h.Length / layout.Rows;
        double sum = 0;
        Span<float> moved = new float[width];
        for (int t = 0; t < layout.Steps; t++)
        {
            for (int rank = 0; rank < layout.Active(t); rank++)
            {
                int row = (layout.Offset(t) + rank) * width;
                ReadOnlySpan<float> here = h.Slice(row, width);
                Span<float> gradient = dh.Slice(row, width);
                if (Size > 0)
                {
                    ReadOnlySpan<float> kept = mask.IsEmpty ? default : mask.Slice(mask.Length == h.Length ? row : rank * width, width);
                    if (kept.IsEmpty) here.CopyTo(moved);
                    else TensorPrimitives.Multiply(here, kept, moved);
                    sum += Size * TensorPrimitives.SumOfSquares<float>(moved) / width;
                    if (!kept.IsEmpty) TensorPrimitives.Multiply(moved, kept, moved);
                    TensorPrimitives.MultiplyAdd(moved, 2 * Size / width, gradient, gradient);
                }

                if (Change == 0 || t == 0) continue;
                int before = (layout.Offset(t - 1) + rank) * width; // ranks stay: sequences only drop out at the end
                TensorPrimitives.Subtract(here, h.Slice(before, width), moved);
                sum += Change * TensorPrimitives.SumOfSquares<float>(moved) / width;
                TensorPrimitives.MultiplyAdd(moved, 2 * Change / width, gradient, gradient);
                TensorPrimitives.MultiplyAdd(moved, -2 * Change / width, dh.Slice(before, width), dh.Slice(before, width));
            }
        }

        return sum;
    }
}
