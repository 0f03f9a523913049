using System.Numerics.Tensors;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;
using RnnService.Engine.Text;
using RnnService.Engine.Weights;
using RnnService.Training.Corpora;
using RnnService.Training.Evaluation;
using RnnService.Training.Recipes;

namespace RnnService.Training.Objectives;

/// <summary>One label a text, or any number.</summary>
internal sealed class ClassifierObjective : ExampleObjective
{
    private readonly Classifier _model;
    private readonly int[][] _texts;
    private readonly int[][] _labels;
    private readonly float[] _weights; // of each label in the loss; empty for 1 each
    private readonly int[] _counts; // of each token in training
    private readonly IReadOnlyList<LabelledText> _valid;
    private readonly AdversarialLoss? _adversarial;
    private readonly HashSet<int>[] _validLabels; // −1 for one that the model lacks

    public ClassifierObjective(Recipe recipe, RunCorpora<LabelledText> corpora)
        : base(recipe.Training, BaseModel.Open(recipe))
    {
        CorpusParts<LabelledText[]> parts = CorpusParts.Split(recipe, corpora);
        ModelConfig config = LabelIds.Complete(recipe.Model, parts.Train);
        if (config.RejectLabel is { } reject) parts = Rejected(parts, reject);
        LabelledText[] train = parts.Train;
        _valid = parts.Valid;
        config = ExampleTexts.Complete(config, recipe.Data, _valid.Select(example => (example.Label, example.Text)));
        UnseenLabels.ThrowIfAny(config, train);
        recipe.Data.NoteOrThrow(UnseenLabels.Find(config, parts.Valid, "validation corpus"), parts.Notes);
        Vocabulary vocabulary = Extend(
            own => own.Tokens, () => recipe.Data.BuildVocabulary(train.Select(example => example.Text), config), recipe.Data.MaxVocabulary);
        if (config.MultiLabel is false && train.Any(example => example.MoreLabels.Count > 0))
            parts.Notes.Add(new CorpusNote("model.multi_label is false: of a text with several labels the first is learnt"));
        if (config.MultiLabel is true)
        {
            // Both are defined for labels of which one is right.
            if (Settings.Adversarial is not null) throw new RecipeException("training.adversarial is given; expected none (null) where a text has several labels");
            if (Settings.LabelSmoothing > 0) throw new RecipeException(FormattableString.Invariant($"training.label_smoothing is {Settings.LabelSmoothing}; expected 0 where a text has several labels"));
        }

        _model = (Classifier)NewModel(recipe, config, new ModelVocabulary(vocabulary));
        int most = recipe.Data.MaxTokens == 0 ? int.MaxValue : recipe.Data.MaxTokens;
        int[][] texts = [.. train.Select(example => _model.Encode(example.Text))];
        Report = CorpusSurvey.OfTexts(recipe with { Model = config }, parts, texts, [.. _valid.Select(example => _model.Encode(example.Text))], vocabulary);
        _texts = [.. texts.Select(ids => ids.Length > most ? ids[..most] : ids)];
        var places = new LabelIds(config);
        _labels = [.. train.Select(example => example.LabelsFor(config).Select(places.Of).ToArray())];
        _validLabels = [.. _valid.Select(example => example.LabelsFor(config).Select(places.Of).ToHashSet())];
        _weights = LabelWeights.Of(Settings, config.Labels, Count(config.Labels.Count, _labels), train.Length, config.MultiLabel is true);
        _counts = Count(vocabulary.Count, _texts);
        _adversarial = Settings.Adversarial is { } settings ? new AdversarialLoss(settings.Norm, settings.Weight, settings.Virtual) : null;
        if (_adversarial is not null)
        {
            Constrain();
            _model.Refresh();
        }

        Lengths = [.. _texts.Select(text => text.Length)];
        (Train, Valid) = (CorpusFingerprint.Of(train), CorpusFingerprint.Of(_valid));
    }

    private Classifier? _kept;

    public override Model Model => _model;

    public override CorpusFingerprint Train { get; }

    public override CorpusFingerprint Valid { get; }

    public override CorpusReport Report { get; }

    private protected override IReadOnlyList<int> Lengths { get; }

    public override ValidationScore Evaluate()
    {
        float[][] logits = Evaluator.Logits(_model, _valid);
        ModelConfig config = Choose(logits);
        _kept = _model.With(config);
        ModelConfig before = config with { Calibration = null };
        return config.MultiLabel is true
            ? ValidationScore.Of(Evaluator.ReportSeveral(config, _valid, logits)).WithCalibration(Evaluator.ReportSeveral(before, _valid, logits).Confidences)
            : ValidationScore.Of(Evaluator.Report(config, _valid, logits)).WithCalibration(Evaluator.Report(before, _valid, logits).Confidences);
    }

