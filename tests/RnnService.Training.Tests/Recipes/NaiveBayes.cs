using System.Text.RegularExpressions;
using RnnService.Training.Corpora;

namespace RnnService.Training.Tests.Recipes;

/// <summary>Multinomial naive Bayes over lower-cased words with add-one smoothing: what any trained classifier must reach.</summary>
internal sealed partial class NaiveBayes
{
    private readonly Dictionary<string, (double Prior, Dictionary<string, int> Counts, int Words)> _labels = [];
    private readonly HashSet<string> _vocabulary = [];

    public NaiveBayes(IReadOnlyList<LabelledText> train)
    {
        foreach (var group in train.GroupBy(example => example.Label))
        {
            string[] words = [.. group.SelectMany(example => Words(example.Text))];
            _labels[group.Key] = (Math.Log((double)group.Count() / train.Count), words.CountBy(word => word).ToDictionary(), words.Length);
            _vocabulary.UnionWith(words);
        }
    }

    public string Classify(string text)
    {
        string[] words = [.. Words(text).Where(_vocabulary.Contains)];
        return _labels.MaxBy(label => label.Value.Prior + words.Sum(word =>
            Math.Log((label.Value.Counts.GetValueOrDefault(word) + 1.0) / (label.Value.Words + _vocabulary.Count)))).Key;
    }

    public double Accuracy(IReadOnlyList<LabelledText> texts) =>
        (double)texts.Count(example => Classify(example.Text) == example.Label) / texts.Count;

    private static IEnumerable<string> Words(string text) => Word().Matches(text.ToLowerInvariant()).Select(match => match.Value);

    [GeneratedRegex(@"\w+")]
    private static partial Regex Word();
}
