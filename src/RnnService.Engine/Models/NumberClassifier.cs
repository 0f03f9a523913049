using RnnService.Engine.Networks;

namespace RnnService.Engine.Models;

/// <summary>Gives a sequence of numbers one label. Immutable and safe for any number of threads; whoever made it disposes of it.</summary>
/// <example>
/// <code>
/// using var gestures = NumberClassifier.Load("models/gestures");
/// LabelScore best = gestures.Classify(new NumberSequence(values, features: 3))[0];
/// </code>
/// </example>
public sealed class NumberClassifier : NumberModel
{
    internal NumberClassifier(ModelConfig config, INumberNetwork network)
        : base(config, network)
    {
    }

    /// <summary>The labels' names in id order.</summary>
    public IReadOnlyList<string> Labels => Config.Labels;

    /// <summary>Loads a classifier of numbers from its folder and checks that it still gives its golden answer.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="cancellationToken">Ends loading.</param>
    /// <exception cref="ModelFolderException">A file is missing or wrong, or the folder holds another kind of model; the message says which.</exception>
    /// <exception cref="OperationCanceledException">It was ended.</exception>
    public static NumberClassifier Load(string path, CancellationToken cancellationToken = default) => ModelFolder.Load<NumberClassifier>(path, null, cancellationToken);

    /// <summary>All labels of a sequence, the best first; of equal scores in id order.</summary>
    /// <param name="sequence">The sequence.</param>
    /// <param name="function">What the logits are turned into; null for <see cref="ModelConfig.ScoreFunction"/>.</param>
    /// <exception cref="ArgumentException">The sequence cannot be read: <see cref="NumberModel.Check"/>.</exception>
    /// <exception cref="NetworkException">The network cannot compute it.</exception>
    public IReadOnlyList<LabelScore> Classify(NumberSequence sequence, ScoreFunction? function = null) => Classify([sequence], function)[0];

    /// <summary>All labels of each of several sequences, the best first; a sequence's scores are what they would be alone.</summary>
    /// <inheritdoc cref="Classify(NumberSequence, ScoreFunction?)" path="/param|/exception"/>
    /// <param name="sequences">The sequences.</param>
    /// <param name="function">What the logits are turned into; null for <see cref="ModelConfig.ScoreFunction"/>.</param>
    public IReadOnlyList<IReadOnlyList<LabelScore>> Classify(IReadOnlyList<NumberSequence> sequences, ScoreFunction? function = null) =>
        [.. InBatches(sequences).Select(logits => Ranked(Classifier.Scores(logits, Config, function)))];

    /// <summary>Labels with scores [labels] in id order, the best first; of equal scores in id order.</summary>
    public LabelScore[] Ranked(float[] scores) => LabelScore.Ranked(Labels, scores);

    private protected override ModelAnswer AnswerOf(float[] logits)
    {
        LabelScore[] ranked = Ranked(Classifier.Scores(logits, Config));
        return new ModelAnswer([.. ranked.Select(label => label.Label)], [.. ranked.Select(label => label.Score)]);
    }
}
