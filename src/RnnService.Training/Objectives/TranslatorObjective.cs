using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;
using RnnService.Engine.Text;
using RnnService.Engine.Weights;
using RnnService.Training.Corpora;
using RnnService.Training.Evaluation;
using RnnService.Training.Recipes;

namespace RnnService.Training.Objectives;

/// <summary>
/// One text for another, token by token: the decoder reads what should have come before (teacher forcing), or now and then what the network itself
/// finds likeliest there (scheduled sampling), more and more often until the last step.
/// </summary>
internal sealed class TranslatorObjective : ExampleObjective
{
    /// <summary>Validation pairs that are translated for a score; all count for the loss.</summary>
    internal const int MostTranslated = 2000;

    private readonly Translator _model;
    private readonly int[][] _sources; // with the end token
    private readonly int[][] _targets; // between two
    private readonly TextPair[] _valid;
    private double _sampling;

    public TranslatorObjective(Recipe recipe, RunCorpora<TextPair> corpora)
        : base(recipe.Training, BaseModel.Open(recipe))
    {
        CorpusParts<TextPair[]> parts = CorpusParts.Split(recipe, corpora);
        TextPair[] train = parts.Train;
        ModelConfig config = ExampleTexts.Complete(recipe.Model, recipe.Data, parts.Valid.Select(pair => ("", pair.Source)));
        _model = (Translator)NewModel(recipe, config, Vocabularies(recipe.Data, config, train));
        (_valid, int[][] valid) = Translatable(_model, parts);
        parts = parts with { Valid = _valid };
        int[][] sources = [.. train.Select(pair => _model.ReadSource(pair.Source))], targets = [.. train.Select(pair => _model.ReadTarget(pair.Target))];
        int most = recipe.Data.MaxTokens == 0 ? int.MaxValue : recipe.Data.MaxTokens;
        int[] kept = [.. Enumerable.Range(0, train.Length).Where(i => sources[i].Length - 1 <= most && targets[i].Length - 2 <= most)];
        Report = CorpusSurvey.OfPairs(recipe, parts, sources, targets, valid, _model.Vocabulary.Tokens, train.Length - kept.Length);
        if (kept.Length == 0)
            throw new InvalidDataException($"{corpora.TrainName}: no pair has at most data.max_tokens ({most}) tokens a side; expected at least one");
        (_sources, _targets) = ([.. kept.Select(i => sources[i])], [.. kept.Select(i => targets[i])]);
        Lengths = [.. _sources.Zip(_targets, (source, target) => source.Length + target.Length)];
        // Both sides of a batch should be of about one length: a target's steps cost the most, so they come first.
        Order = [.. _sources.Zip(_targets, (source, target) => (Math.Min(target.Length, 0x7FFF) << 16) + Math.Min(source.Length, 0xFFFF))];
        (Train, Valid) = (CorpusFingerprint.Of(train), CorpusFingerprint.Of(_valid));
    }

    public override Model Model => _model;

    public override CorpusFingerprint Train { get; }

    public override CorpusFingerprint Valid { get; }

    public override CorpusReport Report { get; }

    private protected override IReadOnlyList<int> Lengths { get; }

    private protected override IReadOnlyList<int> Order { get; }

    public override void Begin(int epoch, int index)
    {
        base.Begin(epoch, index);
        _sampling = Settings.ScheduledSampling * (StepsUpTo(epoch) + index) / Math.Max(1, StepsUpTo(Settings.Epochs) - 1);
    }

    public override ValidationScore Evaluate() => ValidationScore.Of(Evaluator.Evaluate(_model, _valid, most: MostTranslated));

    private protected override ShardResult Run(int[] examples, Pass pass, Gradients gradients)
    {
        ReadOnlyMemory<int>[] sources = [.. examples.Select(i => _sources[i].AsMemory())], inputs = [.. examples.Select(i => _targets[i].AsMemory(..^1))];
        var network = (TranslatorNetwork)_model.Network;
        TranslatorNetwork.Trace trace = network.Forward(pass, sources, inputs, Settings.Dropout, _sampling);
        double loss = network.Backward(pass, trace, [.. examples.Select(i => _targets[i].AsMemory(1))], gradients, (float)Settings.LabelSmoothing);
        long predictions = inputs.Sum(input => (long)input.Length);
        return new ShardResult(loss, predictions, predictions + sources.Sum(source => (long)source.Length));
    }

    /// <summary>Validation pairs with their sources' ids, but those that the model cannot translate: they would end the training at its first score.</summary>
    private static (TextPair[] Pairs, int[][] Sources) Translatable(Translator model, CorpusParts<TextPair[]> parts)
    {
        TextPair[] all = parts.Valid;
        int[][] sources = [.. all.Select(pair => model.ReadSource(pair.Source))];
        string?[] faults = [.. all.Zip(sources, (pair, source) => Evaluator.SourceFault(model, pair, source))];
        int[] kept = [.. Enumerable.Range(0, all.Length).Where(i => faults[i] is null)];
        if (kept.Length == all.Length) return (all, sources);
        string first = faults.First(fault => fault is not null)!;
        if (kept.Length == 0) throw new InvalidDataException(first);
        parts.Notes.Add(new CorpusNote($"{first}; {all.Length - kept.Length} of {all.Length} validation pairs are left out"));
        return ([.. kept.Select(i => all[i])], [.. kept.Select(i => sources[i])]);
    }

    private ModelVocabulary Vocabularies(DataSettings data, ModelConfig config, TextPair[] train)
    {
        IEnumerable<string> sources = train.Select(pair => pair.Source), targets = train.Select(pair => pair.Target);
        return config.Decoder!.SharedVocabulary
            ? new ModelVocabulary(Of(own => own.Tokens, sources.Concat(targets)))
            : new ModelVocabulary(Of(own => own.Tokens, sources)) { Targets = Of(own => own.Targets, targets) };

        Vocabulary Of(Func<ModelVocabulary, Vocabulary?> of, IEnumerable<string> texts) => Extend(of, () => data.BuildVocabulary(texts, config), data.MaxVocabulary);
    }
}
