using System.Text.Json;
using RnnService.Audio;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;
using RnnService.Engine.Weights;
using RnnService.Training.Corpora;
using RnnService.Training.Evaluation;
using RnnService.Training.Recipes;

namespace RnnService.Training.Objectives;

/// <summary>Sequences of numbers, whatever is learnt of them.</summary>
internal sealed class NumberObjective : ExampleObjective
{
    private const ulong MixStream = 0x50CD;

    private readonly NumberModel _model;
    private readonly NumberExample[] _train, _valid;
    private readonly NumberTargets _targets;
    private readonly AudioFeatures? _features;
    private readonly SoundMixer? _mixer;
    private int _epoch;

    public NumberObjective(Recipe recipe, RunCorpora<NumberExample> corpora, IReadOnlyList<string> names)
        : base(recipe.Training, BaseModel.Open(recipe))
    {
        CorpusParts<NumberExample[]> parts = CorpusParts.Split(recipe, corpora);
        NumbersConfig numbers = recipe.Model.Numbers!;
        _features = numbers.Audio is { } audio ? new AudioFeatures(audio) : null;
        int most = recipe.Data.MaxTokens;
        bool eachStep = numbers.EachStep || recipe.Model.Task is ModelTask.Tagger or ModelTask.Forecaster;
        parts = parts with { Train = [.. parts.Train.Select(Measured)], Valid = [.. parts.Valid.Select(Measured)] };
        _train = [.. parts.Train.SelectMany(example => eachStep && most > 0 ? Pieces(example, most) : [example])];
        _valid = parts.Valid;
        int features = _features?.Config.Features ?? (recipe.From is null ? _train[0].Sequence.Features : numbers.Features);
        ModelConfig config = recipe.Model with
        {
            Numbers = numbers with { Features = features, Names = numbers.Names.Count > 0 ? numbers.Names : names },
            Labels = NumberTargets.LabelsOf(recipe.Model, _train),
        };
        foreach (NumberExample example in _train.Concat(_valid)) NumberTargets.Check(config, example);
        NumberTargets.ThrowIfOneLabel(config, corpora.TrainName, recipe.Data.Train is [{ Format: var format }, ..] ? format : null);
        if (config.Task is ModelTask.Classifier or ModelTask.Tagger or ModelTask.Transcriber) UnseenLabels.ThrowIfAny(config.Labels, _train);
        _model = (NumberModel)NewModel(recipe, config, null);
        _targets = new NumberTargets(_model, _train, recipe.Training.Huber, TakenOver);
        Report = ReportOf(parts);
        Lengths = [.. _train.Select(example => example.Sequence.Steps)];
        (Train, Valid) = (CorpusFingerprint.Of(_train), CorpusFingerprint.Of(_valid));
        if (_features is not null && recipe.Training.Sound is { } changes)
        {
            _mixer = new SoundMixer(_train, changes);
            if (config.Task == ModelTask.Transcriber && changes.Join > 1) _valid = [.. _valid, .. SoundMixer.Strings(_valid, changes).Select(Measured)];
        }
    }

    /// <summary>Reads the corpora of a recipe.</summary>
    public static NumberObjective Read(Recipe recipe, DataSettings data)
    {
        NumberCorpus[] train = [.. data.Train.Select(source => Corpus.ReadNumbers(source))];
        NumberExample[]? valid = data.Valid.Count == 0 ? null : [.. data.Valid.SelectMany(source => Corpus.ReadNumbers(source).Examples)];
        string place = string.Join(" and ", data.Train.Select(source => source.Path));
        return new NumberObjective(
            recipe, new RunCorpora<NumberExample>([.. train.SelectMany(corpus => corpus.Examples)], valid, place, "", []), train[0].Features);
    }

    public override Model Model => _model;

    public override CorpusFingerprint Train { get; }

    public override CorpusFingerprint Valid { get; }

    public override CorpusReport Report { get; }

    private protected override IReadOnlyList<int> Lengths { get; }

    /// <inheritdoc/>
    public override string GoldenInput(Recipe recipe)
    {
        if (recipe.GoldenInput.Length > 0) return recipe.GoldenInput;
        const int steps = 5;
        NumberSequence first = _train[0].Sequence;
        float[][] rows = [.. first.Slice(first.Steps / 3, Math.Min(steps, first.Steps - first.Steps / 3)).Values.ToArray().Select(value => MathF.Round(value, 3)).Chunk(first.Features)];
        return JsonSerializer.Serialize(rows);
    }

    public override void Begin(int epoch, int index)
    {
        _epoch = epoch;
        base.Begin(epoch, index);
    }

    public override ValidationScore Evaluate() => ValidationScore.Of(NumberEvaluator.Evaluate(_model, _valid, oneSymbol: false));

    /// <summary>See <see cref="NumberTargets.StateGradients"/>: of the first validation sequences.</summary>
    /// <param name="most">Most of them.</param>
    public float[][][] StateGradients(int most) => _targets.StateGradients(_valid[..Math.Min(most, _valid.Length)]);

    private protected override ShardResult Run(int[] examples, Pass pass, Gradients gradients)
    {
        NumberExample[] batch = [.. examples.Select(i => _mixer is null ? _train[i] : Mixed(i))];
        return _targets.Run(batch, pass, Settings.Dropout, gradients);
    }

    private static IEnumerable<NumberExample> Pieces(NumberExample example, int most)
    {
        for (int start = 0; start < example.Sequence.Steps; start += most) yield return example.Slice(start, Math.Min(most, example.Sequence.Steps - start));
    }

    private NumberExample Mixed(int i)
    {
        int join = _model is Transcriber ? Settings.Sound!.Join : 1;
        var random = new RandomSource(Settings.Seed, MixStream, (ulong)_epoch, (ulong)i);
        int count = join > 1 && random.Uniform() < 0.5 ? 2 + random.Below(join - 1) : 1;
        NumberExample mixed = Measured(_mixer!.Mix(i, count, random));
        // Recordings made faster may leave too few steps for what is said in them.
        return NumberTargets.HasRoom(_model.Config, mixed) ? mixed : _train[i];
    }

    private NumberExample Measured(NumberExample example) => example.Sound is null
        ? example
        : _features is null
            ? throw new RecipeException("model.numbers.audio is missing; expected it, such as {}, since the corpora are sounds")
            : example with { Sequence = _features.Of(example.Sound) };

    private static CorpusReport ReportOf(CorpusParts<NumberExample[]> parts)
    {
        return new CorpusReport
        {
            Unit = "sequences",
            Train = Part(parts.Train),
            Valid = Part(parts.Valid),
            SplitShare = parts.SplitShare,
            Vocabulary = 0,
            UnknownTokens = 0,
            Overlap = 0,
            Notes = parts.Notes,
        };

        static CorpusPart Part(NumberExample[] examples)
        {
            int[] lengths = [.. examples.Select(example => example.Sequence.Steps).Order()];
            return new CorpusPart
            {
                Texts = examples.Length,
                Tokens = lengths.Sum(length => (long)length),
                Lengths = (lengths[lengths.Length / 2], lengths[lengths.Length * 95 / 100], lengths[^1]),
                Labels = [.. examples.SelectMany(example => example.Labels).CountBy(label => label).OrderByDescending(label => label.Value)],
            };
        }
    }
}
