using System.Numerics.Tensors;
using RnnService.Engine.Kernels;
using RnnService.Engine.Weights;

namespace RnnService.Engine.Layers;

/// <summary>
/// The mean of the outputs hₜ [W] of a sequence's steps, weighted by softmax(v·hₜ) over its own steps (Felbo et al. 2017). Recurrent layers have made hₜ
/// of what they read already, so no layer of its own stands before v; and v starts at 0, so that training starts from the plain mean.
/// Immutable but for its parameter.
/// </summary>
internal sealed class AttentionPooling
{
    private readonly Parameter _score; // v [1,W], as PyTorch's Linear(W, 1, bias=False) has it

    /// <summary>Asks for the parameter.</summary>
    /// <param name="parameters">Where the weights come from.</param>
    /// <param name="prefix">What its name begins with.</param>
    /// <param name="width">W, width of a step's output.</param>
    public AttentionPooling(Parameters parameters, string prefix, int width) =>
        _score = parameters.Add($"{prefix}.weight", Initializer.Zero, 1, width);

    private int Width => _score.Shape[1];

    /// <summary>Pools every sequence, none of them empty.</summary>
    /// <param name="layout">Where the steps lie.</param>
    /// <param name="x">[R,W].</param>
    /// <param name="y">[N,W] in the caller's order.</param>
    public void Forward(BatchLayout layout, ReadOnlySpan<float> x, Span<float> y)
    {
        for (int place = 0; place < layout.Batch; place++) Read(layout, x, place, y.Slice(place * Width, Width), stride: 0);
    }

    /// <summary>Pools every beginning of a sequence that was read forward, with the bits that <see cref="Forward"/> gives it alone.</summary>
    /// <param name="layout">Where the steps lie.</param>
    /// <param name="x">[R,W].</param>
    /// <param name="place">The sequence's place in the batch.</param>
    /// <param name="y">[T,W]: the first step, the first two, …</param>
    public void Running(BatchLayout layout, ReadOnlySpan<float> x, int place, Span<float> y) => Read(layout, x, place, y, stride: Width);

    /// <summary>Backward of <see cref="Forward"/>.</summary>
    /// <param name="pass">Gives scratch memory.</param>
    /// <param name="layout">Where the steps lie.</param>
    /// <param name="x">[R,W].</param>
    /// <param name="y">[N,W], as it came out.</param>
    /// <param name="dy">[N,W].</param>
    /// <param name="dx">[R,W]; takes the gradient of every step's output.</param>
    /// <param name="gradients">That of v is added, where it is asked for.</param>
    public void Backward(
        Pass pass, BatchLayout layout, ReadOnlySpan<float> x, ReadOnlySpan<float> y, ReadOnlySpan<float> dy, Span<float> dx, Gradients? gradients)
    {
        ReadOnlySpan<float> v = _score.Values;
        for (int place = 0; place < layout.Batch; place++)
        {
            ReadOnlySpan<float> dPooled = dy.Slice(place * Width, Width);
            Span<float> weights = pass.Workspace.Take(layout.LengthOfRank(layout.RankOf(place))).Span;
            for (int t = 0; t < weights.Length; t++) weights[t] = AttentionRows.Dot(x.Slice(layout.RowOf(place, t) * Width, Width), v);
            Activations.Softmax(weights);
            float mean = AttentionRows.Dot(dPooled, y.Slice(place * Width, Width)); // of the weights' gradients dy·hₜ
            for (int t = 0; t < weights.Length; t++)
            {
                int at = layout.RowOf(place, t) * Width;
                ReadOnlySpan<float> row = x.Slice(at, Width);
                Span<float> dRow = dx.Slice(at, Width);
                float dScore = weights[t] * (AttentionRows.Dot(dPooled, row) - mean);
                TensorPrimitives.Multiply(dPooled, weights[t], dRow);
                AttentionRows.AddScaled(dScore, v, dRow);
                if (gradients is not null) AttentionRows.AddScaled(dScore, row, gradients.Of(_score));
            }
        }
    }

    // The mean of the first t + 1 steps is made of that of the first t and of step t by its share of their weights, so that a sequence and its beginnings
    // take the same roundings.
    private void Read(BatchLayout layout, ReadOnlySpan<float> x, int place, Span<float> y, int stride)
    {
        ReadOnlySpan<float> first = x.Slice(layout.RowOf(place, 0) * Width, Width);
        first.CopyTo(y);
        double total = AttentionRows.Dot(first, _score.Values); // logarithm of the sum of the weights so far
        int length = layout.LengthOfRank(layout.RankOf(place));
        for (int t = 1; t < length; t++)
        {
            ReadOnlySpan<float> row = x.Slice(layout.RowOf(place, t) * Width, Width);
            double lead = AttentionRows.Dot(row, _score.Values) - total;
            float share = (float)(1 / (1 + Math.Exp(-lead)));
            Span<float> mean = y.Slice(t * stride, Width);
            TensorPrimitives.Multiply(y.Slice((t - 1) * stride, Width), 1 - share, mean);
            AttentionRows.AddScaled(share, row, mean);
            total += Math.Max(lead, 0) + Math.Log(1 + Math.Exp(-Math.Abs(lead)));
        }
    }
}
