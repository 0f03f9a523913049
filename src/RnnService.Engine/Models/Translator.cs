using System.Numerics.Tensors;
using RnnService.Engine.Kernels;
using RnnService.Engine.Networks;
using RnnService.Engine.Text;

namespace RnnService.Engine.Models;

/// <summary>
/// Reads a text and writes another, such as a translation or a summary. Immutable and safe for any number of threads; whoever made it disposes of it.
/// </summary>
public sealed class Translator : TextModel
{
    internal Translator(ModelConfig config, ModelVocabulary vocabulary, ITranslatorNetwork network)
        : base(config, vocabulary)
    {
        Network = network;
        TargetTokenizer = vocabulary.Targets is { } targets ? Tokenizer.Create(config.Tokenizer, targets, config.LowerCase) : Tokenizer;
    }

    /// <inheritdoc/>
    public override ITranslatorNetwork Network { get; }

    /// <summary>How it writes text; <see cref="TextModel.Tokenizer"/> where it reads and writes with one vocabulary.</summary>
    public Tokenizer TargetTokenizer { get; }

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

    /// <inheritdoc/>
    public override ModelAnswer Answer(string input)
    {
        Text.Vocabulary written = TargetTokenizer.Vocabulary;
        int[] source = ReadSource(input);
        if (source.Length == 1) throw new ArgumentException("the text holds no token; expected one or more", nameof(input));
        Layers.RecurrentState state = Network.Encode([source]);
        int last = written.EndId;
        float[] scratch = new float[written.Count];
        var (labels, scores) = (new List<string>(), new List<float>());
        while (labels.Count < 2 * source.Length + 10)
        {
            Network.Forward([new[] { last }], [0], state, (_, _, logits) =>
            {
                last = TensorPrimitives.IndexOfMax<float>(logits);
                labels.Add(written[last]);
                scores.Add(logits[last] - Activations.LogSumExp(logits, scratch));
            });
            if (last == written.EndId) break;
        }

        return new ModelAnswer(labels, scores);
    }
}
