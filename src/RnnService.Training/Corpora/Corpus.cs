namespace RnnService.Training.Corpora;

/// <summary>
/// Reads corpora whole. Lines end with LF alone (a CR before it is taken off), so U+0085 or U+2028 within a text breaks nothing.
/// Safe for any number of threads.
/// </summary>
/// <remarks>
/// Every reader throws <see cref="ArgumentException"/> when the source's settings are wrong or its format holds something else,
/// <see cref="IOException"/> when the file cannot be opened, and <see cref="InvalidDataException"/> when its content is not what the
/// format says or there is none; the message names file and line, and what was wanted.
/// </remarks>
public static class Corpus
{
    /// <summary>The running text of a <c>text</c> file, CR LF read as LF.</summary>
    /// <inheritdoc cref="Corpus" path="/remarks"/>
    public static string ReadText(CorpusSource source)
    {
        source.Expect("running text", CorpusFormat.Text);
        string text = CorpusFile.Open(source.Path).Text.Replace("\r\n", "\n", StringComparison.Ordinal);
        return text.Length > 0 ? text : throw Empty(source, "text");
    }

    /// <summary>The examples of a <c>labelled</c>, <c>labelled-space</c> or <c>sst-trees</c> file, in file order.</summary>
    /// <inheritdoc cref="Corpus" path="/remarks"/>
    public static IReadOnlyList<LabelledText> ReadLabelled(CorpusSource source)
    {
        source.Expect("labelled text", CorpusFormat.OfLabelledText);
        var file = CorpusFile.Open(source.Path);
        var examples = source.Format switch
        {
            CorpusFormat.Labelled => LabelledLines.ReadColumns(source, file),
            CorpusFormat.LabelledSpace => LabelledLines.ReadSst2(source, file),
            _ => SstTrees.Read(source, file),
        };
        if (source.Distinct == true) examples = examples.Distinct();
        LabelledText[] read = [.. examples];
        return read.Length > 0 ? read : throw Empty(source, "labelled text");
    }

    /// <summary>The sentences of a <c>conll</c> or <c>conllu</c> file, in file order.</summary>
    /// <inheritdoc cref="Corpus" path="/remarks"/>
    public static IReadOnlyList<TaggedSentence> ReadTagged(CorpusSource source)
    {
        source.Expect("tagged sentences", CorpusFormat.OfTaggedSentences);
        var sentences = new ConllReader(source).Read(CorpusFile.Open(source.Path));
        return sentences.Count > 0 ? sentences : throw Empty(source, "tagged sentence");
    }

    private static InvalidDataException Empty(CorpusSource source, string content) =>
        new($"{source.Path} holds no {content}: wanted at least one");
}
