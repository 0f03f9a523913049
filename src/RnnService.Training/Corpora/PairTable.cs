using RnnService.Engine.Text;

namespace RnnService.Training.Corpora;

/// <summary>Pairs of a table: lines with tabs, CSV, Parquet. Columns beside the two, such as an attribution, are ignored.</summary>
internal sealed class PairTable(CorpusSource source, ICollection<CorpusNote>? notes)
{
    /// <summary>The pairs.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="names">The columns' names; null where the first row may hold them.</param>
    public List<TextPair> Read(List<TableRow> rows, string[]? names = null)
    {
        int first = 0;
        if (names is null && rows.Count > 0 && IsHeader(rows[0].Cells))
        {
            names = [.. rows[0].Cells.Select(cell => cell.Trim())];
            first = 1;
        }

        var pairs = new PairList(source, source.Path, "row", notes);
        if (first >= rows.Count) return pairs.Done();
        int count = names?.Length ?? rows[0].Cells.Length;
        CorpusLine head = rows[0].Line;
        var columns = new TableColumns(names, count);
        (int from, int to) = Places(columns, head, names, count);
        if (first == 1 && source.Header is null && !source.AsksByName(source.SourceColumn, source.TargetColumn))
        {
            notes?.Add(new CorpusNote(
                $"{source.Path}, line {head.Number}: names the columns: {Listing.Quote(names![from])} is the source, {Listing.Quote(names[to])} the target; "
                + "to read it as a pair",
                new CorpusSetting("header", "false")));
        }

        Func<string[], bool>? kept = columns.Kept(head, source);
        foreach (var (line, cells) in rows.Skip(first))
        {
            if (cells.Length != count) throw WrongCount(line, cells.Length, count, first == 1 ? "as the header has" : "as on the first line");
            if (kept is null || kept(cells)) pairs.Add(line, cells[from], cells[to]);
        }

        return pairs.Done();
    }

    private bool IsHeader(string[] cells)
    {
        if (source.Header is { } header) return header;
        if (source.AsksByName(source.SourceColumn, source.TargetColumn)) return true;
        // One usual name may well be a text of one word; a source and its target are never both called so.
        return ColumnNames.Find(cells, ColumnNames.Sources) is >= 0 and var from && ColumnNames.Find(cells, ColumnNames.Targets) is >= 0 and var to && from != to;
    }

    private (int Source, int Target) Places(TableColumns columns, CorpusLine line, string[]? names, int count)
    {
        if (count < 2) throw WrongCount(line, count, 2, "(source, target)");
        int from = Asked(source.SourceColumn, "source_column", ColumnNames.Sources), to = Asked(source.TargetColumn, "target_column", ColumnNames.Targets);
        if (from < 0) from = to == 0 ? 1 : 0;
        if (to < 0) to = from == 1 ? 0 : 1;
        return from != to ? (from, to) : throw line.Error($"source and target are both column {from} of {count}; expected two columns");

        int Asked(CorpusColumn? column, string setting, string[] usual) =>
            column is { } asked ? columns.PlaceOf(line, asked, setting) : names is null ? -1 : ColumnNames.Find(names, usual);
    }

    private Exception WrongCount(CorpusLine line, int found, int expected, string reason)
    {
        bool tabs = source.Format == CorpusFormat.Pairs;
        string what = $"{found} {(found == 1 ? "column" : "columns")}{(tabs ? " separated by tabs" : "")}; "
            + $"expected {expected} {reason}{line.OddSpaces}";
        if (!tabs) return found == 1 ? line.Error($"{what}: is the delimiter another", new CorpusSetting("delimiter", "CHARACTER")) : line.Error(what);
        if (found > 1) return line.Error(what);
        return line.Text.TrimStart().StartsWith('{') ? line.Error($"{what}; the line looks like JSON", new CorpusSetting("format", CorpusFormat.JsonLines))
            : line.Text.Contains(',', StringComparison.Ordinal) && source.Path.EndsWith(".csv", StringComparison.OrdinalIgnoreCase)
                ? line.Error($"{what}; the line looks like CSV", new CorpusSetting("format", CorpusFormat.Csv))
            : line.Error($"{what}; where source and target are two files, read them line by line", new CorpusSetting("target_path", "FILE"));
    }
}
