using RnnService.Engine.Kernels;
using RnnService.Engine.Weights;

namespace RnnService.Engine.Cells;

/// <summary>
/// Some blocks of a recurrent matrix, packed for both ways: W [blocks·H, H] from row firstBlock·H of the parameter.
/// </summary>
internal sealed class RecurrentWeights
{
    private readonly Parameter _weight;
    private readonly int _offset;
    private readonly PackedMatrix _forward;
    private readonly BackwardMatrix _backward;

    public RecurrentWeights(Parameter weight, int firstBlock, int blocks, bool trainable)
    {
        int hidden = weight.Shape[1];
        _weight = weight;
        _offset = firstBlock * hidden * hidden;
        _forward = new PackedMatrix(hidden, blocks * hidden, weight.Type, blocks);
        _backward = new BackwardMatrix(weight, _offset, blocks * hidden, hidden, trainable);
    }

    /// <summary>y [n,blocks·H] += h·Wᵀ, made ready; see <see cref="PackedMatrix.Plan"/>.</summary>
    public ProductPlan Plan(in StepRows rows, Floats h, int strideH, Floats y, int strideY) =>
        _forward.Plan(rows.Count, h, strideH, y, strideY, rows.ForProduct);

    /// <summary>Floats of scratch memory that a product with this many rows takes.</summary>
    public int ScratchSize(int rows) => _forward.ScratchSize(rows);

    /// <summary>dh [n,H] += dy·W.</summary>
    public void Backward(int n, ReadOnlySpan<float> dy, int strideY, Span<float> dh) =>
        _backward.MultiplyAdd(n, dy, strideY, dh);

    /// <summary>Adds dyᵀ·h to the gradient of these blocks.</summary>
    public void AddGradient(
        int rows, ReadOnlySpan<float> dy, int strideY, ReadOnlySpan<float> h, Gradients gradients, Workspace workspace)
    {
        int hidden = _forward.Rows;
        Span<float> dw = gradients.Of(_weight).Slice(_offset, _forward.Columns * hidden);
        WeightGradient.Add(rows, dy, strideY, _forward.Columns, h, hidden, hidden, dw, workspace);
    }

    public void Refresh()
    {
        _forward.PackTransposed(_weight.Values.Slice(_offset, _forward.Rows * _forward.Columns));
        _backward.Refresh();
    }
}
