using RnnService.Audio.Music;
using RnnService.Engine.Text;

namespace RnnService.Training.Corpora;

/// <summary>
/// Where a corpus lies and how it is read; part of a training recipe. Columns count from 0, negative ones from the end (−1 is the last),
/// or have names.
/// An option that does not belong to the format is refused, not ignored.
/// </summary>
public sealed record CorpusSource
{
    /// <summary>What corpora hold, as messages call it.</summary>
    internal const string RunningText = "running text", LabelledText = "labelled text", TaggedSentences = "tagged sentences";

    /// <summary>The file; it is unpacked where it is packed with gzip.</summary>
    public required string Path { get; init; }

    /// <summary>One of the names in <see cref="CorpusFormat"/>.</summary>
    public required string Format { get; init; }

    /// <summary>
    /// The file's encoding, by a name .NET knows: <c>utf-16le</c>, <c>windows-1252</c>, <c>gb18030</c>. Unless given UTF-8; a byte order
    /// mark in the file is certain and decides first.
    /// </summary>
    public string? Encoding { get; init; }

    /// <summary>
    /// Column of the label in a table (<c>labelled</c>, <c>csv</c>, <c>parquet</c>), or its field in <c>jsonl</c>: number or name. Unless
    /// given, a column called label, class, category, sentiment, intent, target or the like, or else 0 in a <c>labelled</c> file.
    /// </summary>
    public CorpusColumn? LabelColumn { get; init; }

    /// <summary>
    /// Column or field of the text, likewise: unless given one called text, sentence, review, message or the like, or else 1 in a
    /// <c>labelled</c> file. A language model reads a document from it, whose lines a list in <c>jsonl</c> may hold.
    /// </summary>
    public CorpusColumn? TextColumn { get; init; }

    /// <summary>Column or field of the title of a language model's documents, by number or name: a line before the text of each. Unless given there is none.</summary>
    public CorpusColumn? TitleColumn { get; init; }

    /// <summary>In <c>text</c> for a classifier: the label of every line, where each label has a file of its own. Empty lines are left out.</summary>
    public string? Label { get; init; }

    /// <summary>In corpora of labelled text: how many examples are read at most, from the head; all unless given.</summary>
    public int? Limit { get; init; }

    /// <summary>Lines to skip at the head of a <c>labelled</c>, <c>csv</c> or <c>conll</c> file.</summary>
    public int? SkipLines { get; init; }

    /// <summary>
    /// Whether the first line of a <c>labelled</c> or <c>csv</c> file names the columns. Unless given it does where a column is asked for by
    /// name, or it holds the usual names.
    /// </summary>
    public bool? Header { get; init; }

    /// <summary>
    /// What separates columns: in <c>csv</c> comma, semicolon, tab, pipe or any ASCII character, found from the file unless given; in
    /// <c>conll</c> tab, space or whitespace (runs of both), as the first word has it unless given.
    /// </summary>
    public string? Delimiter { get; init; }

    /// <summary>What separates the labels of a text that has several, within the label's column of a table.</summary>
    public string? LabelSeparator { get; init; }

    /// <summary>Keeps only the rows of a table whose columns have these values: <c>{"3": "train"}</c>, <c>{"split": "train"}</c>.</summary>
    public IReadOnlyDictionary<string, string>? Where { get; init; }

    /// <summary>
    /// Column of the text to translate in a table of pairs (<c>pairs</c>, <c>csv</c>, <c>parquet</c>), or its field in <c>jsonl</c>: number or
    /// name. Unless given, a column called source, input, text, document or the like, or else 0.
    /// </summary>
    public CorpusColumn? SourceColumn { get; init; }

    /// <summary>Column or field of its translation, likewise: unless given one called target, translation, summary or the like, or else 1.</summary>
    public CorpusColumn? TargetColumn { get; init; }

    /// <summary>In <c>parallel</c>: the file whose lines are the translations of the lines of <see cref="Path"/>.</summary>
    public string? TargetPath { get; init; }

    /// <summary>In corpora of pairs: exchanges source and target, so that one file serves both ways.</summary>
    public bool? Swap { get; init; }

