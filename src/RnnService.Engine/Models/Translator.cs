using RnnService.Engine.Generation;
using RnnService.Engine.Kernels;
using RnnService.Engine.Networks;
using RnnService.Engine.Text;

namespace RnnService.Engine.Models;

/// <summary>
/// Reads a text and writes another, such as a translation or a summary. Immutable and safe for any number of threads; whoever made it disposes of it.
/// </summary>
/// <example>
/// <code>
/// using var translator = Translator.Load("models/translate-fr-en");
/// Console.WriteLine(translator.Translate("Il fait beau.", new() { Beams = 5 }));
/// </code>
/// </example>
public sealed class Translator : GenerativeModel
{
    /// <summary>Most tokens of a source.</summary>
    public const int MostSourceTokens = 4096;

    internal Translator(ModelConfig config, ModelVocabulary vocabulary, ITranslatorNetwork network)
        : base(config, vocabulary)
    {
        Network = network;
        TargetTokenizer = vocabulary.Targets is { } targets ? Tokenizer.Create(config.Tokenizer, targets, config.LowerCase) : Tokenizer;
    }

    /// <inheritdoc/>
    public override ITranslatorNetwork Network { get; }

    /// <inheritdoc/>
    public override Tokenizer TargetTokenizer { get; }

    /// <summary>Loads a translator from its folder and checks that it still gives its golden answer.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="cancellationToken">Ends loading.</param>
    /// <exception cref="ModelFolderException">A file is missing or wrong, or the folder holds another kind of model; the message says which.</exception>
    /// <exception cref="OperationCanceledException">It was ended.</exception>
    public static Translator Load(string path, CancellationToken cancellationToken = default) => ModelFolder.Load<Translator>(path, null, cancellationToken);

    /// <summary>The ids that the encoder reads of a source: its tokens', then the end token's.</summary>
    public int[] ReadSource(string text) => [.. Tokenizer.Encode(text), Vocabulary.Tokens.EndId];

    /// <summary>The ids of a target between two end tokens: the decoder reads all but the last and should write all but the first.</summary>
    public int[] ReadTarget(string text) =>
        [TargetTokenizer.Vocabulary.EndId, .. TargetTokenizer.Encode(text), TargetTokenizer.Vocabulary.EndId];

    /// <summary>The summed negative log-likelihood, in nats, of each target given its source.</summary>
    /// <param name="sources">From <see cref="ReadSource"/>.</param>
    /// <param name="targets">From <see cref="ReadTarget"/>.</param>
    /// <returns>Nats, one sum a pair.</returns>
    /// <exception cref="NetworkException">The network cannot compute one of these texts.</exception>
    public double[] Score(IReadOnlyList<int[]> sources, IReadOnlyList<int[]> targets)
    {
        float[] scratch = new float[TargetTokenizer.Vocabulary.Count];
        double[] sums = new double[targets.Count];
        Network.Forward(
            [.. targets.Select(target => target.AsMemory(0, target.Length - 1))], new int[targets.Count], Network.Encode(sources),
            (row, step, logits) => sums[row] += Activations.LogSumExp(logits, scratch) - logits[targets[row][step + 1]]);
        return sums;
    }

    /// <summary>What this model's maker chose for callers who ask for nothing else; the likeliest token after the other where there is nothing.</summary>
    public override GenerationOptions DefaultOptions => Config.Generation ?? new GenerationOptions { DoSample = false };

    /// <summary>The best text for a source.</summary>
    /// <inheritdoc cref="Translate(IReadOnlyList{string}, GenerationOptions?)"/>
    /// <param name="text">The source.</param>
    /// <param name="options">How; what is left out is <see cref="DefaultOptions"/>'.</param>
    public string Translate(string text, GenerationOptions? options = null) => Translate([text], options)[0].Hypotheses[0].Text;

    /// <summary>Texts for sources, computed together: each is what it would be alone.</summary>
    /// <param name="texts">The sources.</param>
    /// <param name="options">
    /// How: tokens are drawn where <see cref="GenerationOptions.DoSample"/> says so, searched for with <see cref="GenerationOptions.Beams"/>, and else the
    /// likeliest. What is left out is <see cref="DefaultOptions"/>'. A text has at most <see cref="GenerationOptions.MaxNewTokens"/>, and no more than
    /// twice its source's and 20.
    /// </param>
    /// <returns>For each source its texts, tokens and where they look: <see cref="GenerationStream.Hypotheses"/>, <see cref="GenerationStream.SourceTokens"/>.</returns>
    /// <exception cref="ArgumentException">A source holds nothing that the model reads, or more than <see cref="MostSourceTokens"/>; or an option is out of its bounds.</exception>
    /// <exception cref="NetworkException">The network cannot compute one of these texts.</exception>
    public IReadOnlyList<GenerationStream> Translate(IReadOnlyList<string> texts, GenerationOptions? options = null)
    {
        GenerationStream[] streams = [.. texts.Select(text => NewStream(text, options))];
        Write(streams);
        return streams;
    }

    /// <summary>Prepares to write a text from a source, for a <see cref="GenerativeModel.NewBatch"/> to move on.</summary>
    /// <inheritdoc cref="Translate(IReadOnlyList{string}, GenerationOptions?)"/>
    /// <param name="text">The source.</param>
    /// <param name="options">How.</param>
    public override GenerationStream NewStream(string text, GenerationOptions? options = null)
    {
        GenerationOptions all = options?.Over(DefaultOptions) ?? DefaultOptions;
        return GenerationStream.Translate(Network, Tokenizer, TargetTokenizer, text, all, MostSourceTokens, searches: all.Beams > 1);
    }

    /// <inheritdoc/>
    public override ModelAnswer Answer(string input)
    {
        Hypothesis written = Translate([input], new GenerationOptions { DoSample = false, Beams = 1, Best = 1, MaxNewTokens = int.MaxValue })[0].Hypotheses[0];
        return new ModelAnswer(
            [.. written.Tokens.Select(token => TargetTokenizer.Vocabulary[token.Id])], [.. written.Tokens.Select(token => token.LogProbability)]);
    }
}
