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
        TokenInput.Trace tokens = input.Forward(lease.Pass, layout, ids, Encoder, dropRate: 0);
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
        return Forward(pass, layout, input.Forward(pass, layout, ids, Encoder, rates.Embedding), state, rates);
    }
}