    /// <summary>
    /// Column of the word; unless given 0 in <c>conll</c>, 1 (<c>form</c>) in <c>conllu</c>, whose columns have names too. In <c>jsonl</c> the field of the
    /// words, by name.
    /// </summary>
    public CorpusColumn? FormColumn { get; init; }

    /// <summary>
    /// Column of the tag; unless given the last in <c>conll</c>, 3 (<c>upos</c>) in <c>conllu</c>, where 4 is <c>xpos</c>. In <c>jsonl</c> the field of
    /// the tags, by name.
    /// </summary>
    public CorpusColumn? TagColumn { get; init; }

    /// <summary>
    /// How the tags of a corpus of tagged sentences mark spans; they are brought into BIO, so that corpora of several notations go together. Unless given
    /// tags stay as they are, but for a model with <see cref="Engine.Models.ModelConfig.Tags"/>, where how they mark spans is found from them.
    /// </summary>
    public TagNotation? Notation { get; init; }

    /// <summary>
    /// Whether lines of a <c>conll</c> file that begin with "# " are comments: all when true, none when false. Unless given those that do
    /// not have the columns of a word.
    /// </summary>
    public bool? Comments { get; init; }

    /// <summary>In <c>conll</c>: leaves out a line that has a tag but no word, which is an error otherwise.</summary>
    public bool? SkipEmptyWords { get; init; }

    /// <summary>In <c>sst-trees</c>: every labelled phrase when true, whole sentences only when false or not given.</summary>
    public bool? Phrases { get; init; }

    /// <summary>In corpora of labelled text, of pairs and of documents: keeps the first of every example that repeats.</summary>
    public bool? Distinct { get; init; }

    /// <summary>
    /// Names for the labels or tags as the file has them: <c>{"0": "negative", "1": "positive"}</c>. A label without a name is an error,
    /// but in <c>sst-trees</c> its examples are dropped: there 0 and 1 are negative, 3 and 4 positive and 2 has no name unless this says
    /// otherwise.
    /// </summary>
    public IReadOnlyDictionary<string, string>? LabelNames { get; init; }

    /// <summary>In <c>csv</c> of numbers: the column that says which sequence a row belongs to; unless given the file is one.</summary>
    public CorpusColumn? SequenceColumn { get; init; }

    /// <summary>In <c>csv</c> of numbers: the columns that are read, in this order; unless given all that hold numbers.</summary>
    public IReadOnlyList<CorpusColumn>? Columns { get; init; }

    /// <summary>
    /// In <c>wav</c>: how the names of a folder's files are read, a regular expression with a group <c>label</c> and any others, which
    /// <see cref="Where"/> may ask for by regular expressions; unless given what stands before the first underscore is the label.
    /// </summary>
    public string? NamePattern { get; init; }

    /// <summary>
    /// In <c>abc</c>: how often the tunes follow once more, each in another key near its own, 0 to <see cref="AbcBook.MostKeys"/>; 0 unless given.
    /// </summary>
    public int? Keys { get; init; }

