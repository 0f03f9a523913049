using System.Numerics.Tensors;
using RnnService.Engine.Generation;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;
using RnnService.Engine.Text;
using RnnService.Training.Corpora;
using RnnService.Training.Threading;

namespace RnnService.Training.Evaluation;

/// <summary>Measures models on corpora. Safe for any number of threads; uses all processors.</summary>
public static class Evaluator
{
    private static readonly GenerationOptions Greedy = new() { DoSample = false, Beams = 1, Best = 1 };

    /// <summary>
    /// Scores a language model on running text. One stream reads it as it stands, its state carried over from the first token to the last.
    /// More streams each read a part side by side, which is faster, after warming up on the tokens before it; the figure differs a little.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="text">The text.</param>
    /// <param name="streams">Parts read side by side.</param>
    /// <param name="place">What to call the text in a message: its file.</param>
    /// <exception cref="InvalidDataException">The text has fewer than two tokens that the model knows: there is nothing to predict.</exception>
    public static LanguageScores Evaluate(LanguageModel model, string text, int streams = 1, string place = "the text")
    {
        int[] tokens = model.Tokenizer.Encode(text);
        CheckLength(place, tokens.Length);
        return Evaluate(model, tokens, streams);
    }

    /// <summary>Scores a classifier on texts with their labels.</summary>
    /// <inheritdoc cref="Evaluate(Classifier, IReadOnlyList{LabelledText})"/>
    public static ClassificationReport Evaluate(Classifier model, IEnumerable<(string Text, string Label)> examples) =>
        Evaluate(model, [.. examples.Select(example => new LabelledText(example.Label, example.Text))]);

    /// <summary>
    /// Scores a classifier. A text whose label the model lacks counts as wrong, with a label of its own in the confusion matrix; the loss,
    /// which would be infinite there, is that of the others. With <see cref="ModelConfig.RejectLabel"/> an answer below the threshold counts as that label.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="examples">Texts with their labels; of those with several the first counts.</param>
    /// <exception cref="ArgumentException">The model gives a text several labels: <see cref="EvaluateMultiLabel"/>.</exception>
    public static ClassificationReport Evaluate(Classifier model, IReadOnlyList<LabelledText> examples) => model.Config.MultiLabel is true
        ? throw new ArgumentException("model.multi_label is true; expected a model of one label a text", nameof(model))
        : Report(model.Config, examples, Logits(model, examples));

    /// <summary>
    /// Scores a classifier that gives a text any number of labels, by those that reach their thresholds. A label that the model lacks counts as missed; the
    /// loss is that of the others.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="examples">Texts with all their labels.</param>
    /// <exception cref="ArgumentException">The model gives a text one label: <see cref="Evaluate(Classifier, IReadOnlyList{LabelledText})"/>.</exception>
    public static MultiLabelReport EvaluateMultiLabel(Classifier model, IReadOnlyList<LabelledText> examples) => model.Config.MultiLabel is not true
        ? throw new ArgumentException("model.multi_label is not true; expected a model of several labels a text", nameof(model))
        : ReportSeveral(model.Config, examples, Logits(model, examples));

    /// <summary>The network's own numbers for each text, [N][labels].</summary>
    internal static float[][] Logits(Classifier model, IReadOnlyList<LabelledText> examples)
    {
        int[][] texts = [.. examples.Select(example => model.Encode(example.Text))];
        float[][] logits = new float[examples.Count][];
        InBatches(texts.Select(text => text.Length), batch =>
        {
            float[][] rows = model.Logits([.. batch.Select(i => texts[i])]);
            for (int i = 0; i < batch.Length; i++) logits[batch[i]] = rows[i];
        });
        return logits;
    }

    /// <summary>The probabilities [N][labels] that a model's answers have.</summary>
    internal static float[][] Probabilities(ModelConfig config, float[][] logits) => [.. logits.Select(row =>
    {
        float[] scores = [.. row];
        config.ToScores(scores);
        return scores;
    })];

