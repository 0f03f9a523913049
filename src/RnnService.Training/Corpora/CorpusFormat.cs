using RnnService.Engine.Models;

namespace RnnService.Training.Corpora;

/// <summary>The corpus formats, as <see cref="CorpusSource.Format"/> names them.</summary>
public static class CorpusFormat
{
    /// <summary>Plain running text.</summary>
    public const string Text = "text";

    /// <summary>Tunes in ABC notation with empty lines between, read as running text in one form.</summary>
    public const string Abc = "abc";

    /// <summary>One example a line, columns separated by tabs: <c>label TAB text</c>, or the columns the source or a header names.</summary>
    public const string Labelled = "labelled";

    /// <summary>One example a line as SST-2 has it: <c>LABEL sentence</c>, brackets escaped as <c>-lrb-</c> and <c>-rrb-</c>.</summary>
    public const string LabelledSpace = "labelled-space";

    /// <summary>One tree a line as the Stanford Sentiment Treebank has it: every node holds a class from 0 to 4.</summary>
    public const string SstTrees = "sst-trees";

    /// <summary>One example a record of a CSV file, RFC 4180: quotes, doubled quotes, line breaks within quotes.</summary>
    public const string Csv = "csv";

    /// <summary>
    /// One JSON object an example, a line each or in one array: a text and its label, a pair of texts, lists of words and their tags, or a document.
    /// </summary>
    public const string JsonLines = "jsonl";

    /// <summary>One example a line as fastText has it: <c>__label__x text</c>, labels before or after the text.</summary>
    public const string FastText = "fasttext";

    /// <summary>A Parquet file with a column of texts, and one of labels or translations.</summary>
    public const string Parquet = "parquet";

    /// <summary>One pair a line, columns separated by tabs: <c>source TAB target</c>, or the columns the source or a header names; others are ignored.</summary>
    public const string Pairs = "pairs";

    /// <summary>Two files of as many lines: what stands in a line of one is the translation of what stands in that line of the other.</summary>
    public const string Parallel = "parallel";

    /// <summary>One word a line, columns separated by tabs or else by spaces, an empty line after every sentence.</summary>
    public const string Conll = "conll";

    /// <summary>CoNLL-U: ten columns separated by tabs.</summary>
    public const string Conllu = "conllu";

    /// <summary>Sequences of numbers as the archives of UEA and UCR have them.</summary>
    public const string TimeSeries = "ts";

    /// <summary>Sequences of numbers in an array of NumPy.</summary>
    public const string NumPy = "npy";

    /// <summary>Sounds: a folder of WAV files whose names say what is said in them, or a list of <c>path TAB text</c>.</summary>
    public const string Wav = "wav";

    internal static readonly string[] Tables = [Labelled, Csv, Parquet];
    internal static readonly string[] OfRunningText = [Text, Abc, .. Tables, JsonLines];
    internal static readonly string[] OfLabelledText = [Labelled, LabelledSpace, SstTrees, Csv, JsonLines, FastText, Parquet];
    internal static readonly string[] PairTables = [Pairs, Csv, JsonLines, Parquet];
    internal static readonly string[] OfPairs = [.. PairTables, Parallel];
    internal static readonly string[] OfNumbers = [Csv, TimeSeries, NumPy, Wav];
    internal static readonly string[] OfTaggedSentences = [Conll, Conllu, JsonLines];

    /// <summary>Every format's name.</summary>
    public static IReadOnlyList<string> All { get; } =
        [Text, Abc, Labelled, LabelledSpace, SstTrees, Csv, JsonLines, FastText, Parquet, Pairs, Parallel, Conll, Conllu, TimeSeries, NumPy, Wav];

    /// <summary>
    /// The likeliest format of a file by its name: for a language model abc, csv, jsonl (also .json and .ndjson) and parquet where it ends so, labelled where it
    /// ends in .tsv, else text; for others csv, jsonl (also .json and .ndjson), parquet and fasttext (also
    /// .ft) where it ends so; else for a classifier sst-trees where ".trees" is in it, else labelled; for a tagger conllu where it ends so, else
    /// conll; for a translator pairs; ts and npy where it ends so, for a regressor and a forecaster csv, for a transcriber and every folder wav. A ".gz" at the end is looked past.
    /// </summary>
    public static string Guess(string path, ModelTask task)
    {
        string name = Path.GetFileName(path).ToLowerInvariant();
        if (name.EndsWith(".gz", StringComparison.Ordinal)) name = name[..^3];
        if (task == ModelTask.LanguageModel)
        {
            return Path.GetExtension(name) switch
            {
                ".abc" => Abc,
                ".csv" => Csv,
                ".tsv" => Labelled,
                ".jsonl" or ".ndjson" or ".json" => JsonLines,
                ".parquet" => Parquet,
                _ => Text,
            };
        }

        if (Directory.Exists(path)) return Wav;
        string? byEnd = Path.GetExtension(name) switch
        {
            ".jsonl" or ".ndjson" or ".json" => JsonLines,
            ".csv" when task is ModelTask.Classifier or ModelTask.Tagger or ModelTask.Translator or ModelTask.Regressor or ModelTask.Forecaster => Csv,
            ".ts" => TimeSeries,
            ".npy" => NumPy,
            ".parquet" when task is ModelTask.Classifier or ModelTask.Translator => Parquet,
            ".ft" or ".fasttext" when task == ModelTask.Classifier => FastText,
            ".conllu" when task == ModelTask.Tagger => Conllu,
            _ => null,
        };
        return byEnd ?? task switch
        {
            ModelTask.Tagger => Conll,
            ModelTask.Translator => Pairs,
            ModelTask.Regressor or ModelTask.Forecaster => Csv,
            ModelTask.Transcriber => Wav,
            _ => name.Contains(".trees", StringComparison.Ordinal) ? SstTrees : Labelled,
        };
    }
}
