using RnnService.Engine.Text;

namespace RnnService.Training.Corpora;

/// <summary>Running text from a column of a table, or a field of JSON objects: a document a row, its title a line before it.</summary>
internal sealed class DocumentColumn(CorpusSource source, ICollection<CorpusNote>? notes)
{
    private const string Lack = "a text";

    /// <summary>The documents that are not empty, CR LF read as LF: a line each, or with an empty line after each where any has several lines.</summary>
    public RunningText Read()
    {
        bool isJson = source.Format == CorpusFormat.JsonLines;
        List<(CorpusLine Line, string? Title, string Text)> rows = isJson ? new JsonRecords(source, Corpus.Open(source, notes), notes).Documents() : OfTable();
        var (empty, full) = (rows.Where(row => string.IsNullOrWhiteSpace(row.Text)).ToArray(), rows.Where(row => !string.IsNullOrWhiteSpace(row.Text)));
        if (empty.Length > 0) Examples.NoteEmpty(source.Path, isJson ? "record" : "row", Lack, (empty.Length, empty[0].Line.Number), notes);
        IEnumerable<string> texts = full.Select(row => string.IsNullOrWhiteSpace(row.Title) ? Trimmed(row.Text) : $"{Trimmed(row.Title)}\n{Trimmed(row.Text)}");
        string[] documents = [.. source.Distinct == true ? texts.Distinct() : texts];
        string between = documents.Any(text => text.Contains('\n', StringComparison.Ordinal)) ? "\n\n" : "\n";
        return new RunningText(string.Concat(documents.Select(text => text + between)), between);

        static string Trimmed(string text) => text.Replace("\r\n", "\n", StringComparison.Ordinal).Trim('\n');
    }

    private List<(CorpusLine Line, string? Title, string Text)> OfTable()
    {
        var (names, rows) = Corpus.Table(source, notes);
        if (rows.Count == 0) return [];
        CorpusLine head = rows[0].Line;
        bool isNamed = names is null && TableReader.IsHeader(source, rows[0].Cells);
        if (isNamed)
        {
            names = [.. rows[0].Cells.Select(cell => cell.Trim())];
            rows.RemoveAt(0);
        }

        if (rows.Count == 0) return [];
        int count = names?.Length ?? rows[0].Cells.Length;
        var columns = new TableColumns(names, count);
        int place = PlaceOf(columns, head, names ?? rows[0].Cells, names is not null);
        int? title = source.TitleColumn is { } asked ? columns.PlaceOf(head, asked, "title_column") : null;
        if (isNamed && source.Header is null && !source.AsksByName(source.TextColumn, source.TitleColumn))
        {
            notes?.Add(new CorpusNote(
                $"{source.Path}, line {head.Number}: names the columns: {Listing.Quote(names![place])} is the text; to read it as one",
                new CorpusSetting("header", "false")));
        }

        if (rows.FirstOrDefault(row => row.Cells.Length != count) is { Cells: not null } odd)
            throw odd.Line.Error($"{odd.Cells.Length} {(odd.Cells.Length == 1 ? "column" : "columns")}; expected {count} as {(isNamed ? "the header has" : "on the first line")}");
        Func<string[], bool>? kept = columns.Kept(head, source);
        return [.. rows.Where(row => kept?.Invoke(row.Cells) != false).Select(row => (row.Line, title is { } at ? row.Cells[at] : null, row.Cells[place]))];
    }

    private int PlaceOf(TableColumns columns, CorpusLine line, string[] cells, bool areNames)
    {
        if (source.TextColumn is { } asked) return columns.PlaceOf(line, asked, "text_column");
        if (areNames && ColumnNames.Find(cells, ColumnNames.Texts) is >= 0 and var usual) return usual;
        if (cells.Length == 1) return 0;
        if (cells.Length == 2 && source.Format == CorpusFormat.Labelled) return 1;
        throw line.Error(
            $"{cells.Length} columns: {Listing.Of([.. cells.Select(Listing.Quote)])}; expected to find the text among them by a usual name "
            + "(text, sentence, review …), or by the name or number that is given",
            new CorpusSetting("text_column", "COLUMN"));
    }
}
