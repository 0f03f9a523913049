using RnnService.Engine.Kernels;
using RnnService.Engine.Layers;
using RnnService.Engine.Weights;

namespace RnnService.Engine.Networks.Heads;

/// <summary>
/// A string of symbols a sequence, written over its steps: scores of all symbols and of the blank, which is the first, at every step;
/// <see cref="CtcLoss"/>. The targets are symbols from 1.
/// </summary>
internal sealed class CtcHead(StepHead outputs)
    : LossHead<StepHead.Trace, IReadOnlyList<ReadOnlyMemory<int>>, IReadOnlyList<ReadOnlyMemory<int>>>(outputs)
{
    public override double Loss(BatchLayout layout, in StepHead.Trace trace, IReadOnlyList<ReadOnlyMemory<int>> targets, Gradients gradients)
    {
        double loss = 0;
        Span<float> logits = trace.Logits.Span;
        for (int i = 0; i < targets.Count; i++)
        {
            float[] own = new float[layout.LengthOfRank(layout.RankOf(i)) * Labels];
            layout.Gather(i, Labels, logits, own);
            loss += CtcLoss.Backward(own, Labels, targets[i].Span);
            layout.Scatter(i, Labels, own, logits);
        }

        return loss;
    }
}
