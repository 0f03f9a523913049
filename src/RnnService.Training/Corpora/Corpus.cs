using System.Globalization;
using RnnService.Audio.Music;

namespace RnnService.Training.Corpora;

/// <summary>
/// Reads corpora whole. Lines end with LF (a CR before it is taken off; in a file without any LF, with CR), so U+0085 or U+2028 within a
/// text breaks nothing. Safe for any number of threads.
/// </summary>
/// <remarks>
/// Every reader throws <see cref="ArgumentException"/> when the source's settings are wrong or its format holds something else,
/// <see cref="IOException"/> when the file cannot be opened, <see cref="InvalidDataException"/> when its content is not what the
/// format says or there is none, and <see cref="CorpusException"/> when that is so and a setting may mend it; the message names file and
/// line, and what is expected. What is odd but can be read is added to the notes.
/// </remarks>
public static class Corpus
{
    /// <summary>
    /// The running text of a <c>text</c> file, CR LF read as LF; of an <c>abc</c> file the tunes whose bars add up, in the form of <see cref="AbcBook"/>; of a
    /// table or of JSON the documents of one column, a line each, or with an empty line after each where any has several lines.
    /// </summary>
    /// <inheritdoc cref="Corpus" path="/remarks"/>
    public static string ReadText(CorpusSource source, ICollection<CorpusNote>? notes = null) => ReadRunningText(source, notes).Whole;

    /// <inheritdoc cref="ReadText"/>
    internal static RunningText ReadRunningText(CorpusSource source, ICollection<CorpusNote>? notes)
    {
        source.Expect(CorpusSource.RunningText, CorpusFormat.OfRunningText);
        RunningText read = source.Format switch
        {
            CorpusFormat.Text => new RunningText(Open(source, notes).RunningText),
            CorpusFormat.Abc => new RunningText(TunesOf(source, Open(source, notes).RunningText, notes), AbcBook.Between, source.Keys ?? 0),
            _ => new DocumentColumn(source, notes).Read(),
        };
        return read.Text.Length > 0 ? read : throw Empty(source, source.Format == CorpusFormat.Abc ? "tune whose bars add up" : "text");
    }

    private static string TunesOf(CorpusSource source, string text, ICollection<CorpusNote>? notes)
    {
        AbcBook book = AbcBook.Read(text);
        if (book.Unread + book.Uneven > 0)
        {
            notes?.Add(new CorpusNote(string.Create(
                CultureInfo.InvariantCulture,
                $"{source.Path}: {book.Unread + book.Uneven:N0} of {book.Tunes + book.Unread + book.Uneven:N0} tunes are left out: {book.Unread:N0} cannot be read, the bars of {book.Uneven:N0} do not add up")));
        }

        return book.Text;
    }

    /// <summary>The examples of a file of labelled text, in file order.</summary>
    /// <inheritdoc cref="Corpus" path="/remarks"/>
    public static IReadOnlyList<LabelledText> ReadLabelled(CorpusSource source, ICollection<CorpusNote>? notes = null)
    {
        source.Expect(CorpusSource.LabelledText, source.Label is null ? CorpusFormat.OfLabelledText : [CorpusFormat.Text]);
        IEnumerable<LabelledText> examples;
        if (CorpusFormat.Tables.Contains(source.Format))
        {
            var (names, rows) = Table(source, notes);
            examples = new TableReader(source, source.Path, notes).Read(rows, names);
        }
        else
        {
            CorpusFile file = Open(source, notes);
            examples = source.Format switch
            {
                CorpusFormat.JsonLines => new JsonRecords(source, file, notes).Labelled(),
                CorpusFormat.FastText => FastText.Read(source, file, notes),
                CorpusFormat.Text => file.Lines.Where(line => !line.IsBlank).Select(line => Examples.Of(source, line, [source.Label!], line.Text)),
                CorpusFormat.LabelledSpace => LabelledLines.ReadSst2(source, file),
                _ => SstTrees.Read(source, file, notes),
            };
        }

        if (source.Distinct == true) examples = examples.Distinct();
        LabelledText[] read = [.. source.Limit is { } limit ? examples.Take(limit) : examples];
        return read.Length > 0 ? read : throw Empty(source, "labelled text");
    }

