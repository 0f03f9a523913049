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

/// <summary>One label a word, or a character.</summary>
internal sealed class TaggerObjective : ExampleObjective
{
    private readonly Tagger _model;
    private readonly TaggerInput[] _sentences;
    private readonly ReadOnlyMemory<int>[] _labels;
    private readonly float[] _weights; // of each label in the loss; empty for 1 each
    private readonly int[] _counts; // of each word in training
    private readonly IReadOnlyList<TaggedSentence> _valid;
    private readonly int[][] _validLabels; // −1 for one that the model lacks
    private readonly AuxiliaryColumns? _columns;
    private readonly AuxiliaryHeads? _auxiliary;

    public TaggerObjective(Recipe recipe, RunCorpora<TaggedSentence> corpora)
        : base(recipe.Training, BaseModel.Open(recipe))
    {
        if (recipe.Model.Tags is not null)
        {
            corpora = corpora with
            {
                Train = TaggedSentence.InBio(corpora.Train, corpora.Valid),
                Valid = corpora.Valid is { } valid ? TaggedSentence.InBio(valid, corpora.Train) : null,
            };
        }

        CorpusParts<TaggedSentence[]> parts = CorpusParts.Split(recipe, corpora);
        if (recipe.Model.Tokenizer == Tokenization.Characters)
        {
            string[] named = [.. recipe.Model.Labels];
            var scheme = SpanScheme.Of(
                named.Length > 0 ? named : [.. parts.Train.Concat(parts.Valid).SelectMany(sentence => sentence.Tags).Distinct()]);
            parts = parts with
            {
                Train = [.. parts.Train.Select(sentence => sentence.OverCharacters(scheme))],
                Valid = [.. parts.Valid.Select(sentence => sentence.OverCharacters(scheme))],
            };
        }

        TaggedSentence[] train = parts.Train;
        _valid = parts.Valid;
        ModelConfig config = LabelIds.Complete(recipe.Model, train, parts.Notes);
        string between = config.Tokenizer == Tokenization.Characters ? "" : " ";
        config = ExampleTexts.Complete(config, recipe.Data, _valid.Select(sentence => ("", string.Join(between, sentence.Words))));
        UnseenLabels.ThrowIfAny(config.Labels, train);
        if (Settings.Auxiliary is { } auxiliary) _columns = new AuxiliaryColumns(auxiliary, train);
        recipe.Data.NoteOrThrow(UnseenLabels.Find(config.Labels, parts.Valid, "validation corpus"), parts.Notes);
        string[] forms = [.. train.SelectMany(sentence => sentence.Words)];
        Vocabulary words = Extend(
            own => own.Tokens,
            () => config.Tokenizer == Tokenization.Subwords
                ? recipe.Data.BuildVocabulary(train.Select(sentence => WordSpacing.Join(sentence.Words)), config)
                : Vocabulary.Build(forms.Select(form => config.LowerCase ? form.ToLowerInvariant() : form), recipe.Data.MinCount, recipe.Data.MaxVocabulary),
            recipe.Data.MaxVocabulary);
        // A character seen once or twice is read as unknown, so that the unknown character is learnt too.
        Vocabulary? characters = config.Characters is null
            ? null
            : Extend(own => own.Characters, () => Vocabulary.Build(forms.SelectMany(form => form.EnumerateRunes()).Select(rune => rune.ToString()), minCount: 3));
        _model = (Tagger)NewModel(recipe, config, new ModelVocabulary(words, characters));
        _sentences = [.. train.Select(sentence => _model.Encode(sentence.Words))];
        Report = CorpusSurvey.OfSentences(
            recipe, parts, [.. _valid.Select(sentence => _model.Encode(sentence.Words).Ids)], words);
        var places = new LabelIds(config);
        _labels = [.. train.Select(sentence => _model.Decoder.TargetsOf([.. sentence.Tags.Select(places.Of)]).AsMemory())];
        _validLabels = [.. _valid.Select(sentence => sentence.Tags.Select(places.Of).ToArray())];
        _weights = LabelWeights.Of(
            Settings, config.NetworkLabels, Count(config.NetworkLabels.Count, _labels.Select(own => own.ToArray())), _labels.Sum(own => (long)own.Length), several: false);
        _counts = Count(words.Count, _sentences.Select(sentence => sentence.Ids));
        Parameters = _model.Parameters;
        if (_columns is not null)
        {
            Parameters = Parameters.WithOthers(Settings.Seed);
            _auxiliary = new AuxiliaryHeads(
                Parameters, ((TaggerNetwork)_model.Network).OutputSize, _columns.Tasks, Settings.Auxiliary!.Weight, Settings.Dropout.Output);
        }

        Lengths = [.. _sentences.Select(sentence => sentence.Tokens)];
        (Train, Valid) = (CorpusFingerprint.Of(train), CorpusFingerprint.Of(_valid));
    }

