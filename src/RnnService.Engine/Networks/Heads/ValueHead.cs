using RnnService.Engine.Kernels;
using RnnService.Engine.Layers;
using RnnService.Engine.Weights;

namespace RnnService.Engine.Networks.Heads;

/// <summary>What values should have come out.</summary>
/// <param name="Rows">Of each sequence the values, one row of outputs after the other; NaN where nothing is known, which teaches nothing.</param>
/// <param name="Huber">Where the loss goes on in a straight line; see <see cref="SquaredError"/>.</param>
internal readonly record struct ValueTargets(IReadOnlyList<ReadOnlyMemory<float>> Rows, float Huber = float.PositiveInfinity);

/// <summary>Values in place of scores, one row of them a sequence or a step; squared error.</summary>
internal sealed class ValueHead<TTrace, TInner>(IHead<TTrace, TInner> outputs) : LossHead<TTrace, TInner, ValueTargets>(outputs)
    where TTrace : struct, IHeadTrace
{
    public override double Loss(BatchLayout layout, in TTrace trace, ValueTargets targets, Gradients gradients)
    {
        double loss = 0;
        for (int i = 0; i < targets.Rows.Count; i++)
        {
            ReadOnlySpan<float> rows = targets.Rows[i].Span;
            for (int t = 0; t < rows.Length / Labels; t++)
            {
                Span<float> found = trace.Logits.Span.Slice(AnswerAt(layout, i, t).Row * Labels, Labels);
                loss += SquaredError.Backward(found, rows.Slice(t * Labels, Labels), targets.Huber);
            }
        }

        return loss;
    }
}
