using System.Text.Json.Serialization;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;

namespace RnnService.Training.Recipes;

/// <summary>How a model is trained. The defaults are sound for small networks.</summary>
public sealed record TrainingSettings
{
    /// <summary>Every draw depends on it.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Passes over the corpus.</summary>
    public int Epochs { get; init; } = 10;

    /// <summary>Texts, sentences or parallel streams of text a step.</summary>
    public int BatchSize { get; init; } = 32;

    /// <summary>Tokens a language model is unrolled over before gradients are cut; the state is carried on.</summary>
    public int UnrollSteps { get; init; } = 100;

    /// <summary>
    /// Chance, each time a language model is unrolled, that a stream goes on from the zero state. A state that is carried through a long text otherwise
    /// leaves the one that every request begins with behind at the first step, and a model that never comes back to it may fail there.
    /// </summary>
    public double StateReset { get; init; } = 0.02;

    /// <summary>
    /// Parts a batch is split into; each part's gradient is computed by one thread. The result depends on the number of parts, not on the
    /// number of threads.
    /// </summary>
    public int Shards { get; init; } = 2;

    /// <summary>The optimizer.</summary>
    public OptimizerKind Optimizer { get; init; } = OptimizerKind.Adam;

    /// <summary>The learning rate.</summary>
    public double LearningRate { get; init; } = 2e-3;

    /// <summary>Adam's β1, or the momentum of SGD.</summary>
    public float Momentum { get; init; } = 0.9f;

    /// <summary>Adam's β2.</summary>
    public float Beta2 { get; init; } = 0.999f;

    /// <summary>Adam's ε.</summary>
    public float Epsilon { get; init; } = 1e-8f;

    /// <summary>Decoupled weight decay: each step takes learning rate × this share off the weights.</summary>
    public float WeightDecay { get; init; }

    /// <summary>The gradient's norm is cut to it; 0 never cuts.</summary>
    public float ClipNorm { get; init; } = 1;

    /// <summary>The schedule.</summary>
    public LearningRateSchedule Schedule { get; init; } = LearningRateSchedule.Constant;

    /// <summary>Steps over which the rate rises from 0.</summary>
    public int WarmupSteps { get; init; }

    /// <summary>Share of the rate left at the end of a cosine.</summary>
    public double FinalRate { get; init; } = 0.05;

    /// <summary>Factor on a plateau.</summary>
    public double PlateauFactor { get; init; } = 0.5;

    /// <summary>Evaluations without progress before the rate falls.</summary>
    public int PlateauPatience { get; init; } = 1;

    /// <summary>Evaluations without progress before training stops; 0 never stops early.</summary>
    public int Patience { get; init; }

    /// <summary>Steps between evaluations; 0 evaluates after each epoch.</summary>
    public int EvaluateEvery { get; init; }

    /// <summary>
    /// The figure of the validation part that chooses the best weights, and that patience and a plateau wait for. Null for the usual one: accuracy of a
    /// classifier or tagger, F1 of all labels together where texts have several and of spans where tags mark them, BLEU, nats a token or the root of the mean squared error.
    /// </summary>
    public ValidationFigure? BestBy { get; init; }

    /// <summary>Dropout.</summary>
    public DropoutRates Dropout { get; init; } = new();

    /// <summary>
    /// A word seen n times is read as unknown with chance a/(a+n), so that the unknown word is learnt (Kiperwasser and Goldberg 2016); 0 never.
    /// </summary>
    public double UnknownChance { get; init; }

    /// <summary>How much a classifier's or tagger's labels count in the loss, where some are rare.</summary>
    public ClassWeighting ClassWeights { get; init; }

    /// <summary>What single labels count, by name, on top of <see cref="ClassWeights"/>; those that are not named count 1. Null for 1 each.</summary>
    public IReadOnlyDictionary<string, double>? LabelWeights { get; init; }

    /// <summary>Whether labels count differently in the loss.</summary>
    [JsonIgnore]
    public bool WeighsLabels => ClassWeights != ClassWeighting.None || LabelWeights is { Count: > 0 };

    /// <summary>How much of a target's probability a classifier's labels, or a language model's or translator's tokens, share (Szegedy et al. 2016).</summary>
    public double LabelSmoothing { get; init; }

    /// <summary>
    /// Tokens that a language model's loss is estimated from in training, drawn anew for every part of a step, in place of the whole vocabulary: for
    /// vocabularies of many thousands of words. 0 for all. Evaluations and answers are of the whole vocabulary.
    /// </summary>
    public int SampledTokens { get; init; }

    /// <summary>
    /// Weight of the mean square of a language model's last outputs after dropout, which is added to its loss: activation regularisation (Merity, McCann
    /// and Socher 2017).
    /// </summary>
    public float ActivationPenalty { get; init; }

    /// <summary>
    /// Weight of the mean square of how far a language model's last outputs move from token to token, which is added to its loss: temporal activation
    /// regularisation (Merity, McCann and Socher 2017).
    /// </summary>
    public float ChangePenalty { get; init; }

    /// <summary>Adversarial training of a classifier's embeddings; null for none.</summary>
    public AdversarialSettings? Adversarial { get; init; }

    /// <summary>Other columns of its corpora that a tagger of text learns beside the tag; null for none.</summary>
    public AuxiliarySettings? Auxiliary { get; init; }

