using RnnService.Engine.Layers;
using RnnService.Engine.Networks.Heads;
using RnnService.Engine.Networks.Inputs;
using RnnService.Engine.Text;
using RnnService.Engine.Weights;

namespace RnnService.Engine.Networks;

/// <summary>The next token after each token: embeddings, recurrent layers, scores over the vocabulary. The targets are the next tokens of each row.</summary>
internal sealed class LanguageNetwork(Parameters parameters, TokenInput input, Recurrent encoder, NextTokenHead head)
    : TextNetwork<TokenInput.Trace, StepHead.Trace, IReadOnlyList<ReadOnlyMemory<int>>>(parameters, input, encoder, head), ILanguageNetwork
{
    public RecurrentState NewState(int rows) => Encoder.NewState(rows);

    public void Forward(IReadOnlyList<ReadOnlyMemory<int>> rows, IReadOnlyList<int> from, RecurrentState state, LogitsReader logits)
    {
        using Lease lease = Begin();
        (BatchLayout layout, Memory<int> ids) = Lay(lease.Pass, rows);
        TokenInput.Trace tokens = input.Forward(lease.Pass, layout, ids, Encoder, DropoutRates.None);
        Memory<float> hidden = Encoder.Forward(lease.Pass, layout, tokens.Rows, state).Output;
        Give(head.Forward(lease.Pass, layout, hidden.Span, rows, from), head.Labels, rows, from, logits);
    }

    protected override Trace Record(Pass pass, IReadOnlyList<TokenizedText> texts, RecurrentState state)
    {
        (BatchLayout layout, Memory<int> ids) = Lay(pass, [.. texts.Select(text => text.Ids.AsMemory())]);
        return Forward(pass, layout, input.Embed(pass, ids, layout), state, DropoutRates.None);
    }

    /// <summary>Logits [R,V] after every token, dropout included.</summary>
    /// <param name="pass">The pass.</param>
    /// <param name="tokens">The tokens of each row.</param>
    /// <param name="state">In: the start; out: the state after the last token.</param>
    /// <param name="rates">Dropout.</param>
    public Trace Forward(Pass pass, IReadOnlyList<ReadOnlyMemory<int>> tokens, RecurrentState state, DropoutRates rates)
    {
        (BatchLayout layout, Memory<int> ids) = Lay(pass, tokens);
        return Forward(pass, layout, input.Forward(pass, layout, ids, Encoder, rates), state, rates);
    }

    /// <summary>Backward from the loss of these targets and penalties on what the encoder put out. The trace is used up.</summary>
    /// <param name="pass">The pass that recorded.</param>
    /// <param name="trace">What forward left.</param>
    /// <param name="targets">The next tokens of each row.</param>
    /// <param name="gradients">The gradients of the parameters are added.</param>
    /// <param name="smoothing">How much of a target's probability all tokens share.</param>
    /// <param name="penalty">The penalties.</param>
    /// <returns>The summed loss in nats, smoothed, and the penalties.</returns>
    public double Backward(
        Pass pass, in Trace trace, IReadOnlyList<ReadOnlyMemory<int>> targets, Gradients gradients, float smoothing, ActivationPenalty penalty)
    {
        double loss = head.Loss(trace.Layout, trace.Head, targets, smoothing);
        Memory<float> dHidden = head.Backward(pass, trace.Layout, trace.Head, trace.Logits.Span, gradients);
        loss += penalty.Backward(trace.Layout, trace.Head.Hidden.Span, trace.Head.Mask is { } mask ? mask.Span : default, dHidden.Span);
        BackwardFromHidden(pass, trace, dHidden, gradients);
        return loss;
    }

    /// <summary>Forward, and backward from the loss against a sample of the vocabulary and penalties on what the encoder put out.</summary>
    /// <param name="pass">The pass, which records and draws.</param>
    /// <param name="tokens">The tokens of each row.</param>
    /// <param name="state">In: the start; out: the state after the last token.</param>
    /// <param name="rates">Dropout.</param>
    /// <param name="targets">The next tokens of each row.</param>
    /// <param name="gradients">The gradients of the parameters are added.</param>
    /// <param name="sampled">The sample.</param>
    /// <param name="penalty">The penalties.</param>
    /// <returns>The summed loss in nats and the penalties.</returns>
    public double BackwardSampled(
        Pass pass, IReadOnlyList<ReadOnlyMemory<int>> tokens, RecurrentState state, DropoutRates rates, IReadOnlyList<ReadOnlyMemory<int>> targets,
        Gradients gradients, SampledSoftmax sampled, ActivationPenalty penalty)
    {
        (BatchLayout layout, Memory<int> ids) = Lay(pass, tokens);
        TokenInput.Trace made = input.Forward(pass, layout, ids, Encoder, rates);
        Recurrent.Run run = Encoder.Forward(pass, layout, made.Rows, state, rates.Between);
        (double loss, Memory<float> dHidden, Memory<float>? mask) =
            head.BackwardSampled(pass, layout, run.Output, rates.Output, targets, sampled, gradients);
        loss += penalty.Backward(layout, run.Output.Span, mask is { } drop ? drop.Span : default, dHidden.Span);
        BackwardFromHidden(pass, new Trace(layout, made, run, default), dHidden, gradients);
        return loss;
    }
}
