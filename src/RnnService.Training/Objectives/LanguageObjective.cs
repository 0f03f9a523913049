using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;
using RnnService.Engine.Networks.Heads;
using RnnService.Engine.Text;
using RnnService.Engine.Weights;
using RnnService.Training.Corpora;
using RnnService.Training.Evaluation;
using RnnService.Training.Recipes;

namespace RnnService.Training.Objectives;

/// <summary>
/// Next-token prediction over running text: as many parallel streams as the batch has rows, unrolled a window at a time, the state carried
/// from window to window (truncated backpropagation through time), and now and then begun anew, as every request begins. Each epoch starts at another
/// offset, so windows end elsewhere.
/// </summary>
internal sealed class LanguageObjective : Objective
{
    private const ulong ResetStream = 0x2E5E7;

    private readonly LanguageModel _model;
    private readonly TrainingSettings _settings;
    private readonly int[] _train;
    private readonly int[] _valid;
    private readonly RecurrentState[] _states; // one a shard
    private readonly SampledSoftmax? _sampled;
    private int _start; // of the window, in every stream

    public LanguageObjective(Recipe recipe, RunCorpora<RunningText> corpora)
        : base(BaseModel.Open(recipe))
    {
        _settings = recipe.Training;
        CorpusParts<string> parts = CorpusParts.Split(recipe, corpora);
        string train = parts.Train, valid = parts.Valid;
        Vocabulary vocabulary = Extend(
            own => own.Tokens, () => recipe.Data.BuildVocabulary([train], recipe.Model with { LowerCase = false }), recipe.Data.MaxVocabulary);
        _model = (LanguageModel)NewModel(recipe, recipe.Model, new ModelVocabulary(vocabulary));
        _train = _model.Tokenizer.Encode(train);
        _valid = _model.Tokenizer.Encode(valid);
        (Train, Valid) = (CorpusFingerprint.Of(train), CorpusFingerprint.Of(valid));
        Report = CorpusSurvey.OfText(recipe, parts, _train, _valid, vocabulary);
        if (_train.Length < 2L * _settings.BatchSize)
        {
            throw new InvalidDataException(
                $"{corpora.TrainName}: holds {Evaluator.Tokens(_train.Length)}; expected {2L * _settings.BatchSize} or more to train on, "
                + $"two for each of the {_settings.BatchSize} parts that training.batch_size makes of a text");
        }

        if (parts.SplitShare is not null && _valid.Length < 2)
        {
            CorpusSetting[] suggestions = corpora.IsInMemory ? [] : [new CorpusSetting("data.valid", "FILE")];
            throw new CorpusException(new CorpusNote(
                $"{corpora.TrainName}: the end, split off for validation, holds {Evaluator.Tokens(_valid.Length)}; expected 2 or more: "
                + "a longer text, or a validation corpus of its own",
                suggestions));
        }

        Evaluator.CheckLength(corpora.ValidName, _valid.Length);
        if (_settings.SampledTokens > 0) _sampled = new SampledSoftmax(_train, vocabulary.Count, _settings.SampledTokens);
        _states = [.. Enumerable.Range(0, _settings.Shards).Select(shard => _model.NewState(Rows(shard).Count()))];
    }

    public override Model Model => _model;

    public override long MostTokens => Math.Min((long)_settings.BatchSize * _settings.UnrollSteps, _train.Length);

    public override CorpusFingerprint Train { get; }

    public override CorpusFingerprint Valid { get; }

    public override CorpusReport Report { get; }

    public override IReadOnlyList<float[]> Carried => [.. _states.SelectMany(state => new[] { state.Hidden, state.CellState })];

    private int StreamLength => _train.Length / _settings.BatchSize;

    public override int StepsIn(int epoch)
    {
        int predictions = StreamLength - 1 - Offset(epoch);
        return Math.Max(1, predictions / _settings.UnrollSteps);
    }

    public override void Begin(int epoch, int index)
    {
        _start = Offset(epoch) + index * _settings.UnrollSteps;
        for (int row = 0; row < _settings.BatchSize; row++)
        {
            if (index > 0 && new RandomSource(_settings.Seed, ResetStream, (ulong)epoch, (ulong)index, (ulong)row).Uniform() >= _settings.StateReset) continue;
            _states[row % _settings.Shards].Clear(row / _settings.Shards);
        }
    }

    public override ShardResult Run(int shard, Pass pass, Gradients gradients)
    {
        int[] rows = [.. Rows(shard)];
        int length = Math.Min(_settings.UnrollSteps, StreamLength - 1 - _start);
        var tokens = new ReadOnlyMemory<int>[rows.Length];
        for (int i = 0; i < rows.Length; i++) tokens[i] = _train.AsMemory(rows[i] * StreamLength + _start, length + 1);

        var network = (LanguageNetwork)_model.Network;
        ReadOnlyMemory<int>[] inputs = [.. tokens.Select(row => row[..^1])], targets = [.. tokens.Select(row => row[1..])];
        var penalty = new ActivationPenalty(_settings.ActivationPenalty, _settings.ChangePenalty);
        long predictions = (long)rows.Length * length;
        if (_sampled is not null)
        {
            double estimate = network.BackwardSampled(pass, inputs, _states[shard], _settings.Dropout, targets, gradients, _sampled, penalty);
            return new ShardResult(estimate, predictions, predictions);
        }

        LanguageNetwork.Trace trace = network.Forward(pass, inputs, _states[shard], _settings.Dropout);
        double loss = network.Backward(pass, trace, targets, gradients, (float)_settings.LabelSmoothing, penalty);
        return new ShardResult(loss, predictions, predictions);
    }

    public override ValidationScore Evaluate() => ValidationScore.Of(Evaluator.Evaluate(_model, _valid, streams: 16));

    private int Offset(int epoch)
    {
        int room = Math.Min(_settings.UnrollSteps, StreamLength / 2);
        return epoch == 0 || room == 0 ? 0 : new RandomSource(_settings.Seed, 0x0FF5E7, (ulong)epoch).Below(room);
    }

    private IEnumerable<int> Rows(int shard) => Enumerable.Range(0, _settings.BatchSize).Where(row => row % _settings.Shards == shard);
}
