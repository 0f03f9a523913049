using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using RnnService.Engine.Tasks;
using RnnService.Training.Corpora;

namespace RnnService.Cli.Arguments;

/// <summary>The options that say how corpus files are read; <see cref="CorpusSource"/> describes them.</summary>
internal sealed class CorpusOptions
{
    private readonly Option<string> _format = new("--format")
    {
        Description = "How the corpus is written; unless given, guessed from the task and the file's name.",
    };

    private readonly NumberOption<int> _labelColumn = Column("--label-column", "Column of the label in a labelled file [default: 0].");
    private readonly NumberOption<int> _textColumn = Column("--text-column", "Column of the text in a labelled file [default: 1].");
    private readonly NumberOption<int> _formColumn = Column("--form-column", "Column of the word [default: 0 in conll, 1 in conllu].");
    private readonly NumberOption<int> _tagColumn = Column("--tag-column", "Column of the tag [default: the last in conll, 3 in conllu].");

    private readonly NumberOption<int> _skipLines = new("--skip-lines")
    {
        Description = "Lines to skip at the head of a labelled file, such as 1 for column names.",
    };

    private readonly Option<string[]> _where = Pairs("--where", "COLUMN=VALUE", "Keep only the lines of a labelled file with this value.");
    private readonly Option<string[]> _labelNames = Pairs("--label-name", "RAW=NAME", "The name of a label or tag as the file has it: 0=negative.");
    private readonly Option<bool> _phrases = new("--phrases") { Description = "Every labelled phrase of sst-trees, not only whole sentences." };

    public CorpusOptions(Command command)
    {
        _format.AcceptOnlyFromAmong(
            CorpusFormat.Text, CorpusFormat.Labelled, CorpusFormat.LabelledSpace, CorpusFormat.SstTrees, CorpusFormat.Conll, CorpusFormat.Conllu);
        _where.Validators.Add(result =>
        {
            foreach (Token token in result.Tokens)
            {
                if (!int.TryParse(token.Value.Split('=')[0], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _))
                    result.AddError($"--where {token.Value}: COLUMN=VALUE wanted, the column a whole number.");
            }
        });
        foreach (Option option in All) command.Add(option);
    }

    public IReadOnlyList<Option> All =>
        [_format, _labelColumn, _textColumn, _skipLines, _where, _formColumn, _tagColumn, _labelNames, _phrases];

    /// <summary>A file, read as the options say.</summary>
    public CorpusSource SourceOf(ParseResult parsed, string path, ModelTask task) => new()
    {
        Path = path,
        Format = parsed.GetValue(_format) ?? CorpusFormat.Guess(path, task),
        LabelColumn = parsed.GetValue(_labelColumn),
        TextColumn = parsed.GetValue(_textColumn),
        SkipLines = parsed.GetValue(_skipLines),
        FormColumn = parsed.GetValue(_formColumn),
        TagColumn = parsed.GetValue(_tagColumn),
        Phrases = parsed.GetValue(_phrases) ? true : null,
        Where = Split(parsed, _where)?.ToDictionary(pair => int.Parse(pair.Key, CultureInfo.InvariantCulture), pair => pair.Value),
        LabelNames = Split(parsed, _labelNames),
    };

    private static Dictionary<string, string>? Split(ParseResult parsed, Option<string[]> option)
    {
        string[] pairs = parsed.GetValue(option) ?? [];
        return pairs.Length == 0 ? null : pairs.Select(pair => pair.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]);
    }

    private static NumberOption<int> Column(string name, string description) => new(name) { Description = description };

    private static Option<string[]> Pairs(string name, string helpName, string description)
    {
        var option = new Option<string[]>(name) { Description = $"{description} May be repeated.", HelpName = helpName };
        option.Validators.Add(result =>
        {
            string[] keys = [.. result.Tokens.Select(token => token.Value.Split('=')[0])];
            if (result.Tokens.FirstOrDefault(token => !token.Value.Contains('=', StringComparison.Ordinal)) is { } wrong)
                result.AddError($"{name} {wrong.Value}: {helpName} wanted.");
            else if (keys.Distinct().Count() != keys.Length)
                result.AddError($"{name} gives {keys.First(key => keys.Count(other => other == key) > 1)} twice: once wanted.");
        });
        return option;
    }
}
