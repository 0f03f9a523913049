using RnnService.Engine.Kernels;
using RnnService.Engine.Layers;
using RnnService.Engine.Text;
using RnnService.Engine.Weights;

namespace RnnService.Engine.Tasks;

/// <summary>Predicts the next token of a text. Immutable and safe for any number of threads.</summary>
public sealed class LanguageModel : TextModel
{
    private readonly Embedding _embedding;
    private readonly Recurrent _recurrent;
    private readonly Linear _head;

    internal LanguageModel(ModelConfig config, ModelVocabulary vocabulary, Parameters parameters)
        : base(config, vocabulary, parameters)
    {
        Codec = new TextCodec(vocabulary.Tokens, config.Tokenizer == Tokenization.Characters ? TokenUnit.Character : TokenUnit.Word);
        _embedding = new Embedding(parameters, "embedding", vocabulary.Tokens.Count, config.EmbeddingSize);
        _recurrent = NewRecurrent(parameters, config.EmbeddingSize);
        _head = config.TieWeights
            ? new Linear(parameters, _embedding.Weight, "head")
            : new Linear(parameters, "head", _recurrent.OutputSize, vocabulary.Tokens.Count);
    }

    /// <summary>Text to ids and back.</summary>
    public TextCodec Codec { get; }

    /// <summary>
    /// Moves every stream on by one step, all together: a stream that is still reading its prompt reads up to
    /// <paramref name="promptChunk"/> tokens, every other one adds a token. A stream's tokens do not depend on its company.
    /// </summary>
    /// <param name="streams">Distinct unfinished streams of this model.</param>
    /// <param name="promptChunk">Most prompt tokens a stream reads in one step, so that a long prompt does not hold up the others.</param>
    public void Advance(IReadOnlyList<Generation> streams, int promptChunk = 64)
    {
        if (streams.Count == 0) return;
        Infer(pass =>
        {
            var pending = new ReadOnlyMemory<int>[streams.Count];
            RecurrentState state = NewState(streams.Count);
            for (int i = 0; i < streams.Count; i++)
            {
                pending[i] = streams[i].Pending(promptChunk);
                state.CopyFrom(streams[i].State, 0, i);
            }

            Trace trace = Hidden(pass, pending, state, new DropoutRates());

            // Logits are wanted after each stream's last token, and after every one where the prompt is scored.
            var rows = new List<int>();
            for (int i = 0; i < streams.Count; i++)
            {
                for (int t = streams[i].IsScoringPrompt ? 0 : pending[i].Length - 1; t < pending[i].Length; t++)
                    rows.Add(trace.Layout.RowOf(i, t));
            }

            ReadOnlySpan<float> logits = Logits(pass, trace, rows).Span;
            int vocabulary = Codec.Vocabulary.Count;
            for (int i = 0, row = 0; i < streams.Count; i++)
            {
                // State and token move on together: should a stream fail here, the others have made the step as a whole or not at all.
                int count = streams[i].IsScoringPrompt ? pending[i].Length : 1;
                streams[i].State.CopyFrom(state, i, 0);
                streams[i].Accept(pending[i].Length, logits.Slice(row * vocabulary, count * vocabulary));
                row += count;
            }

            return true;
        });
    }

    /// <summary>Continues a text alone, a token at a time.</summary>
    /// <exception cref="ArgumentException">The prompt is empty or an option is out of its bounds.</exception>
    public IEnumerable<GeneratedToken> Generate(string prompt, GenerationOptions options)
    {
        var stream = new Generation(this, prompt, options);
        while (stream.Finished is null)
        {
            Advance([stream]);
            if (stream.Newest is { } token) yield return token;
        }
    }

    /// <inheritdoc/>
    public override ModelAnswer Answer(string input)
    {
        int[] ids = Codec.Encode(input);
        if (ids.Length == 0) throw new ArgumentException("an empty text has no answer: at least one token wanted", nameof(input));
        return Infer(pass =>
        {
            Trace trace = Hidden(pass, [ids], NewState(1), new DropoutRates());
            ReadOnlySpan<float> logits = Logits(pass, trace, [.. Enumerable.Range(0, ids.Length)]).Span;
            int vocabulary = Codec.Vocabulary.Count;
            float[] scratch = new float[vocabulary];
            var labels = new string[ids.Length];
            float[] scores = new float[ids.Length];
            for (int t = 0; t < ids.Length; t++)
            {
                ReadOnlySpan<float> row = logits.Slice(t * vocabulary, vocabulary);
                int best = System.Numerics.Tensors.TensorPrimitives.IndexOfMax(row);
                labels[t] = Codec.Vocabulary[best];
                scores[t] = row[t + 1 < ids.Length ? ids[t + 1] : best] - Activations.LogSumExp(row, scratch);
            }

            return new ModelAnswer(labels, scores);
        });
    }

    /// <summary>A zero state for this many streams.</summary>
    public RecurrentState NewState(int streams) => _recurrent.NewState(streams);

