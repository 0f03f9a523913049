using RnnService.Engine.Layers;
using RnnService.Engine.Networks.Heads;
using RnnService.Engine.Networks.Inputs;
using RnnService.Engine.Weights;

namespace RnnService.Engine.Networks;

/// <summary>One label a text: token embeddings, recurrent layers, pooling. The targets are a label a text.</summary>
internal sealed class ClassifierNetwork(Parameters parameters, TokenInput input, Recurrent encoder, SequenceHead head)
    : ComposedNetwork<TokenInput.Trace, SequenceHead.Trace, int[]>(parameters, input, encoder, head), IClassifierNetwork
{
    public void Forward(IReadOnlyList<int[]> texts, LogitsReader logits, Action? betweenSteps = null)
    {
        using Lease lease = Begin(betweenSteps);
        Span<float> found = Forward(lease.Pass, texts, DropoutRates.None).Logits.Span;
        for (int i = 0; i < texts.Count; i++) logits(i, 0, found.Slice(i * head.Labels, head.Labels));
    }

    /// <summary>Logits [N,labels] of every text, dropout included.</summary>
    public Trace Forward(Pass pass, IReadOnlyList<int[]> texts, DropoutRates rates)
    {
        (BatchLayout layout, Memory<int> ids) = Lay(pass, [.. texts.Select(text => text.AsMemory())]);
        TokenInput.Trace tokens = input.Forward(pass, layout, ids, Encoder, rates.Embedding);
        return Forward(pass, layout, tokens, Encoder.NewState(layout.Batch), rates);
    }
}
