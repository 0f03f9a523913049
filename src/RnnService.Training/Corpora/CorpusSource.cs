namespace RnnService.Training.Corpora;

/// <summary>
/// Where a corpus lies and how it is read; part of a training recipe. Columns count from 0, negative ones from the end (−1 is the last).
/// An option that does not belong to the format is refused, not ignored.
/// </summary>
public sealed record CorpusSource
{
    /// <summary>The file: UTF-8, with or without a byte order mark, gzip-compressed when the name ends in <c>.gz</c>.</summary>
    public required string Path { get; init; }

    /// <summary>One of the names in <see cref="CorpusFormat"/>.</summary>
    public required string Format { get; init; }

    /// <summary>Column of the label in a <c>labelled</c> file; 0 unless given.</summary>
    public int? LabelColumn { get; init; }

    /// <summary>Column of the text in a <c>labelled</c> file; 1 unless given.</summary>
    public int? TextColumn { get; init; }

    /// <summary>Lines to skip at the head of a <c>labelled</c> file: 1 for a file with column names.</summary>
    public int? SkipLines { get; init; }

    /// <summary>Keeps only the lines of a <c>labelled</c> file whose columns have these values: <c>{"3": "train"}</c>.</summary>
    public IReadOnlyDictionary<int, string>? Where { get; init; }

    /// <summary>Column of the word; unless given 0 in <c>conll</c>, 1 (FORM) in <c>conllu</c>.</summary>
    public int? FormColumn { get; init; }

    /// <summary>Column of the tag; unless given the last in <c>conll</c>, 3 (UPOS) in <c>conllu</c>, where 4 is XPOS.</summary>
    public int? TagColumn { get; init; }

    /// <summary>In <c>sst-trees</c>: every labelled phrase when true, whole sentences only when false or not given.</summary>
    public bool? Phrases { get; init; }

    /// <summary>In corpora of labelled text: keeps the first of every (label, text) pair that repeats.</summary>
    public bool? Distinct { get; init; }

    /// <summary>
    /// Names for the labels or tags as the file has them: <c>{"0": "negative", "1": "positive"}</c>. A label without a name is an error,
    /// but in <c>sst-trees</c> its examples are dropped: there 0 and 1 are negative, 3 and 4 positive and 2 has no name unless this says
    /// otherwise.
    /// </summary>
    public IReadOnlyDictionary<string, string>? LabelNames { get; init; }

    /// <summary>Checks the settings; the file is not touched.</summary>
    /// <exception cref="ArgumentException">A setting is wrong; the message says which and what was wanted.</exception>
    public void Validate()
    {
        if (string.IsNullOrWhiteSpace(Path)) throw new ArgumentException("a corpus has no path: wanted the file's name");
        if (!CorpusFormat.All.Contains(Format))
            throw Wrong($"format \"{Format}\" is not known: wanted one of {string.Join(", ", CorpusFormat.All)}");

        Belongs(LabelColumn, "label_column", CorpusFormat.Labelled);
        Belongs(TextColumn, "text_column", CorpusFormat.Labelled);
        Belongs(SkipLines, "skip_lines", CorpusFormat.Labelled);
        Belongs(Where, "where", CorpusFormat.Labelled);
        Belongs(FormColumn, "form_column", CorpusFormat.OfTaggedSentences);
        Belongs(TagColumn, "tag_column", CorpusFormat.OfTaggedSentences);
        Belongs(Phrases, "phrases", CorpusFormat.SstTrees);
        Belongs(Distinct, "distinct", CorpusFormat.OfLabelledText);
        Belongs(LabelNames, "label_names", [.. CorpusFormat.OfLabelledText, .. CorpusFormat.OfTaggedSentences]);

        if (SkipLines < 0) throw Wrong($"skip_lines is {SkipLines}: wanted 0 or more");
        if (Format == CorpusFormat.Labelled) Differ(LabelColumn ?? 0, "label_column", TextColumn ?? 1, "text_column");
        if (Format == CorpusFormat.Conll) Differ(FormColumn ?? 0, "form_column", TagColumn ?? -1, "tag_column");
        if (Format == CorpusFormat.Conllu)
        {
            int form = FormColumn ?? ConllReader.Form, tag = TagColumn ?? ConllReader.Upos;
            InConllu(form, "form_column");
            InConllu(tag, "tag_column");
            Differ(form, "form_column", tag, "tag_column");
        }

        foreach (var (raw, name) in LabelNames ?? new Dictionary<string, string>())
        {
            if (string.IsNullOrWhiteSpace(name)) throw Wrong($"label_names gives \"{raw}\" an empty name: wanted a name");
        }
    }

    /// <summary>The name of a label as the file has it, or null when <see cref="LabelNames"/> has none.</summary>
    internal string? NameOf(string raw) => LabelNames is null ? raw : LabelNames.GetValueOrDefault(raw);

    /// <summary>Checks the settings, and that the format is one of those that hold what the caller wants to read.</summary>
    internal void Expect(string content, params string[] formats)
    {
        Validate();
        if (!formats.Contains(Format)) throw Wrong($"format \"{Format}\" holds no {content}: wanted {string.Join(" or ", formats)}");
    }

    private void Belongs(object? value, string name, params string[] formats)
    {
        if (value is not null && !formats.Contains(Format))
            throw Wrong($"{name} does not belong to format \"{Format}\": it is for {string.Join(", ", formats)}");
    }

    private void Differ(int first, string firstName, int second, string secondName)
    {
        if (first == second) throw Wrong($"{firstName} and {secondName} are both {first}: wanted two columns");
    }

    private void InConllu(int column, string name)
    {
        if (column is < -ConllReader.ConlluColumns or >= ConllReader.ConlluColumns)
            throw Wrong($"{name} is {column}: CoNLL-U has columns 0 to {ConllReader.ConlluColumns - 1}");
    }

    private ArgumentException Wrong(string message) => new($"corpus {Path}: {message}");
}
