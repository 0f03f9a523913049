using System.Numerics.Tensors;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Weights;

namespace RnnService.Engine.Networks;

/// <summary>Embeddings, character network, recurrent layers and output layer of a <see cref="Tagger"/>, forward and backward.</summary>
internal sealed class TaggerNetwork : NativeNetwork, ITaggerNetwork
{
    private const int MostWordsTogether = 128; // a step of their letters is then no longer than one of a sentence's words

    private readonly ModelVocabulary _vocabulary;
    private readonly Embedding _embedding;
    private readonly Embedding? _characterEmbedding;
    private readonly Recurrent? _speller;
    private readonly Recurrent _recurrent;
    private readonly Linear _head;

    public TaggerNetwork(ModelConfig config, ModelVocabulary vocabulary, Parameters parameters)
        : base(config, parameters)
    {
        _vocabulary = vocabulary;
        _embedding = new Embedding(parameters, "embedding", vocabulary.Tokens.Count, config.EmbeddingSize);
        if (config.Characters is { } characters)
        {
            _characterEmbedding = new Embedding(parameters, "characters.embedding", vocabulary.Characters!.Count, characters.EmbeddingSize);
            _speller = new Recurrent(
                config.Cell, parameters, "characters.rnn", characters.EmbeddingSize, characters.HiddenSize, layers: 1, Direction.Bidirectional);
        }

        _recurrent = NewRecurrent(InputSize);
        _head = new Linear(parameters, "head", _recurrent.OutputSize, config.Labels.Count);
    }

    private int InputSize => _embedding.Size + (_speller?.OutputSize ?? 0);

    public void Forward(IReadOnlyList<TaggerInput> sentences, LogitsReader logits, Action? betweenSteps = null)
    {
        Pass pass = Begin(betweenSteps);
        try
        {
            Trace trace = Forward(pass, sentences, [.. sentences.Select(sentence => sentence.Ids)], new DropoutRates());
            int labels = _head.Outputs;
            for (int i = 0; i < sentences.Count; i++)
            {
                for (int t = 0; t < sentences[i].Length; t++)
                    logits(i, t, trace.Logits.Span.Slice(trace.Layout.RowOf(i, t) * labels, labels));
            }
        }
        finally
        {
            End(pass);
        }
    }

    /// <summary>Logits of every word.</summary>
    /// <param name="pass">The pass.</param>
    /// <param name="sentences">The sentences.</param>
    /// <param name="ids">Their words' ids: a trainer replaces some by unknown.</param>
    /// <param name="rates">Dropout.</param>
    public Trace Forward(Pass pass, IReadOnlyList<TaggerInput> sentences, int[][] ids, DropoutRates rates)
    {
        BatchLayout layout = BatchLayout.Of([.. sentences.Select(sentence => sentence.Length)]);
        int[] packed = new int[layout.Rows];
        for (int i = 0; i < ids.Length; i++)
        {
            for (int t = 0; t < ids[i].Length; t++) packed[layout.RowOf(i, t)] = ids[i][t];
        }

        Memory<float> input = pass.Workspace.Take(layout.Rows * InputSize);
        _embedding.Forward(packed, input.Span, InputSize);
        SpellTrace? spelling = _speller is null ? null : Spell(pass, layout, sentences, input.Span);
        Memory<float>? inputMask = pass.Mask(layout.Batch, InputSize, rates.Embedding);
        if (inputMask is { } mask) Dropout.Apply(layout, mask.Span, input.Span);
        Recurrent.Run run = _recurrent.Forward(pass, layout, input, _recurrent.NewState(layout.Batch), rates.Between);
        Memory<float>? outputMask = pass.Mask(layout.Batch, _recurrent.OutputSize, rates.Output);
        if (outputMask is { } last) Dropout.Apply(layout, last.Span, run.Output.Span);
        Memory<float> logits = pass.Workspace.Take(layout.Rows * _head.Outputs);
        _head.Forward(layout.Rows, run.Output.Span, logits.Span, pass.Threads);
        return new Trace(layout, packed, spelling, run, logits, inputMask, outputMask);
    }

    /// <summary>Backward from the gradient of the logits [R,labels].</summary>
    public void Backward(Pass pass, Trace trace, ReadOnlySpan<float> dLogits, Gradients gradients)
    {
        BatchLayout layout = trace.Layout;
        Memory<float> dHidden = pass.Workspace.Take(layout.Rows * _recurrent.OutputSize);
        _head.Backward(layout.Rows, trace.Run.Output.Span, dLogits, dHidden.Span, gradients, pass.Workspace);
        if (trace.OutputMask is { } last) Dropout.Apply(layout, last.Span, dHidden.Span);
        Memory<float> dInput = _recurrent.Backward(pass, trace.Run, dHidden, _recurrent.NewState(layout.Batch), gradients);
        if (trace.InputMask is { } mask) Dropout.Apply(layout, mask.Span, dInput.Span);
        _embedding.Backward(trace.Ids, dInput.Span, InputSize, gradients);
        if (trace.Spelling is { } spelling) SpellBack(pass, spelling, dInput.Span, gradients);
    }

