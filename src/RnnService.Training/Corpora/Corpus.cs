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
    /// <summary>The running text of a <c>text</c> file, CR LF read as LF; of an <c>abc</c> file the tunes whose bars add up, in the form of <see cref="AbcBook"/>.</summary>
    /// <inheritdoc cref="Corpus" path="/remarks"/>
    public static string ReadText(CorpusSource source, ICollection<CorpusNote>? notes = null)
    {
        source.Expect("running text", CorpusFormat.OfRunningText);
        CorpusFile file = Open(source, notes);
        string text = source.Format == CorpusFormat.Abc ? TunesOf(source, file.RunningText, notes) : file.RunningText;
        return text.Length > 0 ? text : throw Empty(source, source.Format == CorpusFormat.Abc ? "tune whose bars add up" : "text");
    }

    private static string TunesOf(CorpusSource source, string text, ICollection<CorpusNote>? notes)
    {
        AbcBook book = AbcBook.Read(text, source.Keys ?? 0);
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
        source.Expect("labelled text", CorpusFormat.OfLabelledText);
        IEnumerable<LabelledText> examples;
        if (source.Format == CorpusFormat.Parquet)
        {
            var (names, rows) = ParquetTable.Read(source);
            examples = new TableReader(source, source.Path, notes).Read(rows, names);
        }
        else
        {
            CorpusFile file = Open(source, notes);
            examples = source.Format switch
            {
                CorpusFormat.Labelled => new TableReader(source, source.Path, notes).Read(LabelledLines.Rows(source, file)),
                CorpusFormat.Csv => new TableReader(source, source.Path, notes).Read(CsvRecords.Read(source, file)),
                CorpusFormat.JsonLines => new JsonRecords(source, file, notes).Labelled(),
                CorpusFormat.FastText => FastText.Read(source, file, notes),
                CorpusFormat.LabelledSpace => LabelledLines.ReadSst2(source, file),
                _ => SstTrees.Read(source, file, notes),
            };
        }

        if (source.Distinct == true) examples = examples.Distinct();
        LabelledText[] read = [.. examples];
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
            CorpusFormat.Csv => new PairTable(source, notes).Read(CsvRecords.Read(source, Open(source, notes))),
            CorpusFormat.Pairs => new PairTable(source, notes).Read(LabelledLines.Rows(source, Open(source, notes))),
            _ => OfParquet(),
        };
        if (source.Swap == true) pairs = pairs.Select(pair => pair with { Source = pair.Target, Target = pair.Source });
        if (source.Distinct == true) pairs = pairs.Distinct();
        TextPair[] read = [.. pairs];
        return read.Length > 0 ? read : throw Empty(source, "pair of texts");

        List<TextPair> OfParquet()
        {
            var (names, rows) = ParquetTable.Read(source);
            return new PairTable(source, notes).Read(rows, names);
        }
    }

    /// <summary>The sentences of a file of tagged words, in file order.</summary>
    /// <inheritdoc cref="Corpus" path="/remarks"/>
    public static IReadOnlyList<TaggedSentence> ReadTagged(CorpusSource source, ICollection<CorpusNote>? notes = null)
    {
        source.Expect("tagged sentences", CorpusFormat.OfTaggedSentences);
        CorpusFile file = Open(source, notes);
        IReadOnlyList<TaggedSentence> sentences = source.Format == CorpusFormat.JsonLines
            ? new JsonRecords(source, file, notes).Tagged()
            : new ConllReader(source, file, notes).Read();
        return sentences.Count > 0 ? sentences : throw Empty(source, "tagged sentence");
    }

    /// <summary>The sequences of a file or folder of numbers, in its order.</summary>
    /// <inheritdoc cref="Corpus" path="/remarks"/>
    public static NumberCorpus ReadNumbers(CorpusSource source) => NumberReader.Read(source);

    private static CorpusFile Open(CorpusSource source, ICollection<CorpusNote>? notes)
    {
        CorpusFile file = CorpusFile.Open(source.Path, source.Encoding);
        file.AddNotes(notes);
        return file;
    }

    private static InvalidDataException Empty(CorpusSource source, string content) =>
        new($"{source.Path} holds no {content}; expected at least one");
}
