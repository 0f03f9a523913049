namespace RnnService.Training.Corpora;

/// <summary>The columns that the first word of a file has, and every other word must have.</summary>
/// <param name="Delimiter">What separates them: "tab", "space" (runs of spaces) or "whitespace" (runs of tabs and spaces).</param>
/// <param name="Count">How many.</param>
/// <param name="Line">The line they were counted in.</param>
internal sealed record ConllLayout(string Delimiter, int Count, int Line)
{
    public const string Tab = "tab", Space = "space", WhiteSpace = "whitespace";

    public static readonly string[] Delimiters = [Tab, Space, WhiteSpace];

    /// <summary>The layout of a line, by the delimiter that is asked for or else by whether there is a tab in it.</summary>
    public static ConllLayout Of(CorpusLine line, string? delimiter)
    {
        delimiter ??= line.Text.Contains('\t', StringComparison.Ordinal) ? Tab : Space;
        return new ConllLayout(delimiter, Split(line.Text, delimiter).Length, line.Number);
    }

    /// <summary>The line's columns whatever their number.</summary>
    public string[] Split(string line) => Split(line, Delimiter);

    /// <summary>The line's columns.</summary>
    /// <exception cref="CorpusException">They are not separated as in the first line.</exception>
    /// <exception cref="InvalidDataException">They are not as many.</exception>
    public string[] Columns(CorpusLine line)
    {
        bool tabs = line.Text.Contains('\t', StringComparison.Ordinal);
        if (Delimiter == Space && tabs)
        {
            throw line.Error(
                $"a tab is found; expected columns separated by spaces, as in line {Line}, or runs of either in the whole file",
                new CorpusSetting("delimiter", WhiteSpace));
        }

        string[] columns = Split(line.Text);
        if (columns.Length == Count) return columns;
        if (Delimiter == Tab && !tabs && Split(line.Text, Space).Length == Count)
        {
            throw line.Error(
                $"columns separated by spaces are found; expected tabs, as in line {Line}, or runs of either in the whole file",
                new CorpusSetting("delimiter", WhiteSpace));
        }

        string separator = Delimiter switch { Tab => "tabs", Space => "spaces", _ => "white space" };
        string looks = columns.Length == 1 && line.Text.AsSpan().IndexOfAny(',', ';') >= 0
            ? "; the line looks like CSV, which a tagger does not read: write columns separated by tabs, an empty line after every sentence"
            : "";
        throw line.Error($"{columns.Length} {(columns.Length == 1 ? "column" : "columns")} separated by {separator}; expected {Count}, as in line {Line}{line.OddSpaces}{looks}");
    }

    private static string[] Split(string line, string delimiter) => delimiter switch
    {
        Tab => line.Split('\t'),
        Space => line.Split(' ', StringSplitOptions.RemoveEmptyEntries),
        _ => line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries),
    };
}