    /// <summary>Checks the settings; the file is not touched.</summary>
    /// <exception cref="ArgumentException">A setting is wrong; the message says which and what is expected.</exception>
    public void Validate()
    {
        if (string.IsNullOrWhiteSpace(Path)) throw new ArgumentException("a corpus has no path; expected the file's name");
        if (!CorpusFormat.All.Contains(Format))
            throw Wrong($"format \"{Format}\" is not known; expected one of {string.Join(", ", CorpusFormat.All)}");

        string[] fields = [.. CorpusFormat.Tables, CorpusFormat.JsonLines];
        Belongs(Encoding, "encoding", [.. CorpusFormat.All.Where(format => format is not (CorpusFormat.Parquet or CorpusFormat.NumPy))]);
        Belongs(LabelColumn, "label_column", fields);
        Belongs(TextColumn, "text_column", fields);
        Belongs(TitleColumn, "title_column", fields);
        Belongs(Label, "label", CorpusFormat.Text);
        Belongs(Limit, "limit", [.. CorpusFormat.OfLabelledText, CorpusFormat.Text]);
        Belongs(SkipLines, "skip_lines", CorpusFormat.Labelled, CorpusFormat.Pairs, CorpusFormat.Csv, CorpusFormat.Conll);
        Belongs(Header, "header", CorpusFormat.Labelled, CorpusFormat.Pairs, CorpusFormat.Csv);
        Belongs(Delimiter, "delimiter", CorpusFormat.Csv, CorpusFormat.Conll);
        Belongs(LabelSeparator, "label_separator", CorpusFormat.Tables);
        Belongs(Where, "where", [.. CorpusFormat.Tables, CorpusFormat.Pairs, CorpusFormat.Wav]);
        Belongs(SequenceColumn, "sequence_column", CorpusFormat.Csv);
        Belongs(Columns, "columns", CorpusFormat.Csv);
        Belongs(NamePattern, "name_pattern", CorpusFormat.Wav);
        Belongs(Keys, "keys", CorpusFormat.Abc);
        Belongs(SourceColumn, "source_column", CorpusFormat.PairTables);
        Belongs(TargetColumn, "target_column", CorpusFormat.PairTables);
        Belongs(TargetPath, "target_path", CorpusFormat.Parallel);
        Belongs(Swap, "swap", CorpusFormat.OfPairs);
        Belongs(FormColumn, "form_column", CorpusFormat.OfTaggedSentences);
        Belongs(TagColumn, "tag_column", CorpusFormat.OfTaggedSentences);
        Belongs(Notation, "notation", CorpusFormat.OfTaggedSentences);
        Belongs(Comments, "comments", CorpusFormat.Conll);
        Belongs(SkipEmptyWords, "skip_empty_words", CorpusFormat.Conll);
        Belongs(Phrases, "phrases", CorpusFormat.SstTrees);
        Belongs(Distinct, "distinct", [.. CorpusFormat.OfLabelledText.Union(CorpusFormat.OfPairs)]);
        Belongs(LabelNames, "label_names", [.. CorpusFormat.OfLabelledText.Union(CorpusFormat.OfTaggedSentences).Union(CorpusFormat.OfNumbers)]);

        if (Encoding is not null && !CorpusEncoding.IsKnown(Encoding))
            throw Wrong($"encoding is \"{Encoding}\"; expected a name such as utf-8, utf-16le, windows-1252, gb18030 or shift_jis");
        if (Label is not null && string.IsNullOrWhiteSpace(Label)) throw Wrong("label is empty; expected a name");
        if (Limit < 1) throw Wrong($"limit is {Limit}; expected 1 or more");
        if (SkipLines < 0) throw Wrong($"skip_lines is {SkipLines}; expected 0 or more");
        if (Keys is < 0 or > AbcBook.MostKeys) throw Wrong($"keys is {Keys}; expected 0 to {AbcBook.MostKeys}");
        if (LabelSeparator?.Length == 0) throw Wrong("label_separator is empty; expected at least one character");
        Differ(LabelColumn, "label_column", TextColumn, "text_column");
        Differ(TitleColumn, "title_column", TextColumn, "text_column");
        Differ(SourceColumn, "source_column", TargetColumn, "target_column");
        if (Format == CorpusFormat.Parallel && string.IsNullOrWhiteSpace(TargetPath))
            throw Wrong($"target_path is missing; expected the file whose lines are the translations of {Path}'s");
        if (Format == CorpusFormat.Csv) CsvRecords.DelimiterOf(this);
        if (FormColumn is { } form) CheckTagColumn(form, "form_column");
        if (TagColumn is { } tag) CheckTagColumn(tag, "tag_column");
        if (Format == CorpusFormat.Conll)
        {
            if (Delimiter is not null && !ConllLayout.Delimiters.Contains(Delimiter))
                throw Wrong($"delimiter is \"{Delimiter}\"; expected {string.Join(" or ", ConllLayout.Delimiters)}");
            Differ(FormColumn ?? 0, "form_column", TagColumn ?? -1, "tag_column");
        }

        if (Format == CorpusFormat.Conllu)
        {
            Differ(NumberOf(FormColumn) ?? ConllReader.Form, "form_column", NumberOf(TagColumn) ?? ConllReader.Upos, "tag_column");
        }

        if (Format == CorpusFormat.JsonLines)
        {
            ByName(LabelColumn, "label_column");
            ByName(TextColumn, "text_column");
            ByName(TitleColumn, "title_column");
            ByName(SourceColumn, "source_column");
            ByName(TargetColumn, "target_column");
        }

        foreach (var (raw, name) in LabelNames ?? new Dictionary<string, string>())
        {
            if (string.IsNullOrWhiteSpace(name)) throw Wrong($"label_names gives \"{raw}\" an empty name; expected a name");
        }
    }

