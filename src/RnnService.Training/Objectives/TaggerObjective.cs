using RnnService.Engine.Kernels;
using RnnService.Engine.Layers;
using RnnService.Engine.Tasks;
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
    private readonly int[][] _labels;
    private readonly int[] _counts; // of each word in training
    private readonly IReadOnlyList<TaggedSentence> _valid;

    public TaggerObjective(Recipe recipe)
        : base(recipe.Training)
    {
        TaggedSentence[] train = [.. recipe.Data.Train.SelectMany(Corpus.ReadTagged)];
        _valid = [.. recipe.Data.Valid.SelectMany(Corpus.ReadTagged)];
        if (recipe.Model.Tokenizer == Tokenization.Characters)
        {
            string[] named = [.. recipe.Model.Labels];
            var scheme = SpanScheme.Of(named.Length > 0 ? named : [.. train.Concat(_valid).SelectMany(sentence => sentence.Tags).Distinct()]);
            train = [.. train.Select(sentence => sentence.OverCharacters(scheme))];
            _valid = [.. _valid.Select(sentence => sentence.OverCharacters(scheme))];
        }

        ModelConfig config = LabelIds.Complete(recipe.Model, train.SelectMany(sentence => sentence.Tags));
        string[] forms = [.. train.SelectMany(sentence => sentence.Words)];
        Vocabulary words = Vocabulary.Build(forms.Select(config.Normalize), recipe.Data.MinCount, recipe.Data.MaxVocabulary);
        // A character seen once or twice is read as unknown, so that the unknown character is learnt too.
        Vocabulary? characters = config.Characters is null
            ? null
            : Vocabulary.Build(forms.SelectMany(form => form.EnumerateRunes()).Select(rune => rune.ToString()), minCount: 3);
        _model = (Tagger)TextModel.Create(config, new ModelVocabulary(words, characters), Start(recipe));
        _sentences = [.. train.Select(sentence => _model.Encode(sentence.Words))];
        _labels = [.. train.Select(sentence => sentence.Tags.Select(tag => LabelIds.Of(config, tag, "training")).ToArray())];
        _counts = Count(words, _sentences.Select(sentence => sentence.Ids));
        Lengths = [.. _sentences.Select(sentence => sentence.Length)];
        (Train, Valid) = (CorpusFingerprint.Of(train), CorpusFingerprint.Of(_valid));
        ValidTokens = _valid.Sum(sentence => (long)sentence.Words.Count);
        foreach (string tag in _valid.SelectMany(sentence => sentence.Tags).Distinct()) LabelIds.Of(config, tag, "validation");
    }

    public override TextModel Model => _model;

    public override CorpusFingerprint Train { get; }

    public override CorpusFingerprint Valid { get; }

    public override long ValidTokens { get; }

    public override (string Train, string Valid) Sizes => (Size(_sentences.Length, "sentences"), Size(_valid.Count, "sentences"));

    private protected override IReadOnlyList<int> Lengths { get; }

    public override ValidationScore Evaluate() => ValidationScore.Of(Evaluator.Tagging(_model, _valid));

    private protected override ShardResult Run(int[] examples, Pass pass, Gradients gradients)
    {
        TaggerInput[] sentences = [.. examples.Select(i => _sentences[i])];
        int[][] ids = [.. sentences.Select(sentence => DropWords(sentence.Ids, _counts, _model.Vocabulary.Tokens.UnknownId, pass))];
        var network = (TaggerNetwork)_model.Network;
        TaggerNetwork.Trace trace = network.Forward(pass, sentences, ids, Settings.Dropout);
        int labels = _model.Config.Labels.Count;
        double loss = 0;
        for (int i = 0; i < examples.Length; i++)
        {
            int[] gold = _labels[examples[i]];
            for (int t = 0; t < gold.Length; t++)
                loss += CrossEntropy.Backward(trace.Logits.Span.Slice(trace.Layout.RowOf(i, t) * labels, labels), gold[t]);
        }

        network.Backward(pass, trace, trace.Logits.Span, gradients);
        return new ShardResult(loss, trace.Layout.Rows, trace.Layout.Rows);
    }
}
