using System.Numerics.Tensors;
using RnnService.Engine.Kernels;
using RnnService.Engine.Layers;
using RnnService.Engine.Weights;

namespace RnnService.Engine.Networks.Heads;

/// <summary>One label a sequence: pooling over time, dropout and a linear layer; softmax cross-entropy.</summary>
internal sealed class SequenceHead : IHead<SequenceHead.Trace, int[]>
{
    private readonly Pooling _pooling;
    private readonly Direction _direction;
    private readonly Linear _output;

    /// <summary>Asks for the parameters.</summary>
    /// <param name="parameters">Where the weights come from.</param>
    /// <param name="inputs">Width of the encoder's output.</param>
    /// <param name="labels">Number of labels.</param>
    /// <param name="pooling">How.</param>
    /// <param name="direction">Which ways the encoder reads.</param>
    public SequenceHead(Parameters parameters, int inputs, int labels, Pooling pooling, Direction direction)
    {
        (_pooling, _direction) = (pooling, direction);
        _output = new Linear(parameters, "head", Pool.PartsOf(pooling).Count * inputs, labels);
    }

    public int Labels => _output.Outputs;

    public Trace Forward(Pass pass, BatchLayout layout, Memory<float> hidden, float dropRate)
    {
        Memory<float> pooled = pass.Workspace.Take(layout.Batch * _output.Inputs), features = pooled;
        Pool.Forward(_pooling, layout, hidden.Span, _direction, pooled.Span);
        Memory<float>? mask = pass.Mask(layout.Batch, _output.Inputs, dropRate);
        if (mask is { } drop)
        {
            features = pass.Workspace.Take(pooled.Length);
            TensorPrimitives.Multiply(pooled.Span, drop.Span, features.Span);
        }

        Memory<float> logits = pass.Workspace.Take(layout.Batch * Labels);
        _output.Forward(layout.Batch, features.Span, logits.Span, pass);
        return new Trace(hidden, pooled, features, mask, logits);
    }

    /// <summary>The logits [T,labels] of every beginning of a sequence that was read forward.</summary>
    /// <param name="pass">The pass.</param>
    /// <param name="layout">Where the steps lie.</param>
    /// <param name="hidden">The encoder's output [R,W].</param>
    /// <param name="place">The sequence's place in the batch.</param>
    public Span<float> ForwardRunning(Pass pass, BatchLayout layout, ReadOnlySpan<float> hidden, int place)
    {
        int length = layout.LengthOfRank(layout.RankOf(place));
        Span<float> pooled = pass.Workspace.Take(length * _output.Inputs).Span, logits = pass.Workspace.Take(length * Labels).Span;
        Pool.Running(_pooling, layout, hidden, place, pooled);
        _output.Forward(length, pooled, logits, pass);
        return logits;
    }

    public double Loss(BatchLayout layout, in Trace trace, int[] targets, Gradients gradients) => Loss(trace, targets, smoothing: 0);

    /// <summary>The same against targets that are smoothed (<see cref="CrossEntropy.Backward(Span{float}, int, float)"/>).</summary>
    public double Loss(in Trace trace, int[] targets, float smoothing)
    {
        double loss = 0;
        for (int i = 0; i < targets.Length; i++) loss += CrossEntropy.Backward(trace.Logits.Span.Slice(i * Labels, Labels), targets[i], smoothing);
        return loss;
    }

    public Memory<float> Backward(Pass pass, BatchLayout layout, in Trace trace, ReadOnlySpan<float> dLogits, Gradients? gradients)
    {
        Span<float> dPooled = pass.Workspace.Take(trace.Pooled.Length).Span;
        _output.Backward(layout.Batch, trace.Features.Span, dLogits, dPooled, gradients, pass.Workspace);
        if (trace.Mask is { } drop) TensorPrimitives.Multiply(dPooled, drop.Span, dPooled);
        Memory<float> dHidden = pass.Workspace.Take(trace.Hidden.Length);
        Pool.Backward(_pooling, layout, trace.Hidden.Span, trace.Pooled.Span, dPooled, _direction, dHidden.Span);
        return dHidden;
    }

    public (int Row, int? Step) AnswerAt(BatchLayout layout, int place, int step) => (place, null);

    public int BackwardOfAnswer(Span<float> logits) => Margin.BackwardOfBest(logits);

    public void Refresh() => _output.Refresh();

    /// <summary>The encoder's output [R,W], pooled [N,K] before and after dropout by a mask [N,K], and logits [N,labels].</summary>
    internal readonly record struct Trace(
        Memory<float> Hidden, Memory<float> Pooled, Memory<float> Features, Memory<float>? Mask, Memory<float> Logits) : IHeadTrace;
}
