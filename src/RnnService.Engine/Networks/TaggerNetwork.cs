using RnnService.Engine.Layers;
using RnnService.Engine.Networks.Heads;
using RnnService.Engine.Networks.Inputs;
using RnnService.Engine.Text;
using RnnService.Engine.Weights;

namespace RnnService.Engine.Networks;

/// <summary>
/// One label a word: embeddings, characters where there is a network for them, recurrent layers. Where words are read in pieces, what stands for one is
/// taken from its pieces: <see cref="WordRows"/>. The targets are the labels of each sentence.
/// </summary>
internal sealed class TaggerNetwork(Parameters parameters, WordInput input, Recurrent encoder, IHead<StepHead.Trace, IReadOnlyList<ReadOnlyMemory<int>>> head)
    : TextNetwork<WordInput.Trace, StepHead.Trace, IReadOnlyList<ReadOnlyMemory<int>>>(parameters, input, encoder, head), ITaggerNetwork
{
    public LabelTransitions? Transitions => (Head as CrfHead)?.Transitions;

    public void Forward(IReadOnlyList<TaggerInput> sentences, LogitsReader logits, Action? betweenSteps = null)
    {
        using Lease lease = Begin(betweenSteps);
        Trace trace = Forward(lease.Pass, sentences, [.. sentences.Select(sentence => sentence.Ids)], DropoutRates.None);
        Span<float> found = trace.Logits.Span;
        for (int i = 0; i < sentences.Count; i++)
        {
            for (int t = 0; t < sentences[i].Length; t++) logits(i, t, found.Slice(trace.Answers.RowOf(i, t) * Head.Labels, Head.Labels));
        }
    }

    protected override Trace Record(Pass pass, IReadOnlyList<TokenizedText> texts, RecurrentState state)
    {
        (BatchLayout layout, Memory<int> ids) = Lay(pass, [.. texts.Select(text => text.Ids.AsMemory())]);
        string[][] forms = [.. texts.Select(text => text.Tokens.Select(token => token.Text).ToArray())];
        WordRows? words = WordsOf(layout, [.. texts.Select(text => text.WordEnds)]);
        return Forward(pass, layout, input.Forward(pass, layout, ids, forms, DropoutRates.None), state, DropoutRates.None, words);
    }

    /// <summary>What the head reads of each sentence: what the encoder gives, [N][T·W].</summary>
    public float[][] Features(Pass pass, IReadOnlyList<TaggerInput> sentences)
    {
        (BatchLayout layout, Memory<int> byRow) = Lay(pass, [.. sentences.Select(sentence => sentence.Ids.AsMemory())]);
        return EncoderOutputs(pass, layout, input.Forward(pass, layout, byRow, [.. sentences.Select(sentence => sentence.Forms)], DropoutRates.None), WordsOf(layout, sentences));
    }

    /// <summary>Logits [R,labels] of every word, dropout included.</summary>
    /// <param name="pass">The pass.</param>
    /// <param name="sentences">The sentences.</param>
    /// <param name="ids">Their tokens' ids: a trainer replaces some by unknown.</param>
    /// <param name="rates">Dropout.</param>
    public Trace Forward(Pass pass, IReadOnlyList<TaggerInput> sentences, int[][] ids, DropoutRates rates)
    {
        (BatchLayout layout, Memory<int> byRow) = Lay(pass, [.. ids.Select(row => row.AsMemory())]);
        WordInput.Trace words = input.Forward(pass, layout, byRow, [.. sentences.Select(sentence => sentence.Forms)], rates);
        return Forward(pass, layout, words, Encoder.NewState(layout.Batch), rates, WordsOf(layout, sentences));
    }

    /// <summary>Width of what a head reads.</summary>
    public int OutputSize => Encoder.OutputSize;

    /// <summary>Backward from the loss of these targets, see <see cref="LossOf"/>, and from that of auxiliary heads, where there are any.</summary>
    /// <param name="pass">The pass that recorded.</param>
    /// <param name="trace">What forward left.</param>
    /// <param name="targets">The labels of each sentence.</param>
    /// <param name="weights">[labels] what each counts; empty for 1 each.</param>
    /// <param name="gradients">The gradients of the parameters are added.</param>
    /// <param name="others">The auxiliary heads.</param>
    /// <param name="otherTargets">For each of them the labels of each sentence.</param>
    /// <returns>The summed loss in nats.</returns>
    public double Backward(
        Pass pass, in Trace trace, IReadOnlyList<ReadOnlyMemory<int>> targets, float[] weights, Gradients gradients,
        AuxiliaryHeads? others = null, IReadOnlyList<ReadOnlyMemory<int>>[]? otherTargets = null)
    {
        double loss = LossOf(trace.Answers, trace.Head, targets, weights, gradients);
        Memory<float> dHidden = Head.Backward(pass, trace.Answers, trace.Head, trace.Logits.Span, gradients);
        if (others is not null) loss += others.Backward(pass, trace.Answers, trace.Head.Hidden, otherTargets!, gradients, dHidden);
        BackwardFromHidden(pass, trace, dHidden, gradients);
        return loss;
    }

    /// <summary>The head's loss, which leaves the gradient in the place of the logits.</summary>
    /// <param name="layout">Where the words lie.</param>
    /// <param name="trace">What the head left.</param>
    /// <param name="targets">The labels of each sentence.</param>
    /// <param name="weights">[labels] what each counts; empty for 1 each. A conditional random field judges whole sentences and has no use for them.</param>
    /// <param name="gradients">The gradients of the head's own parameters are added.</param>
    public double LossOf(BatchLayout layout, in StepHead.Trace trace, IReadOnlyList<ReadOnlyMemory<int>> targets, float[] weights, Gradients gradients) =>
        weights.Length > 0 && Head is StepHead alone ? alone.Loss(layout, trace, targets, smoothing: 0, weights) : Head.Loss(layout, trace, targets, gradients);

    private static WordRows? WordsOf(BatchLayout layout, IReadOnlyList<TaggerInput> sentences) => WordsOf(layout, [.. sentences.Select(sentence => sentence.Ends)]);

    /// <summary>The words of sentences; null where every token is one, as in all sentences of a tagger or in none.</summary>
    private static WordRows? WordsOf(BatchLayout layout, int[]?[] ends) => ends.OfType<int[]>().Any() ? new WordRows(layout, [.. ends.OfType<int[]>()]) : null;
}