    /// <summary>The scores of a model with this configuration and these <see cref="Logits(Classifier, IReadOnlyList{LabelledText})"/>.</summary>
    internal static ClassificationReport Report(ModelConfig config, IReadOnlyList<LabelledText> examples, float[][] logits)
    {
        int known = config.Labels.Count;
        string[] reject = config.RejectLabel is { } none ? [none] : [];
        var confusion = new ConfusionMatrix(config.Labels.Union(reject).Union(examples.Select(example => example.Label)));
        var confidences = new Confidences();
        float[][] probabilities = Probabilities(config, logits);
        double loss = 0;
        int learnt = 0;
        for (int i = 0; i < examples.Count; i++)
        {
            int gold = confusion.IdOf(examples[i].Label, "gold"), best = TensorPrimitives.IndexOfMax<float>(probabilities[i]);
            confidences.Add(probabilities[i][best], gold == best);
            confusion.Add(gold, config.RejectLabel is not null && probabilities[i][best] < config.ThresholdOf(best) ? known : best);
            if (gold >= known) continue;
            loss -= Math.Log(Math.Max(probabilities[i][gold], 1e-30f));
            learnt++;
        }

        return new ClassificationReport(loss / Math.Max(1, learnt), confusion) { Confidences = confidences };
    }

    /// <summary>The scores of a model of several labels a text, likewise.</summary>
    internal static MultiLabelReport ReportSeveral(ModelConfig config, IReadOnlyList<LabelledText> examples, float[][] logits)
    {
        int known = config.Labels.Count;
        string[] labels = [.. config.Labels.Union(examples.SelectMany(example => example.AllLabels))];
        Dictionary<string, int> ids = labels.Index().ToDictionary(label => label.Item, label => label.Index, StringComparer.Ordinal);
        var (gold, predicted, correct) = (new long[labels.Length], new long[labels.Length], new long[labels.Length]);
        var confidences = new Confidences();
        float[][] probabilities = Probabilities(config, logits);
        double loss = 0;
        long exact = 0;
        for (int i = 0; i < examples.Count; i++)
        {
            HashSet<int> right = [.. examples[i].AllLabels.Select(label => ids[label])];
            foreach (int label in right) gold[label]++;
            bool same = right.All(label => label < known);
            for (int label = 0; label < known; label++)
            {
                float probability = probabilities[i][label];
                bool has = right.Contains(label), gives = probability >= config.ThresholdOf(label);
                loss -= Math.Log(Math.Max(has ? probability : 1 - (double)probability, 1e-30));
                confidences.Add(probability, has);
                if (gives) predicted[label]++;
                if (gives && has) correct[label]++;
                same &= gives == has;
            }

            if (same) exact++;
        }

        F1Score[] scores = [.. labels.Select((_, label) => new F1Score(gold[label], predicted[label], correct[label]))];
        return new MultiLabelReport(loss / Math.Max(1, examples.Count), labels, scores, examples.Count, exact) { Confidences = confidences };
    }

    /// <summary>
    /// Scores a tagger on sentences whose words are given; a tagger over characters, on the characters of the words. A word whose label the
    /// model lacks counts as wrong, likewise.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="sentences">Words with their tags.</param>
    public static TaggingReport Evaluate(Tagger model, IReadOnlyList<TaggedSentence> sentences)
    {
        if (model.Config.Tags is not null) sentences = TaggedSentence.InBio(sentences);
        if (model.Config.Tokenizer == Tokenization.Characters) sentences = [.. sentences.Select(sentence => sentence.OverCharacters(model.Spans))];
        return Report(model, model.Config, sentences, Logits(model, sentences));
    }

    /// <summary>The network's own numbers for the words of each sentence, [N][words·outputs].</summary>
    internal static float[][] Logits(Tagger model, IReadOnlyList<TaggedSentence> sentences)
    {
        TaggerInput[] inputs = [.. sentences.Select(sentence => model.Encode(sentence.Words))];
        float[][] all = new float[inputs.Length][];
        InBatches(inputs.Select(input => input.Tokens), batch =>
            model.Read([.. batch.Select(i => inputs[i])], (row, logits) => all[batch[row]] = logits.ToArray()));
        return all;
    }