    /// <summary>The pairs of a file, or of two line by line, in their order; white space around a text is left out.</summary>
    /// <inheritdoc cref="Corpus" path="/remarks"/>
    public static IReadOnlyList<TextPair> ReadPairs(CorpusSource source, ICollection<CorpusNote>? notes = null)
    {
        source.Expect("pairs of texts", CorpusFormat.OfPairs);
        IEnumerable<TextPair> pairs = source.Format switch
        {
            CorpusFormat.Parallel => ParallelLines.Read(source, Open(source, notes), Open(source with { Path = source.TargetPath! }, notes), notes),
            CorpusFormat.JsonLines => new JsonRecords(source, Open(source, notes), notes).Pairs(),
            _ => OfTable(),
        };
        if (source.Swap == true) pairs = pairs.Select(pair => pair with { Source = pair.Target, Target = pair.Source });
        if (source.Distinct == true) pairs = pairs.Distinct();
        TextPair[] read = [.. pairs];
        return read.Length > 0 ? read : throw Empty(source, "pair of texts");

        List<TextPair> OfTable()
        {
            var (names, rows) = Table(source, notes);
            return new PairTable(source, notes).Read(rows, names);
        }
    }

    /// <summary>The sentences of a file of tagged words, in file order.</summary>
    /// <inheritdoc cref="Corpus" path="/remarks"/>
    public static IReadOnlyList<TaggedSentence> ReadTagged(CorpusSource source, ICollection<CorpusNote>? notes = null) => ReadColumns(source, [], notes);

    /// <summary>The same with the values of further columns: see <see cref="TaggedSentence.Auxiliary"/>.</summary>
    internal static IReadOnlyList<TaggedSentence> ReadColumns(CorpusSource source, IReadOnlyList<CorpusColumn> auxiliary, ICollection<CorpusNote>? notes)
    {
        source.Expect(CorpusSource.TaggedSentences, CorpusFormat.OfTaggedSentences);
        foreach (CorpusColumn column in auxiliary) source.CheckTagColumn(column, ConllReader.Auxiliary);
        CorpusFile file = Open(source, notes);
        IReadOnlyList<TaggedSentence> sentences = source.Format == CorpusFormat.JsonLines
            ? new JsonRecords(source, file, notes).Tagged(auxiliary)
            : new ConllReader(source, file, auxiliary, notes).Read();
        if (sentences.Count == 0) throw Empty(source, "tagged sentence");
        return source.Notation is { } notation ? TaggedSentence.InBio(sentences, notation) : sentences;
    }

    /// <summary>The sequences of a file or folder of numbers, in its order.</summary>
    /// <inheritdoc cref="Corpus" path="/remarks"/>
    public static NumberCorpus ReadNumbers(CorpusSource source) => NumberReader.Read(source);

    /// <summary>The rows of a table, with the columns' names where the format has them apart.</summary>
    internal static (string[]? Names, List<TableRow> Rows) Table(CorpusSource source, ICollection<CorpusNote>? notes) => source.Format switch
    {
        CorpusFormat.Parquet => ParquetTable.Read(source),
        CorpusFormat.Csv => (null, CsvRecords.Read(source, Open(source, notes))),
        _ => (null, LabelledLines.Rows(source, Open(source, notes))),
    };

    internal static CorpusFile Open(CorpusSource source, ICollection<CorpusNote>? notes)
    {
        CorpusFile file = CorpusFile.Open(source.Path, source.Encoding);
        file.AddNotes(notes);
        return file;
    }

    private static InvalidDataException Empty(CorpusSource source, string content) =>
        new($"{source.Path} holds no {content}; expected at least one");
}
