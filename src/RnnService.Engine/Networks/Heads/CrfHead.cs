using System.Buffers;
using RnnService.Engine.Kernels;
using RnnService.Engine.Layers;
using RnnService.Engine.Weights;

namespace RnnService.Engine.Networks.Heads;

/// <summary>
/// One label a step, each judged beside its neighbours: a conditional random field over a <see cref="StepHead"/>'s logits; <see cref="LinearChain"/>.
/// The loss is that of the whole string of labels. Parameters are named as in pytorch-crf.
/// </summary>
internal sealed class CrfHead : LossHead<StepHead.Trace, IReadOnlyList<ReadOnlyMemory<int>>, IReadOnlyList<ReadOnlyMemory<int>>>
{
    /// <summary>Names of the parameters.</summary>
    public const string StartName = "crf.start_transitions", BetweenName = "crf.transitions", EndName = "crf.end_transitions";

    private readonly Parameter _start, _between, _end;
    private LinearChain? _chain; // of the parameters as they are; null where there are no values

    /// <summary>Asks for the parameters.</summary>
    public CrfHead(Parameters parameters, StepHead outputs)
        : base(outputs)
    {
        _start = parameters.AddExact(StartName, Initializer.Zero, Labels);
        _end = parameters.AddExact(EndName, Initializer.Zero, Labels);
        _between = parameters.AddExact(BetweenName, Initializer.Zero, Labels, Labels);
        Transitions = new LabelTransitions(_start.Data, _between.Data, _end.Data);
        if (parameters.HasValues) Read();
    }

    /// <summary>What the parameters are now.</summary>
    public LabelTransitions Transitions { get; }

    public override double Loss(BatchLayout layout, in StepHead.Trace trace, IReadOnlyList<ReadOnlyMemory<int>> targets, Gradients gradients)
    {
        float[] rented = ArrayPool<float>.Shared.Rent(layout.Steps * Labels);
        double loss = 0;
        for (int i = 0; i < targets.Count; i++)
        {
            Span<float> own = rented.AsSpan(0, targets[i].Length * Labels);
            layout.Gather(i, Labels, trace.Logits.Span, own);
            loss += _chain!.Backward(own, targets[i].Span, gradients.Of(_start), gradients.Of(_between), gradients.Of(_end));
            layout.Scatter(i, Labels, own, trace.Logits.Span);
        }

        ArrayPool<float>.Shared.Return(rented);
        return loss;
    }

    public override void Refresh()
    {
        base.Refresh();
        Read();
    }

    private void Read() => _chain = new LinearChain(_start.Values, _between.Values, _end.Values);
}
