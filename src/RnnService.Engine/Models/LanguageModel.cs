using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using RnnService.Engine.Generation;
using RnnService.Engine.Kernels;
using RnnService.Engine.Layers;
using RnnService.Engine.Networks;
using RnnService.Engine.Text;

namespace RnnService.Engine.Models;

/// <summary>
/// Predicts the next token of a text, and so continues it. Immutable and safe for any number of threads; whoever made it disposes of it.
/// </summary>
/// <example>
/// <code>
/// using var poet = LanguageModel.Load("models/shakespeare");
/// await foreach (GeneratedToken token in poet.GenerateAsync("ROMEO:", new() { Temperature = 0.6f, Seed = 7 }))
///     Console.Write(token.Text);
/// </code>
/// </example>
public sealed class LanguageModel : GenerativeModel
{
    internal LanguageModel(ModelConfig config, ModelVocabulary vocabulary, ILanguageNetwork network)
        : base(config, vocabulary)
    {
        Network = network;
    }

    /// <inheritdoc/>
    public override ILanguageNetwork Network { get; }

    /// <inheritdoc/>
    public override GenerationOptions DefaultOptions => Config.Generation ?? new GenerationOptions();

    /// <summary>Loads a language model from its folder and checks that it still gives its golden answer.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="cancellationToken">Ends loading.</param>
    /// <exception cref="ModelFolderException">A file is missing or wrong, or the folder holds another kind of model; the message says which.</exception>
    /// <exception cref="OperationCanceledException">It was ended.</exception>
    public static LanguageModel Load(string path, CancellationToken cancellationToken = default) => ModelFolder.Load<LanguageModel>(path, null, cancellationToken);

    /// <summary>Continues a text, a token at a time as the caller asks for them.</summary>
    /// <param name="prompt">The text; an empty one begins a text.</param>
    /// <param name="options">How; what is left out is <see cref="DefaultOptions"/>'.</param>
    /// <exception cref="ArgumentException">The prompt holds nothing that the model reads, or an option is out of its bounds.</exception>
    /// <exception cref="NetworkException">The network cannot compute this text.</exception>
    public IEnumerable<GeneratedToken> Generate(string prompt, GenerationOptions? options = null)
    {
        GenerationStream stream = NewStream(prompt, options);
        GenerationBatch batch = NewBatch();
        if (stream.Newest is { } first) yield return first; // an empty prompt may begin with a token
        while (stream.Finished is null)
        {
            if (Step(batch, stream) is { } token) yield return token;
        }
    }

