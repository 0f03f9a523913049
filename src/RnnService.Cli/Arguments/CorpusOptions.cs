using System.CommandLine;
using RnnService.Audio.Music;
using RnnService.Engine.Models;
using RnnService.Engine.Text;
using RnnService.Training.Corpora;

namespace RnnService.Cli.Arguments;

/// <summary>The options that say how corpus files are read; <see cref="CorpusSource"/> describes them.</summary>
internal sealed class CorpusOptions
{
    private readonly Option<string> _format = new("--format")
    {
        Description = "How the corpus is written; unless given, guessed from the task and the file's name.",
    };

    private readonly Option<string> _encoding = new("--encoding")
    {
        Description = "The file's encoding, such as utf-16le, windows-1252, gb18030 [default: utf-8, or what a byte order mark says].",
        HelpName = "NAME",
    };

    private readonly Option<string> _labelColumn = Column(
        "--label-column", "Column of the label in labelled, csv, parquet and jsonl, by name or number from 0 [default: one called label, class, sentiment …; else 0].");

    private readonly Option<string> _textColumn = Column(
        "--text-column", "Column of the text, likewise [default: one called text, sentence, review …; else 1].");

    private readonly Option<string> _titleColumn = Column("--title-column", "Column of the title of a language model's documents, a line before the text of each.");

    private readonly Option<string> _sourceColumn = Column(
        "--source-column", "Column of the text to translate in pairs, csv, parquet and jsonl, by name or number from 0 [default: one called source, text …; else 0].");

    private readonly Option<string> _targetColumn = Column(
        "--target-column", "Column of its translation, likewise [default: one called target, translation, summary …; else 1].");

    private readonly Option<bool> _swap = new("--swap") { Description = "Exchange source and target of pairs, so that one file serves both ways." };
    private readonly Option<string> _formColumn = Column("--form-column", "Column of the word [default: 0 in conll, 1 in conllu; in jsonl tokens, words …].");
    private readonly Option<string> _tagColumn = Column("--tag-column", "Column of the tag [default: the last in conll, upos in conllu; in jsonl tags, ner_tags …].");

    private readonly Option<string> _notation = new("--notation")
    {
        Description = "How tags mark spans; they are brought into BIO [default: as they are].",
        HelpName = "NAME",
    };

    private readonly Option<string> _sequenceColumn = Column(
        "--sequence-column", "Column of csv that says which sequence of numbers a row belongs to [default: the file is one].");

    private readonly Option<string[]> _columns = new("--column")
    {
        Description = "A column of csv that is a number of each step [default: all that hold numbers]. May be repeated.",
        HelpName = "COLUMN",
    };

    private readonly Option<string> _namePattern = new("--name-pattern")
    {
        Description = "How the names of WAV files are read, a regular expression with a group label [default: what stands before the first underscore].",
        HelpName = "REGEX",
    };

    private readonly NumberOption<int> _keys = new("--keys")
    {
        Description = $"How often the tunes of an abc file follow once more, each in another key near its own, where they are trained on, 0 to {AbcBook.MostKeys} [default: 0].",
        HelpName = "N",
    };

    private readonly Option<string> _header = YesNo(
        "--header", "Whether the first line of a labelled, pairs or csv file names the columns [default: found from the names it has].");

    private readonly Option<string> _delimiter = new("--delimiter")
    {
        Description = "What separates columns: comma, semicolon, tab, pipe or a character in csv; tab, space or whitespace in conll [default: found].",
        HelpName = "NAME",
    };

    private readonly Option<string> _labelSeparator = new("--label-separator")
    {
        Description = "What separates several labels within the label's column.",
        HelpName = "TEXT",
    };

    private readonly Option<string> _comments = YesNo(
        "--comments", "Whether lines of a conll file that begin with \"# \" are comments [default: those without the columns of a word].");

    private readonly Option<bool> _skipEmptyWords = new("--skip-empty-words")
    {
        Description = "Leaves out lines of a conll file that have a tag but no word.",
    };

    private readonly NumberOption<int> _skipLines = new("--skip-lines")
    {
        Description = "Lines to skip at the head of a labelled, pairs, csv or conll file.",
    };

    private readonly Option<string[]> _where = Pairs("--where", "COLUMN=VALUE", "Keep only the rows of labelled, pairs, csv or parquet with this value.");
    private readonly Option<string[]> _labelNames = Pairs("--label-name", "RAW=NAME", "The name of a label or tag as the file has it: 0=negative.");
    private readonly Option<bool> _phrases = new("--phrases") { Description = "Train on every labelled phrase of sst-trees, not only on whole sentences." };

    private readonly Option<bool> _distinct = new("--distinct") { Description = "Keep the first of every labelled text, pair or document that repeats." };

    public CorpusOptions(Command command)
    {
        _format.AcceptOnlyFromAmong([.. CorpusFormat.All]);
        _notation.AcceptOnlyFromAmong([.. Enum.GetValues<TagNotation>().Select(notation => SnakeCase.Of(notation))]);
        foreach (Option option in All) command.Add(option);
    }

