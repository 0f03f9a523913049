using CsvHelper;

namespace RnnService.Training.Corpora;

/// <summary>A row of a table and the line it begins in.</summary>
internal readonly record struct TableRow(CorpusLine Line, string[] Cells);

/// <summary>The records of a CSV file.</summary>
internal static class CsvRecords
{
    private static readonly Dictionary<string, char> Named = new(StringComparer.OrdinalIgnoreCase)
    {
        ["comma"] = ',',
        ["semicolon"] = ';',
        ["tab"] = '\t',
        ["\\t"] = '\t',
        ["pipe"] = '|',
    };

    /// <summary>The delimiter the source asks for; null where it is found from the file.</summary>
    /// <exception cref="ArgumentException">It is neither a name nor a character.</exception>
    public static char? DelimiterOf(CorpusSource source)
    {
        if (source.Delimiter is not { } given) return null;
        if (Named.TryGetValue(given, out char named)) return named;
        return given is [var letter] && char.IsAscii(letter) && !char.IsAsciiLetterOrDigit(letter) && letter is not ('"' or '\r' or '\n')
            ? letter
            : throw source.Wrong($"delimiter is \"{given}\"; expected comma, semicolon, tab, pipe or one ASCII character");
    }

    /// <summary>All records, empty lines left out.</summary>
    /// <exception cref="InvalidDataException">Quotes do not match; the message names the line in which the record begins.</exception>
    public static List<TableRow> Read(CorpusSource source, CorpusFile file)
    {
        int skipped = 0;
        string text = file.Text;
        for (; skipped < (source.SkipLines ?? 0) && text.Length > 0; skipped++)
        {
            int end = text.IndexOf('\n', StringComparison.Ordinal);
            text = end < 0 ? "" : text[(end + 1)..];
        }

        var rows = new List<TableRow>();
        CsvMalformedRecord? malformed = null;
        if (text.Length == 0) return rows;
        using var reader = CsvReader.FromText(text, new CsvReaderOptions
        {
            HasHeader = false,
            Separator = DelimiterOf(source),
            TrackLineNumbers = true,
            // A quote within an unquoted field is a letter like any other: 5" screen.
            OnMalformedRecord = record => malformed ??= record.Reason == CsvMalformedReason.StrayQuote ? null : record,
            DetectSeparatorHint = true,
        });
        while (reader.Read())
        {
            if (malformed is { } wrong) throw Unmatched(file.Path, (int)wrong.LineNumber + skipped, wrong.Reason);
            string[] cells = reader.Current.ToArray();
            var line = new CorpusLine(file.Path, (int)reader.LineNumber + skipped, "");
            if (cells.Length > 1 || !cells[0].AsSpan().Trim().IsEmpty) rows.Add(new TableRow(line, cells));
        }

        return malformed is { } last ? throw Unmatched(file.Path, (int)last.LineNumber + skipped, last.Reason) : rows;
    }

    private static InvalidDataException Unmatched(string path, int line, CsvMalformedReason reason) => new(
        $"{path}, line {line}: in the record that begins here {(reason == CsvMalformedReason.UnterminatedQuote ? "a quote is never closed" : "text follows a closing quote")}; "
        + "expected \"…\", with \"\" for a quote within");
}