    private Tagger? _kept;

    public override Model Model => _model;

    public override Parameters Parameters { get; }

    public override CorpusFingerprint Train { get; }

    public override CorpusFingerprint Valid { get; }

    public override CorpusReport Report { get; }

    private protected override IReadOnlyList<int> Lengths { get; }

    public override ValidationScore Evaluate()
    {
        float[][] logits = Evaluator.Logits(_model, _valid);
        ModelConfig config = _model.Config;
        if (config.Crf || config.Tags is not null) return ValidationScore.Of(Evaluator.Report(_model, config, _valid, logits));
        int size = config.Labels.Count;
        var answers = logits.SelectMany((row, i) => row.Chunk(size).Select((one, t) => (Logits: one, Gold: _validLabels[i][t]))).Where(answer => answer.Gold >= 0).ToArray();
        config = config with { Calibration = config.Calibration ?? Calibration.Fit([.. answers.Select(answer => answer.Logits)], [.. answers.Select(answer => answer.Gold)]) };
        _kept = _model.With(config);
        return ValidationScore.Of(Evaluator.Report(_model, config, _valid, logits))
            .WithCalibration(Evaluator.Report(_model, config with { Calibration = null }, _valid, logits).Confidences);
    }

    public override Model Kept => _kept ?? _model;

    public override void Refresh()
    {
        base.Refresh();
        _auxiliary?.Refresh();
    }

    private protected override ShardResult Run(int[] examples, Pass pass, Gradients gradients)
    {
        TaggerInput[] sentences = [.. examples.Select(i => _sentences[i])];
        var network = (TaggerNetwork)_model.Network;
        ReadOnlyMemory<int>[] labels = [.. examples.Select(i => _labels[i])];
        IReadOnlyList<ReadOnlyMemory<int>>[] others = _columns?.Of(examples) ?? [];
        if (pass.TrainedDepth == 0 && _model.Config.Base is null)
        {
            float[][] features = Features(examples, some => network.Features(new Pass(pass.Workspace), [.. some.Select(i => _sentences[i])]));
            (double sum, int rows) = network.TrainHead(
                pass, features, Settings.Dropout.Output,
                (layout, head) => network.LossOf(layout, head, labels, _weights, gradients)
                    + (_auxiliary?.Backward(pass, layout, head.Hidden, others, gradients, dHidden: default) ?? 0),
                gradients);
            return new ShardResult(sum, rows, rows);
        }

        int[][] ids = [.. sentences.Select(sentence => DropWords(sentence.Ids, _counts, _model.Vocabulary.Tokens.UnknownId, pass))];
        TaggerNetwork.Trace trace = network.Forward(pass, sentences, ids, Settings.Dropout);
        double loss = network.Backward(pass, trace, labels, _weights, gradients, _auxiliary, others);
        return new ShardResult(loss, trace.Answers.Rows, trace.Layout.Rows);
    }
}
