using RnnService.Engine.Layers;
using RnnService.Engine.Weights;

namespace RnnService.Engine.Networks.Heads;

/// <summary>A head with the outputs of another and a loss of its own.</summary>
internal abstract class LossHead<TTrace, TInner, TTargets>(IHead<TTrace, TInner> outputs) : IHead<TTrace, TTargets>
    where TTrace : struct, IHeadTrace
{
    public int Labels => outputs.Labels;

    public TTrace Forward(Pass pass, BatchLayout layout, Memory<float> hidden, float dropRate) => outputs.Forward(pass, layout, hidden, dropRate);

    public abstract double Loss(BatchLayout layout, in TTrace trace, TTargets targets, Gradients gradients);

    public Memory<float> Backward(Pass pass, BatchLayout layout, in TTrace trace, ReadOnlySpan<float> dLogits, Gradients? gradients) =>
        outputs.Backward(pass, layout, trace, dLogits, gradients);

    public (int Row, int? Step) AnswerAt(BatchLayout layout, int place, int step) => outputs.AnswerAt(layout, place, step);

    public int BackwardOfAnswer(Span<float> logits) => outputs.BackwardOfAnswer(logits);

    public virtual void Refresh() => outputs.Refresh();
}
