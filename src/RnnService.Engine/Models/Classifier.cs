using RnnService.Engine.Kernels;
using RnnService.Engine.Networks;
using RnnService.Engine.Text;

namespace RnnService.Engine.Models;

/// <summary>What a classifier's logits are turned into.</summary>
public enum ScoreFunction
{
    /// <summary>Probabilities of which one label is right: they sum to 1.</summary>
    Softmax,

    /// <summary>Probabilities of each label by itself.</summary>
    Sigmoid,

    /// <summary>The logits as they are.</summary>
    None,
}

/// <summary>A label and what a model thinks of it.</summary>
/// <param name="Label">The label's name.</param>
/// <param name="Score">Its probability, or what another <see cref="ScoreFunction"/> makes of its logit.</param>
public readonly record struct LabelScore(string Label, float Score)
{
    internal static LabelScore[] Ranked(IReadOnlyList<string> labels, float[] scores) =>
        [.. scores.Select((score, label) => new LabelScore(labels[label], score)).OrderByDescending(label => label.Score)];
}

/// <summary>Gives a text one label, or as many as fit (<see cref="ModelConfig.MultiLabel"/>). Immutable and safe for any number of threads; whoever made it disposes of it.</summary>
/// <example>
/// <code>
/// using var reviews = Classifier.Load("models/sentiment");
/// LabelScore best = reviews.Classify("A lovely film.")[0];
/// </code>
/// </example>
public sealed class Classifier : TextModel
{
    // Products of 8-bit numbers round what they read: of steps there is no gradient, and no integral of one.
    private readonly Lazy<ClassifierNetwork> _smooth;

    internal Classifier(ModelConfig config, ModelVocabulary vocabulary, IClassifierNetwork network)
        : base(config, vocabulary)
    {
        Network = network;
        _smooth = new Lazy<ClassifierNetwork>(() => Parameters.All.Any(one => one.Type == ElementType.I8)
            ? (ClassifierNetwork)((Classifier)InSinglePrecision()).Network : (ClassifierNetwork)Network);
    }

    /// <inheritdoc/>
    public override IClassifierNetwork Network { get; }

    /// <summary>The labels' names in id order.</summary>
    public IReadOnlyList<string> Labels => Config.Labels;

    /// <summary>Loads a classifier from its folder and checks that it still gives its golden answer.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="cancellationToken">Ends loading.</param>
    /// <exception cref="ModelFolderException">A file is missing or wrong, or the folder holds another kind of model; the message says which.</exception>
    /// <exception cref="OperationCanceledException">It was ended.</exception>
    public static Classifier Load(string path, CancellationToken cancellationToken = default) => ModelFolder.Load<Classifier>(path, null, cancellationToken);

    /// <summary>All labels of a text, the best first; of equal scores in id order.</summary>
    /// <param name="text">The text, of any length. Of one without a word that the model knows the answer says nothing; <see cref="Warning(string)"/> tells.</param>
    /// <param name="function">What the logits are turned into; null for <see cref="ModelConfig.ScoreFunction"/>.</param>
    /// <exception cref="NetworkException">The network cannot compute this text.</exception>
    public IReadOnlyList<LabelScore> Classify(string text, ScoreFunction? function = null) => Classify([text], function)[0];

    /// <summary>
    /// The labels of a text that reach their thresholds (<see cref="ModelConfig.ThresholdOf"/>), the best first: of a model of several labels a text all
    /// that fit, of one with a threshold the best or none.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <exception cref="NetworkException">The network cannot compute this text.</exception>
    public IReadOnlyList<LabelScore> LabelsOf(string text)
    {
        float[] scores = Classify([Encode(text)])[0];
        NetworkException.ThrowIfNotFinite(scores);
        LabelScore[] fitting = [.. Enumerable.Range(0, scores.Length).Where(label => scores[label] >= Config.ThresholdOf(label))
            .Select(label => new LabelScore(Labels[label], scores[label])).OrderByDescending(label => label.Score)];
        return Config.MultiLabel is true ? fitting : fitting[..Math.Min(1, fitting.Length)];
    }

    /// <summary>All labels of each of several texts, the best first, in the order of the texts; a text's scores are what they would be alone.</summary>
    /// <param name="texts">The texts.</param>
    /// <param name="function">What the logits are turned into; null for <see cref="ModelConfig.ScoreFunction"/>.</param>
    /// <exception cref="NetworkException">The network cannot compute one of these texts.</exception>
    public IReadOnlyList<IReadOnlyList<LabelScore>> Classify(IReadOnlyList<string> texts, ScoreFunction? function = null)
    {
        int[][] ids = [.. texts.Select(Encode)];
        var answers = new IReadOnlyList<LabelScore>[ids.Length];
        foreach (int[] batch in LengthBatches.Of([.. ids.Select(text => text.Length)]))
        {
            float[][] logits = Logits([.. batch.Select(index => ids[index])]);
            for (int i = 0; i < batch.Length; i++) answers[batch[i]] = Ranked(Scores(logits[i], Config, function));
        }

        return answers;
    }

    /// <summary>Labels with scores [labels] in id order, the best first; of equal scores in id order.</summary>
    public LabelScore[] Ranked(float[] scores) => LabelScore.Ranked(Labels, scores);

