using System.Numerics.Tensors;
using RnnService.Engine.Kernels;
using RnnService.Engine.Layers;
using RnnService.Engine.Weights;

namespace RnnService.Engine.Networks.Heads;

/// <summary>
/// The next token after each step: a <see cref="StepHead"/> over the vocabulary, with a matrix of its own or the embedding's. The output
/// layer is the largest product of all, so outside training only the rows asked for go through it.
/// </summary>
internal sealed class NextTokenHead(Linear output) : StepHead(output)
{
    /// <summary>A head whose matrix is the embedding (tied weights).</summary>
    public static NextTokenHead Tied(Parameters parameters, Embedding embedding) => new(new Linear(parameters, embedding.Weight, "head"));

    /// <summary>A head with a matrix of its own.</summary>
    public static NextTokenHead Untied(Parameters parameters, int inputs, int tokens) => new(new Linear(parameters, "head", inputs, tokens));

    /// <summary>The log-probability of the likeliest token.</summary>
    public override int BackwardOfAnswer(Span<float> logits)
    {
        int token = TensorPrimitives.IndexOfMax<float>(logits);
        CrossEntropy.Backward(logits, token);
        TensorPrimitives.Negate(logits, logits);
        return token;
    }

    /// <summary>The logits of the last tokens of each row alone. Nothing is allocated once the workspace has grown.</summary>
    /// <param name="pass">The pass.</param>
    /// <param name="layout">Where the steps lie.</param>
    /// <param name="hidden">The encoder's output [R,H].</param>
    /// <param name="rows">The tokens of each row.</param>
    /// <param name="from">For each row the index of the first token after which logits are asked for.</param>
    /// <returns>The logits [count,V], row after row and step after step.</returns>
    public Span<float> Forward(
        Pass pass, BatchLayout layout, ReadOnlySpan<float> hidden, IReadOnlyList<ReadOnlyMemory<int>> rows, IReadOnlyList<int> from)
    {
        int count = 0, size = Output.Inputs;
        for (int i = 0; i < rows.Count; i++) count += Math.Max(0, rows[i].Length - from[i]);
        Span<float> picked = pass.Workspace.Take(count * size).Span;
        for (int i = 0, at = 0; i < rows.Count; i++)
        {
            for (int t = from[i]; t < rows[i].Length; t++, at++) hidden.Slice(layout.RowOf(i, t) * size, size).CopyTo(picked[(at * size)..]);
        }

        return Score(pass, count, picked);
    }

    /// <summary>Forward, loss and backward against a sample of the vocabulary.</summary>
    /// <param name="pass">The pass.</param>
    /// <param name="layout">Where the steps lie.</param>
    /// <param name="hidden">The encoder's output [R,H].</param>
    /// <param name="dropRate">Dropout before the output layer.</param>
    /// <param name="targets">The next tokens of each row.</param>
    /// <param name="sampled">The sample.</param>
    /// <param name="gradients">The gradients of the parameters are added.</param>
    /// <returns>The summed loss in nats, the gradient of the encoder's output, and the mask [N,H] of what was dropped of it.</returns>
    public (double Loss, Memory<float> Gradient, Memory<float>? Mask) BackwardSampled(
        Pass pass, BatchLayout layout, Memory<float> hidden, float dropRate, IReadOnlyList<ReadOnlyMemory<int>> targets, SampledSoftmax sampled,
        Gradients gradients)
    {
        (Memory<float> features, Memory<float>? mask) = Drop(pass, layout, hidden, dropRate);
        int[] byRow = new int[layout.Rows];
        for (int i = 0; i < targets.Count; i++)
        {
            for (int t = 0; t < targets[i].Length; t++) byRow[layout.RowOf(i, t)] = targets[i].Span[t];
        }

        Memory<float> dHidden = pass.Workspace.TakeZeros(hidden.Length);
        double loss = sampled.Backward(pass, Output, features.Span, byRow, dHidden.Span, gradients);
        if (mask is { } drop) Dropout.Apply(layout, drop.Span, dHidden.Span);
        return (loss, dHidden, mask);
    }

    /// <summary>The logits [rows,V] of outputs [rows,H].</summary>
    public Span<float> Score(Pass pass, int rows, ReadOnlySpan<float> hidden)
    {
        Span<float> logits = pass.Workspace.Take(rows * Labels).Span;
        Output.Forward(rows, hidden, logits, pass);
        return logits;
    }
}
