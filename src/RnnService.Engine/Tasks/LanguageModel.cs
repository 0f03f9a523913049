using System.Numerics.Tensors;
using RnnService.Engine.Kernels;
using RnnService.Engine.Layers;
using RnnService.Engine.Text;

namespace RnnService.Engine.Tasks;

/// <summary>Predicts the next token of a text. Immutable and safe for any number of threads.</summary>
public sealed class LanguageModel : TextModel
{
    internal LanguageModel(ModelConfig config, ModelVocabulary vocabulary, ILanguageNetwork network)
        : base(config, vocabulary)
    {
        Codec = new TextCodec(vocabulary.Tokens, config.Tokenizer == Tokenization.Characters ? TokenUnit.Character : TokenUnit.Word);
        Network = network;
    }

    /// <inheritdoc/>
    public override ILanguageNetwork Network { get; }

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
        var pending = new ReadOnlyMemory<int>[streams.Count];
        int[] from = new int[streams.Count];
        RecurrentState state = NewState(streams.Count);
        for (int i = 0; i < streams.Count; i++)
        {
            pending[i] = streams[i].Pending(promptChunk);
            // Logits are wanted after each stream's last token, and after every one where the prompt is scored.
            from[i] = streams[i].IsScoringPrompt ? 0 : pending[i].Length - 1;
            state.CopyFrom(streams[i].State, 0, i);
        }

        Network.Read(pending, from, state, (row, step, logits) =>
        {
            // State and token move on together: should a stream fail here, the others have made the step as a whole or not at all.
            if (step == pending[row].Length - 1) streams[row].State.CopyFrom(state, row, 0);
            streams[row].Accept(step, pending[row].Length, logits);
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
        float[] scratch = new float[Codec.Vocabulary.Count];
        string[] labels = new string[ids.Length];
        float[] scores = new float[ids.Length];
        Network.Read([ids], [0], NewState(1), (_, step, logits) =>
        {
            int best = TensorPrimitives.IndexOfMax<float>(logits);
            labels[step] = Codec.Vocabulary[best];
            scores[step] = logits[step + 1 < ids.Length ? ids[step + 1] : best] - Activations.LogSumExp(logits, scratch);
        });
        return new ModelAnswer(labels, scores);
    }

    /// <summary>A zero state for this many streams.</summary>
    public RecurrentState NewState(int streams) => Network.NewState(streams);

    /// <summary>
    /// The summed negative log-likelihood, in nats, of each row's next tokens: row i is fed tokens[0 … n−2] and judged on the rest, from
    /// <paramref name="state"/>, which moves on.
    /// </summary>
    /// <param name="rows">Tokens of each row, one or more; a row of one is not judged and moves nothing.</param>
    /// <param name="state">One state a row, moved on to after the last token fed.</param>
    /// <returns>Nats, one sum a row.</returns>
    public double[] Score(IReadOnlyList<ReadOnlyMemory<int>> rows, RecurrentState state)
    {
        float[] scratch = new float[Codec.Vocabulary.Count];
        double[] sums = new double[rows.Count];
        Network.Read([.. rows.Select(row => row[..^1])], new int[rows.Count], state, (row, step, logits) =>
            sums[row] += Activations.LogSumExp(logits, scratch) - logits[rows[row].Span[step + 1]]);
        return sums;
    }
}
