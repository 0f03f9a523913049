using System.Numerics.Tensors;
using RnnService.Engine.Kernels;
using RnnService.Engine.Layers;
using RnnService.Engine.Weights;

namespace RnnService.Engine.Networks.Heads;

/// <summary>
/// One label a sequence: pooling over time, dropout and a linear layer; softmax cross-entropy. Or labels that do not exclude each other, a sigmoid each.
/// </summary>
internal sealed class SequenceHead : IHead<SequenceHead.Trace, int[]>
{
    private readonly Pooling _pooling;
    private readonly Direction _direction;
    private readonly bool _independent;
    private readonly AttentionPooling? _attention;
    private readonly Linear _output;

    /// <summary>Asks for the parameters.</summary>
    /// <param name="parameters">Where the weights come from.</param>
    /// <param name="inputs">Width of the encoder's output.</param>
    /// <param name="labels">Number of labels.</param>
    /// <param name="pooling">How.</param>
    /// <param name="direction">Which ways the encoder reads.</param>
    /// <param name="independent">Whether a sequence may have several labels, or none.</param>
    public SequenceHead(Parameters parameters, int inputs, int labels, Pooling pooling, Direction direction, bool independent = false)
    {
        (_pooling, _direction, _independent) = (pooling, direction, independent);
        if (pooling == Pooling.Attention) _attention = new AttentionPooling(parameters, "attention", inputs);
        _output = new Linear(parameters, "head", Pool.PartsOf(pooling).Count * inputs, labels);
    }

    public int Labels => _output.Outputs;

    /// <summary>Whether pooling has parameters that are trained with the output layer.</summary>
    public bool LearnsPooling => _attention is not null;

    public Trace Forward(Pass pass, BatchLayout layout, Memory<float> hidden, float dropRate) =>
        Score(pass, hidden, Pooled(pass, layout, hidden), dropRate);

    /// <summary>The encoder's outputs as one vector a sequence [N,K].</summary>
    public Memory<float> Pooled(Pass pass, BatchLayout layout, Memory<float> hidden)
    {
        Memory<float> pooled = pass.Workspace.Take(layout.Batch * _output.Inputs);
        if (_attention is null) Pool.Forward(_pooling, layout, hidden.Span, _direction, pooled.Span);
        else _attention.Forward(layout, hidden.Span, pooled.Span);
        return pooled;
    }

    /// <summary>The logits of pooled outputs.</summary>
    /// <param name="pass">The pass.</param>
    /// <param name="hidden">The encoder's output [R,W]; empty where the output layer is trained alone.</param>
    /// <param name="pooled">From <see cref="Pooled"/>.</param>
    /// <param name="dropRate">Dropout before the output layer.</param>
    public Trace Score(Pass pass, Memory<float> hidden, Memory<float> pooled, float dropRate)
    {
        Memory<float> features = pooled;
        int batch = pooled.Length / _output.Inputs;
        Memory<float>? mask = pass.Mask(batch, _output.Inputs, dropRate);
        if (mask is { } drop)
        {
            features = pass.Workspace.Take(pooled.Length);
            TensorPrimitives.Multiply(pooled.Span, drop.Span, features.Span);
        }

        Memory<float> logits = pass.Workspace.Take(batch * Labels);
        _output.Forward(batch, features.Span, logits.Span, pass);
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
        if (_attention is null) Pool.Running(_pooling, layout, hidden, place, pooled);
        else _attention.Running(layout, hidden, place, pooled);
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

    /// <summary>The same where labels count differently, or a sequence has several.</summary>
    /// <param name="trace">What forward left.</param>
    /// <param name="targets">The labels of each sequence: one, or where they do not exclude each other any number.</param>
    /// <param name="weights">[labels] what a right label counts; empty for 1 each.</param>
    public double Loss(in Trace trace, IReadOnlyList<int[]> targets, ReadOnlySpan<float> weights)
    {
        double loss = 0;
        for (int i = 0; i < targets.Count; i++)
        {
            Span<float> logits = trace.Logits.Span.Slice(i * Labels, Labels);
            loss += _independent ? CrossEntropy.SigmoidBackward(logits, targets[i], weights) : CrossEntropy.WeightedBackward(logits, targets[i][0], weights);
        }

        return loss;
    }

    public Memory<float> Backward(Pass pass, BatchLayout layout, in Trace trace, ReadOnlySpan<float> dLogits, Gradients? gradients)
    {
        Span<float> dPooled = pass.Workspace.Take(trace.Pooled.Length).Span;
        _output.Backward(layout.Batch, trace.Features.Span, dLogits, dPooled, gradients, pass.Workspace);
        if (trace.Mask is { } drop) TensorPrimitives.Multiply(dPooled, drop.Span, dPooled);
        Memory<float> dHidden = pass.Workspace.Take(trace.Hidden.Length);
        if (_attention is null) Pool.Backward(_pooling, layout, trace.Hidden.Span, trace.Pooled.Span, dPooled, _direction, dHidden.Span);
        else _attention.Backward(pass, layout, trace.Hidden.Span, trace.Pooled.Span, dPooled, dHidden.Span, gradients);
        return dHidden;
    }

    /// <summary>Adds the gradients of the output layer alone.</summary>
    public void AddGradients(Pass pass, in Trace trace, ReadOnlySpan<float> dLogits, Gradients gradients) =>
        _output.AddGradients(trace.Features.Length / _output.Inputs, trace.Features.Span, _output.Inputs, dLogits, gradients, pass.Workspace);

    public (int Row, int? Step) AnswerAt(BatchLayout layout, int place, int step) => (place, null);

    public int BackwardOfAnswer(Span<float> logits)
    {
        int label = TensorPrimitives.IndexOfMax<float>(logits);
        BackwardOfLead(logits, label);
        return label;
    }

    /// <summary>What a label's answer is judged by: its margin, or where labels do not exclude each other its logit.</summary>
    public double Lead(ReadOnlySpan<float> logits, int label) => _independent ? logits[label] : Margin.Of(logits, label);

    /// <summary>Puts the gradient of <see cref="Lead"/> in the place of the logits.</summary>
    public void BackwardOfLead(Span<float> logits, int label)
    {
        if (_independent)
        {
            logits.Clear();
            logits[label] = 1;
            return;
        }

        Margin.Backward(logits, label);
    }

    public void Refresh() => _output.Refresh();

    /// <summary>The encoder's output [R,W], pooled [N,K] before and after dropout by a mask [N,K], and logits [N,labels].</summary>
    internal readonly record struct Trace(
        Memory<float> Hidden, Memory<float> Pooled, Memory<float> Features, Memory<float>? Mask, Memory<float> Logits) : IHeadTrace;
}
