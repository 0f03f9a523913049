using RnnService.Engine.Kernels;
using RnnService.Engine.Layers;
using RnnService.Engine.Weights;

namespace RnnService.Engine.Networks.Heads;

/// <summary>One label a step: dropout and a linear layer over every row; softmax cross-entropy. Targets are those of each sequence.</summary>
internal class StepHead(Linear output) : IHead<StepHead.Trace, IReadOnlyList<ReadOnlyMemory<int>>>
{
    /// <summary>Asks for the parameters.</summary>
    /// <param name="parameters">Where the weights come from.</param>
    /// <param name="inputs">Width of the encoder's output.</param>
    /// <param name="labels">Number of labels.</param>
    public StepHead(Parameters parameters, int inputs, int labels)
        : this(new Linear(parameters, "head", inputs, labels))
    {
    }

    public int Labels => output.Outputs;

    /// <summary>The output layer.</summary>
    public Linear Output => output;

    public Trace Forward(Pass pass, BatchLayout layout, Memory<float> hidden, float dropRate)
    {
        (Memory<float> features, Memory<float>? mask) = Drop(pass, layout, hidden, dropRate);
        Memory<float> logits = pass.Workspace.Take(layout.Rows * Labels);
        output.Forward(layout.Rows, features.Span, logits.Span, pass);
        return new Trace(hidden, features, mask, logits);
    }

    /// <summary>What the output layer reads of the encoder's output [R,K], and the mask [N,K] or [R,K] of what is dropped.</summary>
    protected (Memory<float> Features, Memory<float>? Mask) Drop(Pass pass, BatchLayout layout, Memory<float> hidden, float dropRate)
    {
        if (pass.Mask(layout, output.Inputs, dropRate) is not { } mask) return (hidden, null);
        // What the encoder put out is still read elsewhere: a decoder's next step, a penalty on it.
        Memory<float> features = pass.Workspace.Take(hidden.Length);
        hidden.CopyTo(features);
        Dropout.Apply(layout, mask.Span, features.Span);
        return (features, mask);
    }

    public double Loss(BatchLayout layout, in Trace trace, IReadOnlyList<ReadOnlyMemory<int>> targets, Gradients gradients) =>
        Loss(layout, trace, targets, smoothing: 0);

    /// <summary>
    /// The same against targets that are smoothed (<see cref="CrossEntropy.Backward(Span{float}, int, float)"/>), or where labels count differently.
    /// </summary>
    /// <param name="layout">Where the steps lie.</param>
    /// <param name="trace">What forward left.</param>
    /// <param name="targets">The labels of each sequence; one below 0 has no loss.</param>
    /// <param name="smoothing">How much of a target's probability all labels share; 0 with weights.</param>
    /// <param name="weights">[labels] what each counts; empty for 1 each.</param>
    public double Loss(
        BatchLayout layout, in Trace trace, IReadOnlyList<ReadOnlyMemory<int>> targets, float smoothing, ReadOnlySpan<float> weights = default)
    {
        double loss = 0;
        Span<float> logits = trace.Logits.Span;
        for (int i = 0; i < targets.Count; i++)
        {
            ReadOnlySpan<int> labels = targets[i].Span;
            for (int t = 0; t < labels.Length; t++)
            {
                Span<float> row = logits.Slice(layout.RowOf(i, t) * Labels, Labels);
                if (labels[t] < 0)
                {
                    row.Clear();
                    continue;
                }

                loss += weights.IsEmpty ? CrossEntropy.Backward(row, labels[t], smoothing) : CrossEntropy.WeightedBackward(row, labels[t], weights);
            }
        }

        return loss;
    }

    public Memory<float> Backward(Pass pass, BatchLayout layout, in Trace trace, ReadOnlySpan<float> dLogits, Gradients? gradients)
    {
        Memory<float> dHidden = pass.Workspace.Take(trace.Hidden.Length);
        output.Backward(layout.Rows, trace.Features.Span, dLogits, dHidden.Span, gradients, pass.Workspace);
        if (trace.Mask is { } drop) Dropout.Apply(layout, drop.Span, dHidden.Span);
        return dHidden;
    }

    public (int Row, int? Step) AnswerAt(BatchLayout layout, int place, int step) => (layout.RowOf(place, step), step);

    public virtual int BackwardOfAnswer(Span<float> logits) => Margin.BackwardOfBest(logits);

    public void Refresh() => output.Refresh();

    /// <summary>The encoder's output [R,K] before and after dropout by a mask [N,K] or [R,K], and logits [R,labels].</summary>
    internal readonly record struct Trace(Memory<float> Hidden, Memory<float> Features, Memory<float>? Mask, Memory<float> Logits) : IHeadTrace;
}