    /// <summary>
    /// How often a translator's decoder reads, at the last step of a training, its own likeliest token and not the right one (Bengio et al. 2015): the
    /// chance rises evenly from 0 at the first.
    /// </summary>
    public double ScheduledSampling { get; init; }

    /// <summary>Error, in standard deviations, beyond which a value's loss goes on in a straight line; 0 for the square alone.</summary>
    public float Huber { get; init; }

    /// <summary>How sounds are changed in training; null leaves them as they are.</summary>
    public SoundChanges? Sound { get; init; }

    /// <summary>
    /// Epochs after which the next part of the network below is trained too, the head first, then layer by layer from the top, then the embedding (gradual
    /// unfreezing, Howard and Ruder 2018); 0 trains all from the start. While the head of a classifier or a tagger of text is trained alone, nothing below it
    /// is dropped.
    /// </summary>
    public int Release { get; init; }

    /// <summary>The rate of each layer below the head is that of the one above divided by it (Howard and Ruder 2018: 2.6); 1 is the same for all.</summary>
    public double LayerDecay { get; init; } = 1;

    /// <summary>Decay a step of the averaged weights that are evaluated and saved; 0 takes the weights as they are.</summary>
    public double AverageDecay { get; init; }

    /// <summary>
    /// Begins the even average of all weights to come that is evaluated and saved, when an evaluation is worse than the best of those more than so many
    /// evaluations ago: with SGD that is NT-ASGD (Merity, Keskar and Socher 2018). 0 never.
    /// </summary>
    public int AverageAfter { get; init; }

    /// <summary>Starts square recurrent matrices as the identity, the start for ReLU networks, in place of a random rotation.</summary>
    public bool IdentityStart { get; init; }

    /// <summary>Starts recurrent matrices as any other: each weight by itself, uniform around 0 (Glorot and Bengio 2010).</summary>
    public bool RandomStart { get; init; }

    /// <summary>Where the bias of an LSTM's forget gate starts; above 0 the gate is open and lets gradients through (Jozefowicz et al. 2015).</summary>
    public float ForgetBias { get; init; } = 1;

    /// <summary>Steps between lines of the log.</summary>
    public int LogEvery { get; init; } = 20;

    // Bounds stand in RecipeSettings; here is what depends on another setting.
    internal void Validate(ModelConfig model)
    {
        Check(Shards <= BatchSize, "training.shards", Shards, $"1 to {BatchSize} (training.batch_size)");
        Check(AverageAfter == 0 || AverageDecay == 0, "training.average_after", AverageAfter, FormattableString.Invariant($"0 (training.average_decay is {AverageDecay})"));
        bool isLanguage = model.Task == ModelTask.LanguageModel, isText = model.Numbers is null;
        string task = $"model.task is {RecipeShape.NameOf(model.Task)}{(isText ? "" : " of numbers")}";
        Check(!RandomStart || !IdentityStart, "training.random_start", "true", "false with identity_start");
        Check(!Dropout.EachStep || model.Task != ModelTask.Translator, "training.dropout.each_step", "true", $"false ({task})");
        Check(isLanguage || ActivationPenalty == 0, "training.activation_penalty", ActivationPenalty, $"0 ({task})");
        Check(isLanguage || ChangePenalty == 0, "training.change_penalty", ChangePenalty, $"0 ({task})");
        Check(isLanguage || SampledTokens == 0, "training.sampled_tokens", SampledTokens, $"0 ({task})");
        Check(SampledTokens == 0 || LabelSmoothing == 0, "training.sampled_tokens", SampledTokens, "0 (training.label_smoothing takes all tokens)");
        Check(isText || Dropout.Words == 0, "training.dropout.words", Dropout.Words, $"0 ({task})");
        Check(Adversarial is null || (isText && model.Task == ModelTask.Classifier), "training.adversarial", "an object", $"nothing ({task})");
        Check(Auxiliary is null || (isText && model.Task == ModelTask.Tagger), "training.auxiliary", "an object", $"nothing ({task})");
        Check(Auxiliary is not { Columns.Count: 0 }, "training.auxiliary.columns", "empty", "a column or more, such as [\"xpos\"]");
        string? twice = Auxiliary?.Columns.GroupBy(column => column).FirstOrDefault(same => same.Skip(1).Any())?.Key.ToString();
        Check(twice is null, "training.auxiliary.columns", $"a list with {twice} twice", "every column once");
        bool labels = isText && model.Task is ModelTask.Classifier or ModelTask.Tagger;
        Check(labels || ClassWeights == ClassWeighting.None, "training.class_weights", RecipeShape.NameOf(ClassWeights), $"none ({task})");
        Check(labels || LabelWeights is null, "training.label_weights", "an object", $"nothing ({task})");
        foreach (var (label, weight) in LabelWeights ?? new Dictionary<string, double>())
            Check(weight is > 0 and <= 1e6, $"training.label_weights.{label}", weight, "a number above 0 to 1000000");
        Check(!WeighsLabels || !model.Crf, "model.crf", "true", "false with class_weights or label_weights: a conditional random field judges whole sentences");
        Check(!WeighsLabels || Adversarial is null, "training.adversarial", "an object", "nothing with class_weights or label_weights");
        Check(!WeighsLabels || LabelSmoothing == 0, "training.label_smoothing", LabelSmoothing, "0 with class_weights or label_weights");
    }

    internal static void Check(bool right, string name, object found, string expected)
    {
        if (!right) throw new ArgumentException(FormattableString.Invariant($"{name} is {found}; expected {expected}"));
    }
}