    /// <summary>Continues a text, a token at a time, each computed by a thread of the pool.</summary>
    /// <inheritdoc cref="Generate"/>
    /// <param name="prompt">The text; an empty one begins a text.</param>
    /// <param name="options">How; what is left out is <see cref="DefaultOptions"/>'.</param>
    /// <param name="cancellationToken">Ends it before the next token.</param>
    /// <exception cref="OperationCanceledException">It was ended.</exception>
    public async IAsyncEnumerable<GeneratedToken> GenerateAsync(
        string prompt, GenerationOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        GenerationStream stream = NewStream(prompt, options);
        GenerationBatch batch = NewBatch();
        if (stream.Newest is { } first) yield return first;
        while (stream.Finished is null)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (await Task.Run(() => Step(batch, stream), cancellationToken).ConfigureAwait(false) is { } token) yield return token;
        }
    }

    /// <summary>The text that follows a prompt, all at once.</summary>
    /// <inheritdoc cref="Generate"/>
    public string Complete(string prompt, GenerationOptions? options = null) => Complete([prompt], options)[0];

    /// <summary>The texts that follow prompts, computed together: each is what it would be alone.</summary>
    /// <param name="prompts">The texts.</param>
    /// <param name="options">How; what is left out is <see cref="DefaultOptions"/>'. With a seed every text draws from that seed.</param>
    /// <exception cref="ArgumentException">A prompt holds nothing that the model reads, or an option is out of its bounds.</exception>
    /// <exception cref="NetworkException">The network cannot compute one of these texts.</exception>
    public IReadOnlyList<string> Complete(IReadOnlyList<string> prompts, GenerationOptions? options = null)
    {
        GenerationStream[] streams = [.. prompts.Select(prompt => NewStream(prompt, options))];
        Write(streams);
        return [.. streams.Select(stream => stream.Text)];
    }

    /// <inheritdoc/>
    public override GenerationStream NewStream(string text, GenerationOptions? options = null) => NewStream(text, options, state: null);

    /// <summary>Prepares to continue a text, for a <see cref="GenerativeModel.NewBatch"/> to move on.</summary>
    /// <param name="prompt">The text; an empty one goes on from the state, and without one it begins a text.</param>
    /// <param name="options">How; what is left out is <see cref="DefaultOptions"/>'.</param>
    /// <param name="state">
    /// The text before it, from <see cref="GenerationStream.SaveState"/> of a stream of this model. With the options that that stream had, what follows
    /// is what would have followed there, bit for bit; the draws go on unless the options have another seed.
    /// </param>
    /// <exception cref="ArgumentException">
    /// The prompt holds nothing that the model reads, or an option is out of its bounds. A model with an unknown token reads whatever it does
    /// not know as that: <see cref="GenerationStream.KnowsPrompt"/>.
    /// </exception>
    public GenerationStream NewStream(string prompt, GenerationOptions? options, StreamState? state) =>
        GenerationStream.Continue(Network, Tokenizer, prompt, options?.Over(Config.Generation) ?? DefaultOptions, state);

    /// <summary>Prepares to continue a text of tokens.</summary>
    /// <inheritdoc cref="NewStream(string, GenerationOptions?, StreamState?)"/>
    /// <param name="prompt">Ids of the text's tokens; none go on from the state, and without one they begin a text.</param>
    /// <param name="options">How.</param>
    /// <param name="state">The text before them.</param>
    /// <exception cref="ArgumentException">A token is none of the model's, or an option is out of its bounds.</exception>
    public GenerationStream NewStream(IReadOnlyList<int> prompt, GenerationOptions? options = null, StreamState? state = null) =>
        GenerationStream.Continue(Network, Tokenizer, prompt, options?.Over(Config.Generation) ?? DefaultOptions, state);

    /// <summary>A state of a stream of this model from its bytes.</summary>
    /// <param name="bytes">From <see cref="StreamState.ToBytes"/>, or from anywhere: no more is allocated than they and this model's state take.</param>
    /// <exception cref="StreamStateException">
    /// They were changed or cut off, or are a state of a model of other sizes. Another model of the same sizes cannot be told from this one here.
    /// </exception>
    public StreamState ReadState(ReadOnlySpan<byte> bytes) => StateBytes.Read(bytes, Network, Vocabulary.Tokens.Count);

    /// <inheritdoc/>
    public override ModelAnswer Answer(string input)
    {
        int[] ids = Tokenizer.Encode(input);
        if (ids.Length == 0) throw new ArgumentException("the text holds no token; expected one or more", nameof(input));
        float[] scratch = new float[Vocabulary.Tokens.Count];
        string[] labels = new string[ids.Length];
        float[] scores = new float[ids.Length];
        Network.Forward([ids], [0], NewState(1), (_, step, logits) =>
        {
            int best = TensorPrimitives.IndexOfMax<float>(logits);
            labels[step] = Vocabulary.Tokens[best];
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
        float[] scratch = new float[Vocabulary.Tokens.Count];
        double[] sums = new double[rows.Count];
        Network.Forward([.. rows.Select(row => row[..^1])], new int[rows.Count], state, (row, step, logits) =>
            sums[row] += Activations.LogSumExp(logits, scratch) - logits[rows[row].Span[step + 1]]);
        return sums;
    }

    private static GeneratedToken? Step(GenerationBatch batch, GenerationStream stream)
    {
        batch.Advance([stream]);
        ThrowIfFailed(stream);
        return stream.Newest;
    }
}
