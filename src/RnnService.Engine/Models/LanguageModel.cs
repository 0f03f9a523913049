using System.Numerics.Tensors;
using System.Runtime.ExceptionServices;
using RnnService.Engine.Generation;
using RnnService.Engine.Kernels;
using RnnService.Engine.Layers;
using RnnService.Engine.Networks;
using RnnService.Engine.Text;

namespace RnnService.Engine.Models;

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
    /// Moves streams on by one step together, as <see cref="GenerationBatch.Advance"/> does; who does so again and again keeps a batch.
    /// Safe for any number of threads, each with streams of its own.
    /// </summary>
    public void Advance(IReadOnlyList<GenerationStream> streams, int promptChunk = 64)
    {
        var batch = new GenerationBatch(this);
        try
        {
            batch.Advance(streams, promptChunk);
        }
        finally
        {
            foreach (GenerationStream stream in streams) batch.Remove(stream);
        }
    }

    /// <summary>Continues a text alone, a token at a time.</summary>
    /// <inheritdoc cref="GenerationStream(LanguageModel, string, GenerationOptions)" path="/exception"/>
    public IEnumerable<GeneratedToken> Generate(string prompt, GenerationOptions options)
    {
        GenerationStream[] stream = [new(this, prompt, options)];
        var batch = new GenerationBatch(this);
        if (stream[0].Newest is { } first) yield return first; // an empty prompt may begin with a token
        while (stream[0].Finished is null)
        {
            batch.Advance(stream);
            if (stream[0].Failure is { } failure) ExceptionDispatchInfo.Throw(failure);
            if (stream[0].Newest is { } token) yield return token;
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
        Network.Forward([ids], [0], NewState(1), (_, step, logits) =>
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
        Network.Forward([.. rows.Select(row => row[..^1])], new int[rows.Count], state, (row, step, logits) =>
            sums[row] += Activations.LogSumExp(logits, scratch) - logits[rows[row].Span[step + 1]]);
        return sums;
    }
}