    /// <summary>
    /// The summed negative log-likelihood, in nats, of each row's next tokens: row i is fed tokens[0 … n−2] and judged on the rest, from
    /// <paramref name="state"/>, which moves on.
    /// </summary>
    /// <param name="rows">Tokens of each row, one or more; a row of one is not judged and moves nothing.</param>
    /// <param name="state">One state a row, moved on to after the last token fed.</param>
    /// <returns>Nats, one sum a row.</returns>
    public double[] Score(IReadOnlyList<ReadOnlyMemory<int>> rows, RecurrentState state) => Infer(pass =>
    {
        Trace trace = Hidden(pass, [.. rows.Select(row => row[..^1])], state, new DropoutRates());
        ReadOnlySpan<float> logits = Logits(pass, trace).Span;
        int vocabulary = Codec.Vocabulary.Count;
        float[] scratch = new float[vocabulary];
        double[] sums = new double[rows.Count];
        for (int i = 0; i < rows.Count; i++)
        {
            for (int t = 0; t + 1 < rows[i].Length; t++)
            {
                ReadOnlySpan<float> row = logits.Slice(trace.Layout.RowOf(i, t) * vocabulary, vocabulary);
                sums[i] += Activations.LogSumExp(row, scratch) - row[rows[i].Span[t + 1]];
            }
        }

        return sums;
    });

    /// <summary>Reads the tokens up to the last layer's output, dropout included.</summary>
    internal Trace Hidden(Pass pass, IReadOnlyList<ReadOnlyMemory<int>> tokens, RecurrentState state, DropoutRates rates)
    {
        int[] lengths = new int[tokens.Count];
        for (int i = 0; i < lengths.Length; i++) lengths[i] = tokens[i].Length;
        BatchLayout layout = BatchLayout.Of(lengths);
        int[] ids = new int[layout.Rows];
        for (int i = 0; i < lengths.Length; i++)
        {
            ReadOnlySpan<int> row = tokens[i].Span;
            for (int t = 0; t < row.Length; t++) ids[layout.RowOf(i, t)] = row[t];
        }

        Memory<float> embedded = pass.Workspace.Take(layout.Rows * _embedding.Size);
        _embedding.Forward(ids, embedded.Span, _embedding.Size);
        Memory<float>? inputMask = pass.Mask(layout.Batch, _embedding.Size, rates.Embedding);
        if (inputMask is { } mask) Dropout.Apply(layout, mask.Span, embedded.Span);
        Recurrent.Run run = _recurrent.Forward(pass, layout, embedded, state, rates.Between);
        Memory<float>? outputMask = pass.Mask(layout.Batch, _recurrent.OutputSize, rates.Output);
        if (outputMask is { } last) Dropout.Apply(layout, last.Span, run.Output.Span);
        return new Trace(layout, ids, run, inputMask, outputMask);
    }

    /// <summary>Logits of all rows: [R,V].</summary>
    internal Memory<float> Logits(Pass pass, Trace trace)
    {
        Memory<float> logits = pass.Workspace.Take(trace.Layout.Rows * _head.Outputs);
        _head.Forward(trace.Layout.Rows, trace.Run.Output.Span, logits.Span);
        return logits;
    }

    /// <summary>The way back from the gradient of all logits [R,V].</summary>
    internal void Backward(Pass pass, Trace trace, ReadOnlySpan<float> dLogits, Gradients gradients)
    {
        BatchLayout layout = trace.Layout;
        Memory<float> dHidden = pass.Workspace.Take(layout.Rows * _recurrent.OutputSize);
        _head.Backward(layout.Rows, trace.Run.Output.Span, dLogits, dHidden.Span, gradients, pass.Workspace);
        if (trace.OutputMask is { } last) Dropout.Apply(layout, last.Span, dHidden.Span);
        // Truncated backpropagation: nothing comes back from after the last step.
        Memory<float> dInput = _recurrent.Backward(pass, trace.Run, dHidden, NewState(layout.Batch), gradients);
        if (trace.InputMask is { } mask) Dropout.Apply(layout, mask.Span, dInput.Span);
        _embedding.Backward(trace.Ids, dInput.Span, _embedding.Size, gradients);
    }

    internal override void Refresh()
    {
        _recurrent.Refresh();
        _head.Refresh();
    }

    private Memory<float> Logits(Pass pass, Trace trace, List<int> rows)
    {
        int size = _recurrent.OutputSize;
        Span<float> hidden = pass.Workspace.Take(rows.Count * size).Span;
        for (int i = 0; i < rows.Count; i++) trace.Run.Output.Span.Slice(rows[i] * size, size).CopyTo(hidden[(i * size)..]);
        Memory<float> logits = pass.Workspace.Take(rows.Count * _head.Outputs);
        _head.Forward(rows.Count, hidden, logits.Span);
        return logits;
    }

    /// <summary>What reading left behind.</summary>
    internal sealed record Trace(
        BatchLayout Layout, int[] Ids, Recurrent.Run Run, Memory<float>? InputMask, Memory<float>? OutputMask);
}
