using System.Numerics.Tensors;
using RnnService.Engine.Generation;
using RnnService.Engine.Kernels;
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
    /// which would be infinite there, is that of the others.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="examples">Texts with their labels.</param>
    public static ClassificationReport Evaluate(Classifier model, IReadOnlyList<LabelledText> examples)
    {
        int known = model.Config.Labels.Count;
        var confusion = new ConfusionMatrix(model.Config.Labels.Union(examples.Select(example => example.Label)));
        int[][] texts = [.. examples.Select(example => model.Encode(example.Text))];
        float[][] probabilities = new float[examples.Count][];
        InBatches(texts.Select(text => text.Length), batch =>
        {
            float[][] rows = model.Classify([.. batch.Select(i => texts[i])]);
            for (int i = 0; i < batch.Length; i++) probabilities[batch[i]] = rows[i];
        });
        double loss = 0;
        int learnt = 0;
        for (int i = 0; i < examples.Count; i++)
        {
            int gold = confusion.IdOf(examples[i].Label, "gold");
            confusion.Add(gold, TensorPrimitives.IndexOfMax<float>(probabilities[i]));
            if (gold >= known) continue;
            loss -= Math.Log(Math.Max(probabilities[i][gold], 1e-30f));
            learnt++;
        }

        return new ClassificationReport(loss / Math.Max(1, learnt), confusion);
    }

    /// <summary>
    /// Scores a tagger on sentences whose words are given; a tagger over characters, on the characters of the words. A word whose label the
    /// model lacks counts as wrong, likewise.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="sentences">Words with their tags.</param>
    public static TaggingReport Evaluate(Tagger model, IReadOnlyList<TaggedSentence> sentences)
    {
        if (model.Config.Tokenizer == Tokenization.Characters) sentences = [.. sentences.Select(sentence => sentence.OverCharacters(model.Spans))];
        IReadOnlyList<string> labels = model.Config.Labels;
        var confusion = new ConfusionMatrix(labels.Union(sentences.SelectMany(sentence => sentence.Tags)));
        int[][] gold = [.. sentences.Select(sentence => sentence.Tags.Select(tag => confusion.IdOf(tag, "gold")).ToArray())];
        TaggerInput[] inputs = [.. sentences.Select(sentence => model.Encode(sentence.Words))];
        int[][] predicted = new int[sentences.Count][];
        double[] losses = new double[sentences.Count];
        InBatches(inputs.Select(input => input.Length), batch =>
        {
            foreach (int i in batch) predicted[i] = new int[inputs[i].Length];
            model.Network.Forward([.. batch.Select(i => inputs[i])], (row, step, logits) =>
            {
                int sentence = batch[row];
                predicted[sentence][step] = TensorPrimitives.IndexOfMax<float>(logits);
                if (gold[sentence][step] < labels.Count) losses[sentence] += CrossEntropy.Backward(logits, gold[sentence][step]);
            });
        });

        SpanScores? spans = model.Spans.MarksSpans ? new SpanScores(model.Spans) : null;
        for (int i = 0; i < sentences.Count; i++)
        {
            for (int t = 0; t < gold[i].Length; t++) confusion.Add(gold[i][t], predicted[i][t]);
            spans?.Add(sentences[i].Tags, [.. predicted[i].Select(id => labels[id])]);
        }

        long learnt = gold.Sum(ids => (long)ids.Count(id => id < labels.Count));
        return new TaggingReport(losses.Sum() / Math.Max(1, learnt), confusion, spans);
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
                UnseenLabels.Find(model.Config.Labels, examples, "corpus"); // refuses where every one is
                return ValidationScore.Of(Evaluate(classifier, examples));
            default:
                IReadOnlyList<TaggedSentence> sentences = Corpus.ReadTagged(corpus);
                UnseenLabels.Find(model.Config.Labels, sentences, "corpus");
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