    /// <summary>Whether <see cref="Where"/> or one of these columns is asked for by name, so that the file must name its columns.</summary>
    internal bool AsksByName(params IEnumerable<CorpusColumn?> columns) =>
        columns.Any(column => column?.Name is not null) || Where?.Keys.Any(key => CorpusColumn.Parse(key).Name is not null) == true;

    /// <summary>The name of a label as the file has it, or null when <see cref="LabelNames"/> has none.</summary>
    internal string? NameOf(string raw) => LabelNames is null ? raw : LabelNames.GetValueOrDefault(raw);

    /// <summary>Checks the settings, and that the format is one of those that hold what the caller wants to read.</summary>
    internal void Expect(string content, params string[] formats)
    {
        Validate();
        if (!formats.Contains(Format)) throw Wrong($"format \"{Format}\" holds no {content}; expected {string.Join(" or ", formats)}");

        // Of a format that holds several contents, options that belong to one of them alone.
        (object? Value, string Content, string Message)[] options =
        [
            (Label, LabelledText, $"label does not belong to {content}; expected labelled text"),
            (Limit, LabelledText, $"limit does not belong to {content}; expected labelled text"),
            (TitleColumn, RunningText, $"title_column is {TitleColumn}; expected none: {content} has no titles, documents of a language model have"),
            (Notation, TaggedSentences, $"notation is {(Notation is { } notation ? SnakeCase.Of(notation) : "")}; expected none: {content} has no tags"),
        ];
        foreach (var option in options)
        {
            if (option.Value is not null && option.Content != content) throw Wrong(option.Message);
        }
    }

    private void Belongs(object? value, string name, params string[] formats)
    {
        if (value is not null && !formats.Contains(Format))
            throw Wrong($"{name} does not belong to format \"{Format}\": it is for {string.Join(", ", formats)}");
    }

    private void Differ(CorpusColumn? first, string firstName, CorpusColumn? second, string secondName)
    {
        if (first is not null && first == second) throw Wrong($"{firstName} and {secondName} are both {first}; expected two columns");
    }

    /// <summary>Checks that a column of a tagged corpus is one that its format may have.</summary>
    internal void CheckTagColumn(CorpusColumn column, string name)
    {
        switch (Format)
        {
            case CorpusFormat.JsonLines:
                ByName(column, name);
                break;
            case CorpusFormat.Conll when column.Name is { } found:
                throw Wrong($"{name} is \"{found}\"; expected a number: format \"{Format}\" names no columns");
            case CorpusFormat.Conllu when NumberOf(column) is not { } number || number < -ConllReader.ConlluColumns || number >= ConllReader.ConlluColumns:
                throw Wrong($"{name} is {column}; expected a column of CoNLL-U, 0 to {ConllReader.ConlluColumns - 1}, or one of {string.Join(", ", ConllReader.ConlluNames)}");
        }
    }

    /// <summary>A column of a tagged corpus by number: those of CoNLL-U have names; null where it has no number.</summary>
    internal int? NumberOf(CorpusColumn? column) => column?.Name is not { } name ? column?.Number
        : Format == CorpusFormat.Conllu && Array.IndexOf(ConllReader.ConlluNames, name.ToLowerInvariant()) is >= 0 and var place ? place
        : null;

    private void ByName(CorpusColumn? column, string name)
    {
        if (column?.Number is { } found) throw Wrong($"{name} is {found}; expected the name of a field");
    }

    internal ArgumentException Wrong(string message) => new($"corpus {Path}: {message}");
}