    /// <summary>The scores of a model with this configuration and these <see cref="Logits(Tagger, IReadOnlyList{TaggedSentence})"/>.</summary>
    internal static TaggingReport Report(Tagger model, ModelConfig config, IReadOnlyList<TaggedSentence> sentences, float[][] logits)
    {
        IReadOnlyList<string> labels = config.Labels;
        var decoder = new TagDecoder(config, () => model.Network.Transitions);
        var confusion = new ConfusionMatrix(labels.Union(sentences.SelectMany(sentence => sentence.Tags)));
        var confidences = new Confidences();
        SpanScores? spans = model.Spans.MarksSpans ? new SpanScores(model.Spans) : null;
        double loss = 0;
        long learnt = 0;
        for (int i = 0; i < sentences.Count; i++)
        {
            int[] gold = [.. sentences[i].Tags.Select(tag => confusion.IdOf(tag, "gold"))], best = new int[gold.Length];
            (double own, int words) = decoder.Loss([.. logits[i]], decoder.TargetsOf([.. gold.Select(id => id < labels.Count ? id : -1)]));
            (loss, learnt) = (loss + own, learnt + words);
            float[] scores = new float[gold.Length * labels.Count];
            decoder.Decode([.. logits[i]], best, scores);
            for (int t = 0; t < gold.Length; t++)
            {
                confusion.Add(gold[t], best[t]);
                confidences.Add(scores[t * labels.Count + best[t]], gold[t] == best[t]);
            }

            spans?.Add(sentences[i].Tags, [.. best.Select(label => labels[label])]);
        }

        return new TaggingReport(loss / Math.Max(1, learnt), confusion, spans) { Confidences = confidences };
    }

    /// <summary>
    /// Scores a translator: translates the sources and compares with the targets, and measures how well it predicts these, token by token, when it is
    /// told what came before.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="pairs">Texts and their translations.</param>
    /// <param name="options">How it translates; the likeliest token after the other when null.</param>
    /// <param name="most">Most pairs to translate, evenly over all of them; all count for the loss.</param>
    /// <exception cref="InvalidDataException">A source is too long to translate, or holds nothing that the model reads; the message says which.</exception>
    public static TranslationReport Evaluate(Translator model, IReadOnlyList<TextPair> pairs, GenerationOptions? options = null, int most = int.MaxValue)
    {
        int[][] sources = [.. pairs.Select(pair => model.ReadSource(pair.Source))], targets = [.. pairs.Select(pair => model.ReadTarget(pair.Target))];
        int count = Math.Min(most, pairs.Count);
        int[] chosen = [.. Enumerable.Range(0, count).Select(i => (int)((long)i * pairs.Count / count))];
        foreach (int i in chosen)
        {
            if (SourceFault(model, pairs[i], sources[i]) is { } fault) throw new InvalidDataException(fault);
        }

        double[] nats = new double[pairs.Count];
        InBatches(targets.Select(target => target.Length), batch =>
        {
            double[] sums = model.Score([.. batch.Select(i => sources[i])], [.. batch.Select(i => targets[i])]);
            for (int i = 0; i < batch.Length; i++) nats[batch[i]] = sums[i];
        });

        string[] translations = new string[count];
        InBatches(chosen.Select(i => sources[i].Length), batch =>
        {
            IReadOnlyList<GenerationStream> found = model.Translate([.. batch.Select(i => pairs[chosen[i]].Source)], options ?? Greedy);
            for (int i = 0; i < batch.Length; i++) translations[batch[i]] = found[i].Text;
        });
        (string, string)[] compared = [.. chosen.Select((i, at) => (translations[at], pairs[i].Target))];
        return new TranslationReport(
            new LanguageScores(nats.Sum(), targets.Sum(target => target.Length - 1L)), BleuScore.Of(compared), ChrfScore.Of(compared), translations);
    }