    public IReadOnlyList<Option> All =>
    [
        _format, _encoding, _textColumn, _titleColumn, _labelColumn, _sourceColumn, _targetColumn, _swap, _distinct, _header, _delimiter, _labelSeparator, _skipLines, _where,
        _formColumn, _tagColumn, _notation,
        _comments, _skipEmptyWords, _labelNames, _phrases, _sequenceColumn, _columns, _namePattern, _keys,
    ];

    /// <summary>A file, read as the options say.</summary>
    /// <param name="parsed">The options.</param>
    /// <param name="path">The file.</param>
    /// <param name="task">What for.</param>
    /// <param name="targets">The file of the targets, line by line, where they stand in one of their own.</param>
    public CorpusSource SourceOf(ParseResult parsed, string path, ModelTask task, string? targets = null) => new()
    {
        Path = path,
        TargetPath = targets,
        Format = parsed.GetValue(_format) ?? (targets is null ? CorpusFormat.Guess(path, task) : CorpusFormat.Parallel),
        Encoding = parsed.GetValue(_encoding),
        LabelColumn = ColumnOf(parsed, _labelColumn),
        TextColumn = ColumnOf(parsed, _textColumn),
        TitleColumn = ColumnOf(parsed, _titleColumn),
        SourceColumn = ColumnOf(parsed, _sourceColumn),
        TargetColumn = ColumnOf(parsed, _targetColumn),
        Distinct = parsed.GetValue(_distinct) ? true : null,
        Swap = parsed.GetValue(_swap) ? true : null,
        Header = YesNoOf(parsed, _header),
        Delimiter = parsed.GetValue(_delimiter),
        LabelSeparator = parsed.GetValue(_labelSeparator),
        SkipLines = parsed.GetValue(_skipLines),
        FormColumn = ColumnOf(parsed, _formColumn),
        TagColumn = ColumnOf(parsed, _tagColumn),
        Notation = parsed.GetValue(_notation) is { } notation ? Enum.Parse<TagNotation>(notation, ignoreCase: true) : null,
        Comments = YesNoOf(parsed, _comments),
        SkipEmptyWords = parsed.GetValue(_skipEmptyWords) ? true : null,
        Phrases = parsed.GetValue(_phrases) ? true : null,
        SequenceColumn = ColumnOf(parsed, _sequenceColumn),
        Columns = parsed.GetValue(_columns) is { Length: > 0 } columns ? [.. columns.Select(CorpusColumn.Parse)] : null,
        NamePattern = parsed.GetValue(_namePattern),
        Keys = parsed.GetValue(_keys),
        Where = Split(parsed, _where),
        LabelNames = Split(parsed, _labelNames),
    };

    /// <summary>A setting as the command line has it.</summary>
    public static string OptionOf(CorpusSetting setting)
    {
        string name = $"--{setting.Name.Replace('_', '-')}";
        return setting switch
        {
            { Name: "header" or "comments", Value: var value } => $"{name} {(value == "true" ? "yes" : "no")}",
            { Name: "skip_empty_words" or "swap" } => name,
            { Name: "target_path" } => $"--targets {setting.Value}",
            { Name: "distinct" } => "--distinct",
            { Name: "data.valid" } => $"--valid {setting.Value}",
            _ when setting.Name.Contains('.', StringComparison.Ordinal) => $"--set {setting.Name}={setting.Value}",
            _ => $"{name} {setting.Value}",
        };
    }

    private static CorpusColumn? ColumnOf(ParseResult parsed, Option<string> option) =>
        parsed.GetValue(option) is { } given ? CorpusColumn.Parse(given) : default(CorpusColumn?);

    private static bool? YesNoOf(ParseResult parsed, Option<string> option) => parsed.GetValue(option) is { } given ? given == "yes" : null;

    private static Option<string> YesNo(string name, string description)
    {
        var option = new Option<string>(name) { Description = description };
        option.AcceptOnlyFromAmong("yes", "no");
        return option;
    }

    private static Dictionary<string, string>? Split(ParseResult parsed, Option<string[]> option)
    {
        string[] pairs = parsed.GetValue(option) ?? [];
        return pairs.Length == 0 ? null : pairs.Select(pair => pair.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]);
    }

    private static Option<string> Column(string name, string description) => new(name) { Description = description, HelpName = "COLUMN" };

    private static Option<string[]> Pairs(string name, string helpName, string description)
    {
        var option = new Option<string[]>(name) { Description = $"{description} May be repeated.", HelpName = helpName };
        option.Validators.Add(result =>
        {
            string[] keys = [.. result.Tokens.Select(token => token.Value.Split('=')[0])];
            if (result.Tokens.FirstOrDefault(token => !token.Value.Contains('=', StringComparison.Ordinal)) is { } wrong)
                result.AddError($"{name} is {wrong.Value}; expected {helpName}.");
            else if (keys.Distinct().Count() != keys.Length)
                result.AddError($"{name} gives {keys.First(key => keys.Count(other => other == key) > 1)} twice; expected once.");
        });
        return option;
    }
}
