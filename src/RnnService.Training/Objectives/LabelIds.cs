using RnnService.Engine.Models;
using RnnService.Engine.Text;
using RnnService.Training.Corpora;

namespace RnnService.Training.Objectives;

/// <summary>Labels of a corpus as places in a model's list.</summary>
internal sealed class LabelIds
{
    private const int FewLabels = 20;

    private readonly Dictionary<string, int> _ids;

    public LabelIds(ModelConfig config) =>
        _ids = config.Labels.Index().ToDictionary(label => label.Item, label => label.Index, StringComparer.Ordinal);

    /// <summary>
    /// The configuration with its own labels, or where it names none with those of the training corpus in ordinal order; of several labels a text where
    /// the corpus has such texts and nothing else is said.
    /// </summary>
    /// <exception cref="CorpusException">The corpus has one label alone, or about as many as texts.</exception>
    public static ModelConfig Complete(ModelConfig config, IReadOnlyList<LabelledText> train)
    {
        if (config.MultiLabel is null && config.RejectLabel is null && train.Any(example => example.AllLabels.Skip(1).Any()))
            config = config with { MultiLabel = true };
        if (config.Labels.Count > 0) return config;
        string[] labels =
        [
            .. train.SelectMany(example => example.LabelsFor(config)).Distinct()
                .Where(label => label != config.RejectLabel).Order(StringComparer.Ordinal),
        ];
        string path = train[0].Path;
        // Every text has a label of its own: among few texts that is only suspicious where the texts repeat instead.
        bool swapped = train.Count >= 4 && labels.Length == train.Count && 2 * train.Select(example => example.Text).Distinct().Count() <= train.Count;
        if (swapped || (labels.Length > FewLabels && labels.Length > 0.5 * train.Count))
        {
            string many = $"{path}: {labels.Length} labels for {train.Count} texts, such as {Listing.Quote(train[train.Count / 2].Label)}; "
                + "expected a few labels that repeat";
            if (train[0].IsInMemory) throw new CorpusException(new CorpusNote(many));
            bool header = train.Skip(1).All(example => example.Text != train[0].Text);
            CorpusSetting[] head = header ? [new CorpusSetting("skip_lines", "1")] : [];
            throw new CorpusException(new CorpusNote(
                $"{many}: is the label in another column{(header ? ", or line 1 a header" : "")}",
                [new CorpusSetting("label_column", "1"), new CorpusSetting("text_column", "0"), .. head]));
        }

        if (labels.Length > 1) return config with { Labels = labels };
        if (labels.Length == 0) throw new CorpusException(new CorpusNote($"{path}: every text has the label {Listing.Quote(train[0].Label)}, which is model.reject_label; expected two other labels or more"));
        string one = $"{path}: every text has the label {Listing.Quote(labels[0])}; expected two labels or more";
        throw new CorpusException(train[0].IsInMemory
            ? new CorpusNote(one)
            : new CorpusNote($"{one}: is the label in another column", new CorpusSetting("label_column", "COLUMN")));
    }

    /// <summary>Likewise for tags.</summary>
    /// <exception cref="CorpusException">The corpus has one tag alone, or about as many as words.</exception>
    public static ModelConfig Complete(ModelConfig config, IReadOnlyList<TaggedSentence> train, IEnumerable<CorpusNote> notes)
    {
        if (config.Labels.Count > 0) return config;
        IEnumerable<string> tags = train.SelectMany(sentence => sentence.Tags).Distinct();
        if (config.Tags is not null)
        {
            var scheme = SpanScheme.Of([.. tags]); // of BIO: each type needs both of its labels
            tags = tags.SelectMany(tag => scheme.Read(tag) is (not SpanMark.Outside, var type) ? SpanScheme.BioOf(type) : [tag]).Append(SpanScheme.Outside).Distinct();
        }

        string[] labels = [.. tags.Order(StringComparer.Ordinal)];
        long words = train.Sum(sentence => (long)sentence.Words.Count);
        string path = train[0].Path;
        // Notes about the columns explain it better; all of them are said at once.
        CorpusNote[] about = [.. notes.Where(note => note.Suggestions.Any(mend => mend.Name is "tag_column" or "form_column"))];
        CorpusNote? noticed = about.Length == 0 ? null : new CorpusNote(
            string.Join("; ", about.Select(note => note.Sentence).Distinct()), [.. about.SelectMany(note => note.Suggestions).DistinctBy(mend => mend.Name)]);
        if (labels.Length > FewLabels && labels.Length > 0.3 * words)
        {
            throw new CorpusException(noticed ?? Doubt(
                $"{path}: {labels.Length} tags for {words} words, such as {Listing.Quote(train[^1].Tags[0])}; expected a few tags that repeat"));
        }

        return labels.Length > 1
            ? config with { Labels = labels }
            : throw new CorpusException(noticed ?? Doubt($"{path}: every word has the tag {Listing.Quote(labels[0])}; expected two tags or more"));

        CorpusNote Doubt(string sentence) => train[0].IsInMemory
            ? new CorpusNote(sentence)
            : new CorpusNote($"{sentence}: is the tag in another column", new CorpusSetting("tag_column", "COLUMN"));
    }

    /// <summary>The label's place; −1 when the model does not have it.</summary>
    public int Of(string label) => _ids.GetValueOrDefault(label, -1);
}
