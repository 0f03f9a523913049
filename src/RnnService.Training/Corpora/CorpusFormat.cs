namespace RnnService.Training.Corpora;

/// <summary>The corpus formats, as <see cref="CorpusSource.Format"/> names them.</summary>
public static class CorpusFormat
{
    /// <summary>Plain running text.</summary>
    public const string Text = "text";

    /// <summary>One example a line, columns separated by tabs: <c>label TAB text</c>, or the columns the source names.</summary>
    public const string Labelled = "labelled";

    /// <summary>One example a line as SST-2 has it: <c>LABEL sentence</c>, brackets escaped as <c>-lrb-</c> and <c>-rrb-</c>.</summary>
    public const string LabelledSpace = "labelled-space";

    /// <summary>One tree a line as the Stanford Sentiment Treebank has it: every node holds a class from 0 to 4.</summary>
    public const string SstTrees = "sst-trees";

    /// <summary>One word a line, columns separated by tabs or else by spaces, an empty line after every sentence.</summary>
    public const string Conll = "conll";

    /// <summary>CoNLL-U: ten columns separated by tabs.</summary>
    public const string Conllu = "conllu";

    internal static readonly string[] All = [Text, Labelled, LabelledSpace, SstTrees, Conll, Conllu];
    internal static readonly string[] OfLabelledText = [Labelled, LabelledSpace, SstTrees];
    internal static readonly string[] OfTaggedSentences = [Conll, Conllu];
}
