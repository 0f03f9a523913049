using System.Numerics.Tensors;
using RnnService.Engine.Kernels;
using RnnService.Engine.Layers;
using RnnService.Engine.Networks.Inputs;
using RnnService.Engine.Weights;

namespace RnnService.Engine.Networks;

/// <summary>Adversarial and virtual adversarial training (Miyato, Dai and Goodfellow 2017) of a classifier's embeddings.</summary>
internal sealed partial class ClassifierNetwork
{
    private const float Probe = 0.1f; // ξ, the length of the random move that the direction of the worst one is found from

    /// <summary>
    /// Backward from the loss of these targets and the adversarial one. What is dropped is the same with and without the move, so that the move
    /// alone makes the difference.
    /// </summary>
    /// <param name="pass">The pass, which records and draws dropout.</param>
    /// <param name="texts">The texts.</param>
    /// <param name="targets">A label a text; null where there are none, which only the virtual loss can do without.</param>
    /// <param name="rates">Dropout.</param>
    /// <param name="smoothing">How much of a target's probability all labels share.</param>
    /// <param name="adversarial">The second loss.</param>
    /// <param name="gradients">The gradients of the parameters are added.</param>
    /// <returns>The summed loss in nats.</returns>
    public double Backward(
        Pass pass, IReadOnlyList<int[]> texts, int[]? targets, DropoutRates rates, float smoothing, AdversarialLoss adversarial, Gradients gradients)
    {
        double loss = Move(pass, texts, targets, rates, smoothing, adversarial, gradients, out Moved moved);
        return loss + BackwardMoved(pass, moved, rates, adversarial.Weight, gradients);
    }

    /// <summary>Backward from the loss of these targets, where there are any; then finds where the embeddings move to.</summary>
    internal double Move(
        Pass pass, IReadOnlyList<int[]> texts, int[]? targets, DropoutRates rates, float smoothing, AdversarialLoss adversarial, Gradients gradients,
        out Moved moved)
    {
        (BatchLayout layout, Memory<int> ids) = Lay(pass, [.. texts.Select(text => text.AsMemory())]);
        TokenInput.Trace tokens = input.Forward(pass, layout, ids, Encoder, rates, asValues: true);
        Dropout? masks = pass.Dropout?.Copy();
        Trace trace = Forward(pass, layout, tokens, Encoder.NewState(layout.Batch), rates);
        float[] wanted = Wanted(trace.Logits.Span, adversarial.IsVirtual ? null : targets!, smoothing);
        float[] move = new float[layout.Rows * input.Size];
        double loss = 0;
        if (targets is not null)
        {
            loss = head.Loss(trace.Head, targets, smoothing);
            Memory<float> dInput = BackwardToInput(pass, trace, trace.Logits.Span, gradients);
            dInput.Span.CopyTo(move);
            input.Backward(pass, layout, tokens, dInput, gradients);
        }

        moved = new Moved(layout, tokens, move, wanted, masks);
        if (adversarial.IsVirtual)
        {
            pass.Dropout!.Normal(move);
            Stretch(layout, move, Probe);
            Trace probed = ForwardMoved(pass, moved, rates, out Pass again);
            DivergenceBackward(probed.Logits.Span, wanted, 1);
            BackwardToInput(again, probed, probed.Logits.Span, gradients: null).Span.CopyTo(move);
        }

        Stretch(layout, move, adversarial.Norm);
        return loss;
    }

    /// <summary>Backward from the loss of the moved embeddings; the move and what is wanted are held fixed.</summary>
    /// <returns>The weighted sum over the texts of KL(wanted‖answer).</returns>
    internal double BackwardMoved(Pass pass, Moved moved, DropoutRates rates, float weight, Gradients gradients)
    {
        Trace trace = ForwardMoved(pass, moved, rates, out Pass again);
        double loss = DivergenceBackward(trace.Logits.Span, moved.Wanted, weight);
        Memory<float> dInput = BackwardToInput(again, trace, trace.Logits.Span, gradients);
        input.Backward(pass, moved.Layout, moved.Tokens, dInput, gradients);
        return loss;
    }

    private Trace ForwardMoved(Pass pass, Moved moved, DropoutRates rates, out Pass again)
    {
        again = new Pass(pass.Workspace, moved.Masks?.Copy(), record: true);
        Memory<float> rows = pass.Workspace.Take(moved.Move.Length);
        TensorPrimitives.Add(moved.Tokens.Rows.Values.Span, moved.Move, rows.Span);
        TokenInput.Trace tokens = moved.Tokens with { Rows = LayerInput.OfValues(rows) };
        return Forward(again, moved.Layout, tokens, Encoder.NewState(moved.Layout.Batch), rates);
    }

    /// <summary>The probabilities [N,labels] that the moved texts are to have: the network's own, or of the labels.</summary>
    private float[] Wanted(ReadOnlySpan<float> logits, int[]? targets, float smoothing)
    {
        float[] wanted = targets is null ? logits.ToArray() : new float[logits.Length];
        int labels = head.Labels;
        for (int i = 0; i < wanted.Length / labels; i++)
        {
            Span<float> row = wanted.AsSpan(i * labels, labels);
            if (targets is null)
            {
                Activations.Softmax(row);
                continue;
            }

            row.Fill(smoothing / labels);
            row[targets[i]] += 1 - smoothing;
        }

        return wanted;
    }

    private double DivergenceBackward(Span<float> logits, ReadOnlySpan<float> wanted, float weight)
    {
        int labels = head.Labels;
        double loss = 0;
        for (int at = 0; at < logits.Length; at += labels) loss += CrossEntropy.BackwardTo(logits.Slice(at, labels), wanted.Slice(at, labels));
        TensorPrimitives.Multiply(logits, weight, logits);
        return weight * loss;
    }

    /// <summary>Gives the rows of each sequence, taken as one vector, this length; a vector of zeros stays.</summary>
    private void Stretch(BatchLayout layout, Span<float> rows, float length)
    {
        for (int place = 0; place < layout.Batch; place++)
        {
            double squares = 0;
            int steps = layout.LengthOfRank(layout.RankOf(place));
            for (int t = 0; t < steps; t++)
            {
                ReadOnlySpan<float> row = rows.Slice(layout.RowOf(place, t) * input.Size, input.Size);
                squares += ExactSums.Dot(row, row);
            }

            float factor = squares > 0 ? (float)(length / Math.Sqrt(squares)) : 0;
            for (int t = 0; t < steps; t++)
            {
                Span<float> row = rows.Slice(layout.RowOf(place, t) * input.Size, input.Size);
                TensorPrimitives.Multiply(row, factor, row);
            }
        }
    }

    /// <summary>Texts whose embeddings are moved: where they lie, what was embedded, the move [R,D], the answer wanted [N,labels], and what is dropped.</summary>
    internal sealed record Moved(BatchLayout Layout, TokenInput.Trace Tokens, float[] Move, float[] Wanted, Dropout? Masks);
}