    /// <summary>The same network behind another configuration that asks for the same parameters: what happens to its logits may differ.</summary>
    internal Classifier With(ModelConfig config)
    {
        config.Validate();
        return new Classifier(config, Vocabulary, Network);
    }

    /// <summary>The ids of a text's tokens; a text without any gets the unknown id.</summary>
    public int[] Encode(string text)
    {
        int[] ids = Tokenizer.Encode(text);
        return ids.Length > 0 ? ids : [Vocabulary.Tokens.UnknownId];
    }

    /// <summary>The tokens of a text that the model reads, as <see cref="Encode"/> has them: an empty unknown one where there is none.</summary>
    public override TokenizedText Read(string text) =>
        base.Read(text) is { Ids.Length: > 0 } read ? read : new TokenizedText([new Token("", 0, 0, 0)], [Vocabulary.Tokens.UnknownId]);

    /// <summary>Whether the model knows no token of a text from <see cref="Encode"/>: its answer then says nothing about the text.</summary>
    public bool IsUnknown(int[] text) => !text.AsSpan().ContainsAnyExcept(Vocabulary.Tokens.UnknownId);

    /// <summary>Why the answer about a text says little or nothing; null where there is nothing to say.</summary>
    /// <param name="text">The text.</param>
    public string? Warning(string text) => Warning(text, Encode(text));

    /// <summary>Why the answer about a text says little or nothing; null where there is nothing to say.</summary>
    /// <param name="text">The text.</param>
    /// <param name="ids">Its tokens, from <see cref="Encode"/>.</param>
    public string? Warning(string text, int[] ids) => UnknownText.Sentence(Tokenizer, text, IsUnknown(ids));

    /// <summary>
    /// Probabilities of all labels for each text: [N][labels], in the labels' order. A text's figures do not depend on its company.
    /// </summary>
    /// <param name="texts">Texts from <see cref="Encode"/>, none empty.</param>
    public float[][] Classify(IReadOnlyList<int[]> texts)
    {
        float[][] result = Logits(texts);
        foreach (float[] row in result) Config.ToScores(row);
        return result;
    }

    /// <summary>The logits of all labels for each text: [N][labels], in the labels' order, which <see cref="Scores"/> makes scores of.</summary>
    /// <param name="texts">Texts from <see cref="Encode"/>, none empty.</param>
    /// <param name="betweenSteps">See <see cref="IClassifierNetwork.Forward"/>.</param>
    public float[][] Logits(IReadOnlyList<int[]> texts, Action? betweenSteps = null)
    {
        float[][] result = new float[texts.Count][];
        if (texts.Count > 0) Network.Forward(texts, (row, _, logits) => result[row] = logits.ToArray(), betweenSteps);
        return result;
    }

    /// <summary>Why the answer to a text is what it is, token by token: those of <see cref="TextModel.Read"/>.</summary>
    /// <param name="text">The text.</param>
    /// <exception cref="InvalidOperationException">A network of another origin cannot be explained: <see cref="Model.CanInspect"/>.</exception>
    /// <exception cref="NetworkException">The network cannot compute this text.</exception>
    public Explanation Explain(string text) => Explain([Encode(text)])[0];

    /// <summary>
    /// Why the answers to texts are what they are. A text's explanation does not depend on its company. Of 8-bit weights the contributions, the
    /// value and the baseline are those of the same weights multiplied as 32-bit floats; the running logits are the model's own.
    /// </summary>
    /// <param name="texts">Texts from <see cref="Encode"/>, none empty.</param>
    /// <param name="betweenSteps">See <see cref="IClassifierNetwork.Forward"/>.</param>
    /// <exception cref="InvalidOperationException">A network of another origin cannot be explained: <see cref="Model.CanInspect"/>.</exception>
    /// <exception cref="NetworkException">The network cannot compute one of these texts.</exception>
    public IReadOnlyList<Explanation> Explain(IReadOnlyList<int[]> texts, Action? betweenSteps = null) => Network is ClassifierNetwork network
        ? network.Explain(texts, _smooth.Value, betweenSteps)
        : throw new InvalidOperationException($"{Network.Backend} computes this model, which gives no gradients: it cannot be explained");

    /// <summary>About how many tokens the network reads, forward or back, to explain a text of so many.</summary>
    public int ExplanationCost(int tokens) => IntegratedGradients.Cost(tokens, Config.Direction);

    /// <summary>Scores [labels] of logits, in place.</summary>
    /// <param name="logits">Of a text, or a sequence.</param>
    /// <param name="config">The model's configuration.</param>
    /// <param name="function">What they are turned into; null for <see cref="ModelConfig.ScoreFunction"/>.</param>
    /// <exception cref="NetworkException">A score is infinite or no number.</exception>
    public static float[] Scores(float[] logits, ModelConfig config, ScoreFunction? function = null)
    {
        config.ToScores(logits, function);
        NetworkException.ThrowIfNotFinite(logits);
        return logits;
    }

    /// <inheritdoc/>
    public override ModelAnswer Answer(string input)
    {
        LabelScore[] ranked = Ranked(Classify([Encode(input)])[0]);
        return new ModelAnswer([.. ranked.Select(label => label.Label)], [.. ranked.Select(label => label.Score)]);
    }
}