    /// <summary>Why a model does not translate a pair's source; null where it does.</summary>
    internal static string? SourceFault(Translator model, TextPair pair, int[] source) => source.Length - 1 is var tokens and (< 1 or > Translator.MostSourceTokens)
        ? $"{pair.Place}: the source holds {tokens} {model.Tokenizer.Unit}s; expected 1 to {Translator.MostSourceTokens}"
        : null;

    /// <summary>Scores a model of any task on a corpus of it, in one figure; running text is read as one stream.</summary>
    /// <inheritdoc cref="Corpus" path="/remarks"/>
    public static ValidationScore Score(Model model, CorpusSource corpus)
    {
        switch (model)
        {
            case NumberModel numbers:
                return ValidationScore.Of(NumberEvaluator.Evaluate(numbers, Corpus.ReadNumbers(corpus).Examples, oneSymbol: false));
            case LanguageModel language:
                return ValidationScore.Of(Evaluate(language, Corpus.ReadText(corpus), place: corpus.Path));
            case Translator translator:
                return ValidationScore.Of(Evaluate(translator, Corpus.ReadPairs(corpus)));
            case Classifier classifier:
                IReadOnlyList<LabelledText> examples = Corpus.ReadLabelled(corpus);
                UnseenLabels.Find(model.Config, examples, "corpus"); // refuses where every one is
                return model.Config.MultiLabel is true
                    ? ValidationScore.Of(EvaluateMultiLabel(classifier, examples))
                    : ValidationScore.Of(Evaluate(classifier, examples));
            default:
                IReadOnlyList<TaggedSentence> sentences = Corpus.ReadTagged(corpus);
                UnseenLabels.Find(model.Config, sentences, "corpus");
                return ValidationScore.Of(Evaluate((Tagger)model, sentences));
        }
    }

    /// <summary>Refuses a text in which nothing is predicted.</summary>
    /// <exception cref="InvalidDataException">It has fewer than two tokens.</exception>
    internal static void CheckLength(string place, int tokens)
    {
        if (tokens < 2)
        {
            throw new InvalidDataException(
                $"{place}: holds {Tokens(tokens)}; expected 2 or more, since each is predicted from those before it");
        }
    }

    /// <summary>A number of tokens in words.</summary>
    internal static string Tokens(int count) => count == 1 ? "1 token that the model knows" : $"{count} tokens that the model knows";

    internal static LanguageScores Evaluate(LanguageModel model, int[] tokens, int streams)
    {
        const int chunk = 100, warmUp = 200;
        int length = (tokens.Length - 1 + streams - 1) / streams; // predictions a stream
        int groups = Math.Min(streams, Environment.ProcessorCount);
        double[] nats = new double[streams];
        ParallelLoop.For(groups, group =>
        {
            int[] members = [.. Enumerable.Range(0, streams).Where(stream => stream % groups == group)];
            RecurrentState state = model.NewState(members.Length);
            model.Score([.. members.Select(stream => Slice((stream * length) - warmUp, stream * length))], state);
            for (int at = 0; at < length; at += chunk)
            {
                int to = Math.Min(at + chunk, length);
                double[] sums = model.Score([.. members.Select(stream => Slice((stream * length) + at, (stream * length) + to))], state);
                for (int i = 0; i < members.Length; i++) nats[members[i]] += sums[i];
            }
        });
        return new LanguageScores(nats.Sum(), tokens.Length - 1);

        // The tokens from index from to index to, both included: each predicts the next.
        ReadOnlyMemory<int> Slice(int from, int to)
        {
            from = Math.Clamp(from, 0, tokens.Length - 1);
            to = Math.Clamp(to, 0, tokens.Length - 1);
            return tokens.AsMemory(from, to - from + 1);
        }
    }

    /// <summary>Runs over batches of examples of about the same length, on all processors.</summary>
    private static void InBatches(IEnumerable<int> lengths, Action<int[]> run) =>
        ParallelLoop.ForEach(LengthBatches.Of([.. lengths]), run);
}
