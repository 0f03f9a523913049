using System.Globalization;
using RnnService.Engine.Models;
using RnnService.Engine.Text;

namespace RnnService.Training.Corpora;

/// <summary>Labels of a corpus that a model does not have: no answer can be right there.</summary>
internal static class UnseenLabels
{
    /// <summary>What of these texts' labels a model lacks, with file and line; null when it has all.</summary>
    /// <param name="config">The model's labels, and whether a text has several.</param>
    /// <param name="examples">The texts.</param>
    /// <param name="part">What the corpus is: "validation corpus".</param>
    /// <exception cref="CorpusException">The model has none of the labels.</exception>
    public static CorpusNote? Find(ModelConfig config, IReadOnlyList<LabelledText> examples, string part)
    {
        var found = Places(config, examples).Where(place => place.Label != config.RejectLabel).ToArray();
        return Find(config.Labels, found, found.Length, part, config.MultiLabel is true ? "labels" : "texts");
    }

    /// <summary>What of these words' tags a model lacks, in the notation that it answers in.</summary>
    /// <inheritdoc cref="Find(ModelConfig, IReadOnlyList{LabelledText}, string)"/>
    public static CorpusNote? Find(ModelConfig config, IReadOnlyList<TaggedSentence> sentences, string part) =>
        Find(config.Labels, config.Tags is null ? sentences : TaggedSentence.InBio(sentences), part);

    /// <summary>What of these words' tags a model lacks, likewise.</summary>
    /// <inheritdoc cref="Find(ModelConfig, IReadOnlyList{LabelledText}, string)"/>
    public static CorpusNote? Find(IReadOnlyList<string> known, IReadOnlyList<TaggedSentence> sentences, string part) =>
        Find(known, Places(sentences), sentences.Sum(sentence => (long)sentence.Tags.Count), part, "words");

    /// <summary>Refuses training texts with labels that the recipe's own list lacks.</summary>
    /// <exception cref="CorpusException">There are some.</exception>
    internal static void ThrowIfAny(ModelConfig config, IReadOnlyList<LabelledText> examples) =>
        ThrowIfAny(config.Labels, Places(config, examples));

    /// <summary>Likewise for tags.</summary>
    /// <exception cref="CorpusException">There are some.</exception>
    internal static void ThrowIfAny(IReadOnlyList<string> known, IReadOnlyList<TaggedSentence> sentences) => ThrowIfAny(known, Places(sentences));

    /// <summary>Likewise for what is to be found in sequences of numbers.</summary>
    /// <exception cref="CorpusException">There are some.</exception>
    internal static void ThrowIfAny(IReadOnlyList<string> known, IReadOnlyList<NumberExample> examples) =>
        ThrowIfAny(known, examples.SelectMany(example => example.Labels.Select(label => (label, example.Name))));

    private static IEnumerable<(string Label, string Place)> Places(ModelConfig config, IReadOnlyList<LabelledText> examples) =>
        examples.SelectMany(example => example.LabelsFor(config), (example, label) => (label, example.Place));

    private static IEnumerable<(string Label, string Place)> Places(IReadOnlyList<TaggedSentence> sentences) =>
        sentences.SelectMany(sentence => sentence.Tags.Select((tag, i) => (tag, sentence.PlaceOf(i))));

    private static void ThrowIfAny(IReadOnlyList<string> known, IEnumerable<(string Label, string Place)> found)
    {
        var (labels, listed, _) = Missing(known, found);
        if (labels > 0)
            throw new CorpusException(new CorpusNote($"model.labels lacks {labels} of the training corpora's labels: {listed}"));
    }

    private static CorpusNote? Find(
        IReadOnlyList<string> known, IEnumerable<(string Label, string Place)> found, long total, string part, string unit)
    {
        var (labels, listed, missed) = Missing(known, found);
        if (labels == 0) return null;
        if (missed == total)
        {
            throw new CorpusException(new CorpusNote(
                $"none of the labels of the {part} is one of the model's: {listed}; expected {Listing.Of([.. known.Select(Listing.Quote)])}"));
        }

        return new CorpusNote(string.Create(
            CultureInfo.InvariantCulture,
            $"{labels} {(labels == 1 ? "label" : "labels")} of the {part} {(labels == 1 ? "is" : "are")} not among the model's: {listed}; {missed} of {total} {unit} count as wrong"));
    }

    private static (int Labels, string Listed, long Missed) Missing(IReadOnlyList<string> known, IEnumerable<(string Label, string Place)> found)
    {
        var has = known.ToHashSet(StringComparer.Ordinal);
        var places = new Dictionary<string, (string Place, long Count)>(StringComparer.Ordinal);
        long missed = 0;
        foreach (var (label, place) in found)
        {
            if (has.Contains(label)) continue;
            missed++;
            places[label] = places.TryGetValue(label, out var before)
                ? before with { Count = before.Count + 1 }
                : (place, 1);
        }

        var listed = places.Take(Listing.Most).Select(entry =>
            $"{Listing.Quote(entry.Key)} ({string.Join(", ", new[] { entry.Value.Place, entry.Value.Count > 1 ? $"{entry.Value.Count} times" : "" }.Where(part => part.Length > 0))})");
        return (places.Count, Listing.Of(listed, places.Count).Replace(" ()", "", StringComparison.Ordinal), missed);
    }
}
