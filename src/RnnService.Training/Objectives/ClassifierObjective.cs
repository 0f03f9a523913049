using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;
using RnnService.Engine.Text;
using RnnService.Engine.Weights;
using RnnService.Training.Corpora;
using RnnService.Training.Evaluation;
using RnnService.Training.Recipes;

namespace RnnService.Training.Objectives;

/// <summary>One label a text.</summary>
internal sealed class ClassifierObjective : ExampleObjective
{
    private readonly Classifier _model;
    private readonly int[][] _texts;
    private readonly int[] _labels;
    private readonly int[] _counts; // of each token in training
    private readonly IReadOnlyList<LabelledText> _valid;
    private readonly AdversarialLoss? _adversarial;

    public ClassifierObjective(Recipe recipe, RunCorpora<LabelledText> corpora)
        : base(recipe.Training)
    {
        CorpusParts<LabelledText[]> parts = CorpusParts.Split(recipe, corpora);
        LabelledText[] train = parts.Train;
        _valid = parts.Valid;
        ModelConfig config = LabelIds.Complete(recipe.Model, train);
        config = ExampleTexts.Complete(config, recipe.Data, _valid.Select(example => (example.Label, example.Text)));
        UnseenLabels.ThrowIfAny(config.Labels, train);
        recipe.Data.NoteOrThrow(UnseenLabels.Find(config.Labels, parts.Valid, "validation corpus"), parts.Notes);
        Vocabulary vocabulary = recipe.Data.BuildVocabulary(train.Select(example => example.Text), config);
        _model = (Classifier)NewModel(recipe, config, new ModelVocabulary(vocabulary));
        int most = recipe.Data.MaxTokens == 0 ? int.MaxValue : recipe.Data.MaxTokens;
        int[][] texts = [.. train.Select(example => _model.Encode(example.Text))];
        Report = CorpusSurvey.OfTexts(recipe, parts, texts, [.. _valid.Select(example => _model.Encode(example.Text))], vocabulary);
        _texts = [.. texts.Select(ids => ids.Length > most ? ids[..most] : ids)];
        var places = new LabelIds(config);
        _labels = [.. train.Select(example => places.Of(example.Label))];
        _counts = Count(vocabulary, _texts);
        _adversarial = Settings.Adversarial is { } settings ? new AdversarialLoss(settings.Norm, settings.Weight, settings.Virtual) : null;
        if (_adversarial is not null)
        {
            Constrain();
            _model.Refresh();
        }

        Lengths = [.. _texts.Select(text => text.Length)];
        (Train, Valid) = (CorpusFingerprint.Of(train), CorpusFingerprint.Of(_valid));
    }

    public override Model Model => _model;

    public override CorpusFingerprint Train { get; }

    public override CorpusFingerprint Valid { get; }

    public override CorpusReport Report { get; }

    private protected override IReadOnlyList<int> Lengths { get; }

    public override ValidationScore Evaluate() => ValidationScore.Of(Evaluator.Evaluate(_model, _valid));

    public override void Constrain()
    {
        if (_adversarial is not null) EmbeddingScale.Standardize(_model.Parameters.All.Single(parameter => parameter.Name == "embedding.weight"), _counts);
    }

    private protected override ShardResult Run(int[] examples, Pass pass, Gradients gradients)
    {
        int[][] texts = [.. examples.Select(i => DropWords(_texts[i], _counts, _model.Vocabulary.Tokens.UnknownId, pass))];
        var network = (ClassifierNetwork)_model.Network;
        int[] labels = [.. examples.Select(i => _labels[i])];
        long tokens = texts.Sum(text => (long)text.Length);
        float smoothing = (float)Settings.LabelSmoothing;
        double loss = _adversarial is { } adversarial
            ? network.Backward(pass, texts, labels, Settings.Dropout, smoothing, adversarial, gradients)
            : network.Backward(pass, network.Forward(pass, texts, Settings.Dropout), labels, gradients, smoothing);
        return new ShardResult(loss, examples.Length, tokens);
    }
}
