using System.Numerics.Tensors;
using CsCheck;
using RnnService.Engine.Kernels;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Text;
using RnnService.Engine.Weights;
using RnnService.Training.Corpora;
using RnnService.Training.Evaluation;
using Xunit;

namespace RnnService.Training.Tests.Evaluation;

/// <summary>What is measured of a corpus, in batches and side by side, is what each of its texts gives alone.</summary>
public sealed class EvaluatorTests
{
    private static readonly Gen<string[]> Words = OneOf("a", "b", "c", "d").Array[1, 12];

    /// <summary>The loss is the mean over texts whose label is known; one of another label is wrong and has none.</summary>
    [Fact]
    public void Texts_add_up()
    {
        var model = (Classifier)Model(ModelTask.Classifier, "x", "y");
        Gen.Select(OneOf("x", "y", "strange"), Words).Select((label, words) => new LabelledText(label, string.Join(' ', words))).Array[1, 90].Sample(examples =>
        {
            ClassificationReport report = Evaluator.Evaluate(model, examples);
            var known = new List<double>();
            var counts = new Dictionary<(string, string), long>();
            foreach (LabelledText example in examples)
            {
                float[] logits = model.Logits([model.Encode(example.Text)])[0];
                string answer = model.Config.Labels[TensorPrimitives.IndexOfMax<float>(logits)];
                counts[(example.Label, answer)] = counts.GetValueOrDefault((example.Label, answer)) + 1;
                if (example.Label != "strange") known.Add(CrossEntropy.Backward(logits, example.Label == "x" ? 0 : 1));
            }

            Assert.Equal(known.DefaultIfEmpty(0).Average(), report.Loss, 1e-3);
            AssertCounts(counts, report.Confusion);
        }, iter: 25, threads: 1);
    }

    [Fact]
    public void Sentences_add_up()
    {
        string[] tags = ["B-X", "I-X", "O", "B-Y"], known = tags[..3];
        var model = (Tagger)Model(ModelTask.Tagger, known);
        Gen<TaggedSentence> sentence = Words.SelectMany(words =>
            OneOf(tags).Array[words.Length].Select(drawn => new TaggedSentence(words, drawn)));
        sentence.Array[1, 90].Sample(sentences =>
        {
            TaggingReport report = Evaluator.Evaluate(model, sentences);
            var losses = new List<double>();
            var counts = new Dictionary<(string, string), long>();
            var spans = new SpanScores(SpanScheme.Of(known));
            foreach (TaggedSentence one in sentences)
            {
                string[] answers = new string[one.Words.Count];
                model.Network.Forward([model.Encode(one.Words)], (_, step, logits) =>
                {
                    answers[step] = known[TensorPrimitives.IndexOfMax<float>(logits)];
                    counts[(one.Tags[step], answers[step])] = counts.GetValueOrDefault((one.Tags[step], answers[step])) + 1;
                    if (Array.IndexOf(known, one.Tags[step]) is >= 0 and var gold) losses.Add(CrossEntropy.Backward(logits, gold));
                });
                spans.Add(one.Tags, answers);
            }

            Assert.Equal(losses.DefaultIfEmpty(0).Average(), report.Loss, 1e-3);
            AssertCounts(counts, report.Confusion);
            Assert.Equal(spans.Overall, report.Spans!.Overall);
        }, iter: 25, threads: 1);

        Assert.Null(Evaluator.Evaluate((Tagger)Model(ModelTask.Tagger, "N", "V"), [new TaggedSentence(["a"], ["N"])]).Spans);
    }

    /// <summary>Every token but the first is foretold once, from all before it, however many parts are read side by side.</summary>
    [Fact]
    public void Running_text_is_read_whole()
    {
        var model = (LanguageModel)Model(ModelTask.LanguageModel);
        // Parts begin with up to 200 tokens of warm-up: where that reaches back to the first, they change nothing.
        Gen.Select(OneOf("a", "b", "c", "d").Array[2, 200], Gen.Int[1, 20]).Sample((words, streams) => Check(words, streams, 1e-4), iter: 60, threads: 1);
        OneOf("a", "b", "c", "d").Array[900, 1100].Sample(
            words =>
            {
                Check(words, 1, 1e-4);
                foreach (int streams in (int[])[2, 3, 16]) Check(words, streams, 2e-3);
            }, iter: 5, threads: 1);

        void Check(string[] words, int streams, double tolerance)
        {
            string text = string.Join(' ', words);
            int[] tokens = model.Tokenizer.Encode(text);
            double whole = model.Score([tokens], model.NewState(1))[0];
            LanguageScores scores = Evaluator.Evaluate(model, text, streams);
            Assert.Equal(tokens.Length - 1, scores.Count);
            Assert.Equal(whole, scores.TotalNats, tolerance * whole);
        }
    }

    /// <summary>Where no answer can be right, the corpus is another one.</summary>
    [Fact]
    public void A_corpus_of_other_labels_alone_has_no_score()
    {
        using var folder = new ScratchFolder();
        var texts = new CorpusSource { Path = folder.Write("texts.tsv", "p\ta b\nq\tc\n"), Format = "labelled" };
        var words = new CorpusSource { Path = folder.Write("words.conll", "a\tP\nb\tQ\n"), Format = "conll" };
        Assert.Throws<CorpusException>(() => Evaluator.Score(Model(ModelTask.Classifier, "x", "y"), texts));
        Assert.Throws<CorpusException>(() => Evaluator.Score(Model(ModelTask.Tagger, "N", "V"), words));
    }

    private static Gen<string> OneOf(params string[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    private static void AssertCounts(Dictionary<(string Gold, string Predicted), long> wanted, ConfusionMatrix found)
    {
        Assert.Equal(wanted.Values.Sum(), found.Total);
        foreach (var ((gold, predicted), count) in wanted) Assert.Equal(count, found[found.IdOf(gold, "gold"), found.IdOf(predicted, "predicted")]);
    }

    /// <summary>A model whose answers are sure of themselves, right or wrong: small losses and large ones.</summary>
    private static TextModel Model(ModelTask task, params string[] labels)
    {
        TextModel model = TextModel.Create(
            new ModelConfig
            {
                Task = task,
                Cell = CellKind.Gru,
                Tokenizer = Tokenization.Whitespace,
                EmbeddingSize = 4,
                HiddenSize = 5,
                Labels = labels,
                Bidirectional = task != ModelTask.LanguageModel,
            },
            new ModelVocabulary(new Vocabulary([Vocabulary.Unknown, "a", "b", "c"])),
            Parameters.Random(3));
        foreach (Parameter parameter in model.Parameters.All)
        {
            float factor = parameter.Name.StartsWith("head", StringComparison.Ordinal) || parameter.Name.StartsWith("output", StringComparison.Ordinal) ? 12 : 2;
            TensorPrimitives.Multiply(parameter.Data, factor, parameter.Data);
        }

        model.Refresh();
        return model;
    }
}