    public override Model Kept => _kept ?? _model;

    /// <summary>The configuration with what the validation part chooses and the recipe leaves open: calibration, then thresholds of the probabilities.</summary>
    private ModelConfig Choose(float[][] logits)
    {
        ModelConfig config = _model.Config;
        bool several = config.MultiLabel is true;
        if (config.Calibration is null)
        {
            int[] known = [.. Enumerable.Range(0, logits.Length).Where(i => several || !_validLabels[i].Contains(-1))];
            float[][] rows = [.. known.Select(i => logits[i])];
            config = config with
            {
                Calibration = several
                    ? Calibration.FitSigmoid(rows, [.. known.Select(i => _validLabels[i])])
                    : Calibration.Fit(rows, [.. known.Select(i => _validLabels[i].Single())]),
            };
        }

        if (several ? config.Thresholds is not null || config.Threshold is not null : config.RejectLabel is null || config.Threshold is not null) return config;
        float[][] probabilities = Evaluator.Probabilities(config, logits);
        return several
            ? config with
            {
                Thresholds = [.. config.Labels.Select((_, label) => Thresholds.BestF1(
                    probabilities.Select((row, i) => (row[label], _validLabels[i].Contains(label)))) ?? ModelConfig.DefaultLabelThreshold)],
            }
            : config with
            {
                Threshold = Thresholds.BestAccuracy(probabilities.Select((row, i) =>
                {
                    int best = TensorPrimitives.IndexOfMax<float>(row);
                    return (row[best], _validLabels[i].Contains(best), _valid[i].Label == config.RejectLabel);
                })),
            };
    }

    /// <summary>Texts of none of the labels teach no label: all of them choose the threshold.</summary>
    private static CorpusParts<LabelledText[]> Rejected(CorpusParts<LabelledText[]> parts, string label)
    {
        LabelledText[] moved = [.. parts.Train.Where(example => example.Label == label)];
        int rejected = moved.Length + parts.Valid.Count(example => example.Label == label);
        if (rejected == 0) throw new RecipeException($"model.reject_label is {Listing.Quote(label)}, which no text has; expected the label of texts that have none of the others");
        if (moved.Length == 0) return parts;
        parts.Notes.Add(new CorpusNote($"{moved.Length} training texts of the label {Listing.Quote(label)} (model.reject_label) are not learnt: they choose the threshold"));
        return parts with { Train = [.. parts.Train.Where(example => example.Label != label)], Valid = [.. parts.Valid, .. moved] };
    }

    public override void Constrain()
    {
        if (_adversarial is not null) EmbeddingScale.Standardize(_model.Parameters.All.Single(parameter => parameter.Name == "embedding.weight"), _counts);
    }

    private protected override ShardResult Run(int[] examples, Pass pass, Gradients gradients)
    {
        var network = (ClassifierNetwork)_model.Network;
        int[][] labels = [.. examples.Select(i => _labels[i])];
        float smoothing = (float)Settings.LabelSmoothing;
        bool isWeighted = _model.Config.MultiLabel is true || _weights.Length > 0;
        int[] Single() => [.. labels.Select(own => own[0])];
        if (pass.TrainedDepth == 0 && _model.Config.Base is null)
        {
            float[][] features = Features(examples, some => network.Features(new Pass(pass.Workspace), [.. some.Select(i => _texts[i])]));
            double ofHead = network.TrainOutput(
                pass, features, Settings.Dropout.Output,
                (head, trace) => isWeighted ? head.Loss(trace, labels, _weights) : head.Loss(trace, Single(), smoothing), gradients);
            return new ShardResult(ofHead, examples.Length, examples.Sum(i => (long)_texts[i].Length));
        }

        int[][] texts = [.. examples.Select(i => DropWords(_texts[i], _counts, _model.Vocabulary.Tokens.UnknownId, pass))];
        long tokens = texts.Sum(text => (long)text.Length);
        double loss = isWeighted
            ? network.Backward(pass, network.Forward(pass, texts, Settings.Dropout), labels, _weights, gradients)
            : _adversarial is { } adversarial
                ? network.Backward(pass, texts, Single(), Settings.Dropout, smoothing, adversarial, gradients)
                : network.Backward(pass, network.Forward(pass, texts, Settings.Dropout), Single(), gradients, smoothing);
        return new ShardResult(loss, examples.Length, tokens);
    }
}