    public override void Refresh()
    {
        _speller?.Refresh();
        _recurrent.Refresh();
        _head.Refresh();
    }

    /// <summary>Reads every distinct word of the batch once, and writes its two last states beside its embeddings.</summary>
    private SpellTrace Spell(Pass pass, BatchLayout words, IReadOnlyList<TaggerInput> sentences, Span<float> input)
    {
        var index = new Dictionary<string, int>(StringComparer.Ordinal);
        var spellings = new List<int[]>();
        int[] wordOf = new int[words.Rows]; // row → distinct word
        for (int i = 0; i < sentences.Count; i++)
        {
            for (int t = 0; t < sentences[i].Length; t++)
            {
                string form = sentences[i].Forms[t];
                if (!index.TryGetValue(form, out int word))
                {
                    index.Add(form, word = spellings.Count);
                    spellings.Add(_vocabulary.Spell(form));
                }

                wordOf[words.RowOf(i, t)] = word;
            }
        }

        // Backward needs one run of all.
        int together = pass.Record ? Math.Max(1, spellings.Count) : MostWordsTogether;
        int width = _speller!.OutputSize;
        Span<float> ends = pass.Workspace.Take(spellings.Count * width).Span; // each word's two last states
        SpellTrace? trace = null;
        for (int first = 0; first < Math.Max(1, spellings.Count); first += together)
        {
            int count = Math.Min(together, spellings.Count - first);
            trace = Spell(pass, spellings.GetRange(first, count), wordOf, ends.Slice(first * width, count * width));
        }

        for (int row = 0; row < wordOf.Length; row++)
            ends.Slice(wordOf[row] * width, width).CopyTo(input[(row * InputSize + _embedding.Size)..]);
        return trace!;
    }

    /// <summary>Reads words letter by letter, and writes the last states of both directions of each [words, 2·H].</summary>
    private SpellTrace Spell(Pass pass, List<int[]> spellings, int[] wordOf, Span<float> ends)
    {
        BatchLayout layout = BatchLayout.Of([.. spellings.Select(spelling => spelling.Length)]);
        int[] ids = new int[layout.Rows];
        for (int word = 0; word < spellings.Count; word++)
        {
            for (int t = 0; t < spellings[word].Length; t++) ids[layout.RowOf(word, t)] = spellings[word][t];
        }

        Memory<float> embedded = pass.Workspace.Take(layout.Rows * _characterEmbedding!.Size);
        _characterEmbedding.Forward(ids, embedded.Span, _characterEmbedding.Size);
        RecurrentState state = _speller!.NewState(layout.Batch);
        Recurrent.Run run = _speller.Forward(pass, layout, embedded, state);
        int size = _speller.HiddenSize;
        for (int word = 0; word < spellings.Count; word++)
        {
            for (int direction = 0; direction < 2; direction++)
                state.Hidden.AsSpan((direction * layout.Batch + word) * size, size).CopyTo(ends[((word * 2 + direction) * size)..]);
        }

        return new SpellTrace(ids, wordOf, run);
    }

    private void SpellBack(Pass pass, SpellTrace trace, ReadOnlySpan<float> dInput, Gradients gradients)
    {
        BatchLayout layout = trace.Run.Layout;
        RecurrentState dState = _speller!.NewState(layout.Batch);
        int size = _speller.HiddenSize;
        for (int row = 0; row < trace.WordOf.Length; row++)
        {
            for (int direction = 0; direction < 2; direction++)
            {
                Span<float> target = dState.Hidden.AsSpan((direction * layout.Batch + trace.WordOf[row]) * size, size);
                TensorPrimitives.Add(
                    target, dInput.Slice(row * InputSize + _embedding.Size + direction * size, size), target);
            }
        }

        Memory<float> none = pass.Workspace.TakeZeros(layout.Rows * _speller.OutputSize);
        Memory<float> dEmbedded = _speller.Backward(pass, trace.Run, none, dState, gradients);
        _characterEmbedding!.Backward(trace.Ids, dEmbedded.Span, _characterEmbedding.Size, gradients);
    }

    /// <summary>What forward left: logits [R,labels] and what backward needs.</summary>
    internal sealed record Trace(
        BatchLayout Layout, int[] Ids, SpellTrace? Spelling, Recurrent.Run Run, Memory<float> Logits,
        Memory<float>? InputMask, Memory<float>? OutputMask);

    /// <summary>What spelling left behind: the character at each row, and the distinct word of each row of the sentences.</summary>
    internal sealed record SpellTrace(int[] Ids, int[] WordOf, Recurrent.Run Run);
}
