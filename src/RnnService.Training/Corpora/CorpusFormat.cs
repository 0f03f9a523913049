using RnnService.Engine.Tasks;

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

    /// <summary>
    /// The likeliest format of a file: text for a language model; for a classifier sst-trees where the name has ".trees" in it, else
    /// labelled; for a tagger conllu where the name ends so, else conll. A ".gz" at the end is looked past.
    /// </summary>
    public static string Guess(string path, ModelTask task)
    {
        string name = Path.GetFileName(path).ToLowerInvariant();
        if (name.EndsWith(".gz", StringComparison.Ordinal)) name = name[..^3];
        return task switch
        {
            ModelTask.LanguageModel => Text,
            ModelTask.Classifier => name.Contains(".trees", StringComparison.Ordinal) ? SstTrees : Labelled,
            _ => name.EndsWith(".conllu", StringComparison.Ordinal) ? Conllu : Conll,
        };
    }
}
