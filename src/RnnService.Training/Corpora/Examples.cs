namespace RnnService.Training.Corpora;

/// <summary>Examples as every format of labelled text makes them.</summary>
internal static class Examples
{
    /// <summary>An example of one label or more, named as the source says.</summary>
    public static LabelledText Of(CorpusSource source, CorpusLine line, IReadOnlyList<string> labels, string text) => new(line.NameOf(labels[0], source), text)
    {
        MoreLabels = labels.Count == 1 ? [] : [.. labels.Skip(1).Select(label => line.NameOf(label, source))],
        Path = line.Path,
        Line = line.Number,
    };

    /// <summary>What an example of labelled text, or of a pair, must have.</summary>
    public const string TextAndLabel = "a text or a label", BothSides = "a source or a target";

    /// <summary>Says how many rows lack something.</summary>
    public static void NoteEmpty(string path, string unit, string lack, (int Count, int First) empty, ICollection<CorpusNote>? notes)
    {
        if (empty.Count == 0) return;
        notes?.Add(new CorpusNote(empty.Count == 1
            ? $"{path}, line {empty.First}: a {unit} without {lack} is left out"
            : $"{path}, line {empty.First}: {empty.Count} {unit}s without {lack}, this the first, are left out"));
    }

    /// <summary>Says so where all rows lack something.</summary>
    /// <exception cref="InvalidDataException">They do.</exception>
    public static void ThrowIfNone(string path, string units, string lack, int examples, int empty)
    {
        if (examples == 0 && empty > 0)
            throw new InvalidDataException($"{path}: all {empty} {units} lack {lack}; expected both in at least one");
    }

    /// <summary>Says how many texts have several labels.</summary>
    public static void NoteSeveral(string path, IReadOnlyCollection<LabelledText> examples, ICollection<CorpusNote>? notes)
    {
        int several = examples.Count(example => example.MoreLabels.Count > 0);
        if (several == 0 || notes is null) return;
        LabelledText first = examples.First(example => example.MoreLabels.Count > 0);
        notes.Add(new CorpusNote(
            $"{path}, line {first.Line}: {several} of {examples.Count} texts have several labels, this the first"));
    }
}
