using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Weights;

namespace RnnService.Engine.Networks;

/// <summary>Embedding, recurrent layers and output layer of a <see cref="LanguageModel"/>, forward and backward.</summary>
internal sealed class LanguageNetwork : NativeNetwork, ILanguageNetwork
{
    private readonly Embedding _embedding;
    private readonly Recurrent _recurrent;
    private readonly Linear _head;

    public LanguageNetwork(ModelConfig config, ModelVocabulary vocabulary, Parameters parameters)
        : base(config, parameters)
    {
        _embedding = new Embedding(parameters, "embedding", vocabulary.Tokens.Count, config.EmbeddingSize);
        _recurrent = NewRecurrent(config.EmbeddingSize, _embedding);
        _head = config.TieWeights
            ? new Linear(parameters, _embedding.Weight, "head")
            : new Linear(parameters, "head", _recurrent.OutputSize, vocabulary.Tokens.Count);
    }

    public RecurrentState NewState(int rows) => _recurrent.NewState(rows);

    public void Forward(IReadOnlyList<ReadOnlyMemory<int>> rows, IReadOnlyList<int> from, RecurrentState state, LogitsReader logits)
    {
        Pass pass = Begin();
        try
        {
            Forward(pass, rows, from, state, logits);
        }
        finally
        {
            End(pass);
        }
    }

    /// <summary>Reads the tokens up to the last layer's output, dropout included, and records what backward needs.</summary>
    public Trace Hidden(Pass pass, IReadOnlyList<ReadOnlyMemory<int>> tokens, RecurrentState state, DropoutRates rates)
    {
        (BatchLayout layout, Memory<int> ids) = Lay(pass, tokens);
        Memory<float>? inputMask = pass.Mask(layout.Batch, _embedding.Size, rates.Embedding);
        Recurrent.Run run;
        if (inputMask is { } mask)
        {
            Memory<float> embedded = pass.Workspace.Take(layout.Rows * _embedding.Size);
            _embedding.Forward(ids.Span, embedded.Span, _embedding.Size);
            Dropout.Apply(layout, mask.Span, embedded.Span);
            run = _recurrent.Forward(pass, layout, embedded, state, rates.Between);
        }
        else
        {
            run = _recurrent.ForwardTokens(pass, layout, ids, state, rates.Between);
        }

        Memory<float>? outputMask = pass.Mask(layout.Batch, _recurrent.OutputSize, rates.Output);
        if (outputMask is { } last) Dropout.Apply(layout, last.Span, run.Output.Span);
        return new Trace(layout, ids, run, inputMask, outputMask);
    }

    /// <summary>Logits of all rows: [R,V].</summary>
    public Memory<float> Logits(Pass pass, Trace trace)
    {
        Memory<float> logits = pass.Workspace.Take(trace.Layout.Rows * _head.Outputs);
        _head.Forward(trace.Layout.Rows, trace.Run.Output.Span, logits.Span);
        return logits;
    }

    /// <summary>Backward from the gradient of all logits [R,V].</summary>
    public void Backward(Pass pass, Trace trace, ReadOnlySpan<float> dLogits, Gradients gradients)
    {
        BatchLayout layout = trace.Layout;
        Memory<float> dHidden = pass.Workspace.Take(layout.Rows * _recurrent.OutputSize);
        _head.Backward(layout.Rows, trace.Run.Output.Span, dLogits, dHidden.Span, gradients, pass.Workspace);
        if (trace.OutputMask is { } last) Dropout.Apply(layout, last.Span, dHidden.Span);
        // Truncated backpropagation: nothing comes back from after the last step.
        Memory<float> dInput = _recurrent.Backward(pass, trace.Run, dHidden, NewState(layout.Batch), gradients);
        if (trace.InputMask is not { } mask) return; // tokens were read, and their embedding has its gradient
        Dropout.Apply(layout, mask.Span, dInput.Span);
        _embedding.Backward(trace.Ids.Span, dInput.Span, _embedding.Size, gradients);
    }

    public override void Refresh()
    {
        _recurrent.Refresh();
        _head.Refresh();
    }

    private void Forward(
        Pass pass, IReadOnlyList<ReadOnlyMemory<int>> rows, IReadOnlyList<int> from, RecurrentState state, LogitsReader logits)
    {
        (BatchLayout layout, Memory<int> ids) = Lay(pass, rows);
        Span<float> output = _recurrent.Read(pass, layout, ids, state).Span;
        int count = 0, size = _recurrent.OutputSize, vocabulary = _head.Outputs;
        for (int i = 0; i < rows.Count; i++) count += Math.Max(0, rows[i].Length - from[i]);

        // The output layer is the largest product of all: only the rows asked for go through it.
        Span<float> wanted = pass.Workspace.Take(count * size).Span, results = pass.Workspace.Take(count * vocabulary).Span;
        for (int i = 0, at = 0; i < rows.Count; i++)
        {
            for (int t = from[i]; t < rows[i].Length; t++, at++)
                output.Slice(layout.RowOf(i, t) * size, size).CopyTo(wanted[(at * size)..]);
        }

        _head.Forward(count, wanted, results, pass.Threads);
        for (int i = 0, at = 0; i < rows.Count; i++)
        {
            for (int t = from[i]; t < rows[i].Length; t++, at++) logits(i, t, results.Slice(at * vocabulary, vocabulary));
        }
    }

    /// <summary>What reading left behind.</summary>
    internal sealed record Trace(
        BatchLayout Layout, ReadOnlyMemory<int> Ids, Recurrent.Run Run, Memory<float>? InputMask, Memory<float>? OutputMask);
}
