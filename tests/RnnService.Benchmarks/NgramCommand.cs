using System.Globalization;
using RnnService.Engine.Kernels;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Training.Corpora;
using RnnService.Training.Recipes;

namespace RnnService.Benchmarks;

/// <summary>
/// A language model beside counting: the validation part of its recipe, judged token by token by the model and by n-grams of the same tokens of the same
/// training part, for each corpus by itself; and by n-grams of words, which are told for nothing how a word outside their vocabulary is spelt.
/// </summary>
internal static class NgramCommand
{
    private const int MostWords = 65_000;

    /// <param name="folder">The model.</param>
    /// <param name="recipe">Its recipe: of a model that goes on from another the other's.</param>
    /// <param name="data">Where the corpora lie.</param>
    /// <param name="orders">Tokens of the longest n-gram; <c>words5</c> for words.</param>
    public static int Run(string folder, string recipe, string data, params string[] orders)
    {
        using LanguageModel model = LanguageModel.Load(folder);
        ((string Name, string Text)[] train, (string Name, string Text)[] valid) = Parts(recipe, data);
        int[][] read = [.. valid.Select(text => model.Tokenizer.Encode(text.Text))];
        Print("model", valid, [.. read.Select(tokens => NatsOf(model, tokens).Sum())], read);
        int[] learnt = [.. train.SelectMany(text => model.Tokenizer.Encode(text.Text + "\n"))];
        foreach (string order in orders)
        {
            if (!order.StartsWith("words", StringComparison.Ordinal))
            {
                var counted = new KneserNey(learnt, int.Parse(order, CultureInfo.InvariantCulture), model.Vocabulary.Tokens.Count);
                Print($"{order}-gram of tokens", valid, [.. read.Select(tokens => counted.Nats(tokens).Sum())], read);
                continue;
            }

            Dictionary<string, int> ids = train.SelectMany(text => WordsOf(text.Text)).CountBy(word => word).OrderByDescending(pair => pair.Value)
                .ThenBy(pair => pair.Key, StringComparer.Ordinal).Take(MostWords).Select((pair, id) => (pair.Key, id + 1)).ToDictionary(StringComparer.Ordinal);
            int[] words = [.. train.SelectMany(text => WordsOf(text.Text)).Select(word => ids.GetValueOrDefault(word))];
            var grams = new KneserNey(words, int.Parse(order["words".Length..], CultureInfo.InvariantCulture), ids.Count + 1);
            int[][] held = [.. valid.Select(text => WordsOf(text.Text).Select(word => ids.GetValueOrDefault(word)).ToArray())];
            Print($"{order}, {held.Sum(own => own.Count(id => id == 0)) / (double)held.Sum(own => own.Length):0.0%} unknown", valid, [.. held.Select(own => grams.Nats(own).Sum())], read);
        }

        return 0;
    }

    /// <summary>What a recipe's training learns from and what judges it, corpus by corpus.</summary>
    public static ((string Name, string Text)[] Train, (string Name, string Text)[] Valid) Parts(string recipe, string data)
    {
        DataSettings settings = Recipe.Read(recipe).Data;
        (string Name, RunningText Text)[] texts = [.. settings.Train.Select(source => Read(source, data))];
        return settings.Valid.Count > 0
            ? ([.. texts.Select(text => (text.Name, text.Text.Whole))], [.. settings.Valid.Select(source => Read(source, data)).Select(text => (text.Name, text.Text.Whole))])
            : ([.. texts.Select(text => (text.Name, text.Text.Split(settings.SplitShare).Train))], [.. texts.Select(text => (text.Name, text.Text.Split(settings.SplitShare).Valid))]);
    }

    private static (string Name, RunningText Text) Read(CorpusSource source, string data) =>
        (source.Path, Corpus.ReadRunningText(source with { Path = Path.Combine(data, source.Path) }, null));

    private static IEnumerable<string> WordsOf(string text) => text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

    private static List<double> NatsOf(LanguageModel model, int[] tokens)
    {
        var nats = new List<double>();
        float[] scratch = new float[model.Vocabulary.Tokens.Count];
        RecurrentState state = model.NewState(1);
        const int piece = 1000;
        for (int at = 0; at + 1 < tokens.Length; at += piece)
        {
            int[] own = tokens[at..Math.Min(tokens.Length - 1, at + piece)];
            model.Network.Forward([own], [0], state, (_, step, logits) => nats.Add(Activations.LogSumExp(logits, scratch) - logits[tokens[at + step + 1]]));
        }

        return nats;
    }

    private static void Print(string what, (string Name, string Text)[] texts, double[] nats, int[][] tokens)
    {
        for (int i = 0; i < texts.Length; i++) Line(texts[i].Name, nats[i], texts[i].Text.Length, WordsOf(texts[i].Text).Count(), tokens[i].Length - 1);
        Line("all", nats.Sum(), texts.Sum(text => text.Text.Length), texts.Sum(text => WordsOf(text.Text).Count()), tokens.Sum(own => own.Length - 1));

        void Line(string name, double sum, int characters, int words, int count) => Console.WriteLine(FormattableString.Invariant(
            $"{what}, {name}: {sum / count:0.0000} nats a token, {sum / characters:0.0000} a character, perplexity {Math.Exp(sum / words):0.00} a word ({words:N0} words)"));
    }
}
