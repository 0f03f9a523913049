using RnnService.Engine.Text;

namespace RnnService.Training.Corpora;

/// <summary>Labelled texts of a table: <c>labelled</c> lines, CSV, Parquet.</summary>
internal sealed class TableReader(CorpusSource source, string path, ICollection<CorpusNote>? notes)
{
    private const int RowsToCompare = 2000;

    private readonly bool _lines = source.Format == CorpusFormat.Labelled;
    private string[]? _names;
    private int _empty, _firstEmpty;
    private bool _quoteOpen; // in the line before

    /// <summary>The examples.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="names">The columns' names; null where a row may hold them.</param>
    public List<LabelledText> Read(List<TableRow> rows, string[]? names = null)
    {
        var examples = new List<LabelledText>(rows.Count);
        _names = names;
        int first = 0;
        if (_names is null && rows.Count > 0 && IsHeader(source, rows[0].Cells))
        {
            _names = [.. rows[0].Cells.Select(cell => cell.Trim())];
            first = 1;
        }

        if (first >= rows.Count) return examples;
        int count = _names?.Length ?? rows[0].Cells.Length;
        CheckHead(rows, first, count);
        var (label, text) = Columns(rows, first, count);
        Func<string[], bool>? kept = new TableColumns(_names, count).Kept(rows[first].Line, source);
        if (first == 1 && source.Header is null && !source.AsksByName(source.LabelColumn, source.TextColumn))
        {
            // Usual in a csv; in other files it may well be an example.
            string taken = _lines ? "taken as a header and no example, as with skip_lines 1" : "names the columns";
            notes?.Add(new CorpusNote(
                $"{path}, line {rows[0].Line.Number}: {taken}: {Listing.Quote(_names![label])} is the label, {Listing.Quote(_names[text])} the text; "
                + "to read it as an example",
                new CorpusSetting("header", "false")));
        }

        foreach (var (line, cells) in rows.Skip(first))
        {
            if (cells.Length != count) throw WrongCount(line, cells, count, first == 1);
            _quoteOpen = _lines && cells[^1].StartsWith('"') && cells[^1].AsSpan().Count('"') % 2 == 1;
            if (kept is not null && !kept(cells)) continue;
            if (Example(line, cells[label], cells[text]) is { } example) examples.Add(example);
        }

        Examples.ThrowIfNone(path, "rows", Examples.TextAndLabel, examples.Count, _empty);
        CheckQuotes(examples);
        AddNotes(examples, first == 1);
        return examples;
    }

    /// <summary>Refuses a file whose first lines belong to no table, or that looks like another format.</summary>
    private void CheckHead(List<TableRow> rows, int first, int count)
    {
        if (_lines || first > 0) return;
        string cell = rows[0].Cells[0];
        string? other = cell.StartsWith(FastText.Prefix, StringComparison.Ordinal) ? CorpusFormat.FastText
            : cell.StartsWith('{') && cell.Contains('"', StringComparison.Ordinal) ? CorpusFormat.JsonLines
            : null;
        if (other is not null)
        {
            throw rows[0].Line.Error(
                $"{Listing.Quote(cell)} looks like {(other == CorpusFormat.FastText ? "fastText" : "JSON")}; expected CSV, or that format named",
                new CorpusSetting("format", other));
        }

        if (count != 1) return;
        int table = rows.FindIndex(row => row.Cells.Length > 1), line = table < 0 ? 0 : rows[table].Line.Number;
        if (table > 0 && 2 * rows.Skip(table).Count(row => row.Cells.Length == rows[table].Cells.Length) > rows.Count)
        {
            throw rows[0].Line.Error(
                $"1 column, {rows[table].Cells.Length} from line {line} on; expected the lines before the table to be skipped",
                new CorpusSetting("skip_lines", $"{line - 1}"));
        }

        if (cell.StartsWith('<') && table < 0) throw rows[0].Line.Error($"{Listing.Quote(cell)} looks like HTML or XML; expected CSV");
        if (table < 0)
        {
            throw rows[0].Line.Error(
                "1 column here and in every other line; expected 2, a text and its label: the labels are missing, or the delimiter is another",
                new CorpusSetting("delimiter", "CHARACTER"));
        }
    }

    /// <summary>A quote after a space opens no quotes: names would have them, and a delimiter within would end the text.</summary>
    private void CheckQuotes(List<LabelledText> examples)
    {
        if (_lines || examples.Count < 4 || 2 * examples.Count(IsQuoted) <= examples.Count) return;
        LabelledText first = examples.First(IsQuoted);
        throw new InvalidDataException(
            $"{path}, line {first.Line}: the label stands in quotes with a space before them, as most do; "
            + "expected the quote right after the delimiter: take the spaces out");

        static bool IsQuoted(LabelledText example) => example.Label is ['"', _, .., '"'];
    }

    /// <summary>Whether the cells of the first row are the columns' names: as the source says, or by the names it has.</summary>
    public static bool IsHeader(CorpusSource source, string[] cells)
    {
        if (source.Header is { } header) return header;
        if (source.AsksByName(source.LabelColumn, source.TextColumn, source.TitleColumn)) return true;
        if (source.SkipLines > 0 && source.Format == CorpusFormat.Labelled) return false;
        // One usual name says little where a text may be one word; a label and a text are never both called so.
        int label = Usual(source.LabelColumn, ColumnNames.Labels), text = Usual(source.TextColumn, ColumnNames.Texts);
        if (source.Format == CorpusFormat.Labelled) return label >= 0 && text >= 0 && label != text;
        return (label >= 0 || text >= 0) && cells.Distinct().Count() == cells.Length && cells.All(cell => cell.Length <= 64);

        int Usual(CorpusColumn? column, string[] usual)
        {
            int found = ColumnNames.Find(cells, usual);
            if (column?.Number is not { } number) return found;
            int place = number < 0 ? cells.Length + number : number;
            return place >= 0 && place < cells.Length && ColumnNames.Find([cells[place]], usual) >= 0 ? place : -1;
        }
    }

    private (int Label, int Text) Columns(List<TableRow> rows, int first, int count)
    {
        CorpusLine line = rows[0].Line;
        var columns = new TableColumns(_names, count);
        int label = source.LabelColumn is { } askedLabel ? columns.PlaceOf(line, askedLabel, "label_column")
            : _names is null ? -1 : ColumnNames.Find(_names, ColumnNames.Labels);
        int text = source.TextColumn is { } askedText ? columns.PlaceOf(line, askedText, "text_column")
            : _names is null ? -1 : ColumnNames.Find([.. _names.Index().Select(name => name.Index == label ? "" : name.Item)], ColumnNames.Texts);
        if (label == text && label >= 0) throw line.Error($"label and text are both column {label} of {count}; expected two columns");
        if (label >= 0 && text >= 0) return (label, text);
        if (count == 1) throw WrongCount(line, rows[0].Cells, 2, header: false);
        if (count == 2 && label + text >= -1) return label >= 0 ? (label, 1 - label) : (1 - text, text);
        if (_lines && _names is null)
        {
            if (source.LabelColumn is null && source.TextColumn is null && count != 2) throw WrongCount(line, rows[0].Cells, 2, header: false);
            return (label >= 0 ? label : text == 0 ? 1 : 0, text >= 0 ? text : label == 1 ? 0 : 1);
        }

        if (count != 2)
        {
            string[] found = _names ?? rows[first].Cells;
            string missing = label < 0 && text < 0 ? "label and text" : label < 0 ? "the label" : "the text";
            throw line.Error(
                $"{count} columns: {Listing.Of([.. found.Select(Listing.Quote)])}; expected to find {missing} among them by a usual name "
                + "(label, class, sentiment …; text, sentence, review …), or by the name or number that is given",
                [.. Missing()]);
        }

        // Labels repeat, texts do not.
        var seen = rows.Skip(first).Take(RowsToCompare).Where(row => row.Cells.Length == 2).ToArray();
        int distinctFirst = seen.Select(row => row.Cells[0]).Distinct().Count(), distinctSecond = seen.Select(row => row.Cells[1]).Distinct().Count();
        label = distinctSecond < distinctFirst ? 1 : 0;
        notes?.Add(new CorpusNote(
            $"{path}: no column has a usual name; column {label}, which repeats more, is read as the label and column {1 - label} as the text; "
            + "for the other way round",
            new CorpusSetting("label_column", $"{1 - label}"), new CorpusSetting("text_column", $"{label}")));
        return (label, 1 - label);

        IEnumerable<CorpusSetting> Missing()
        {
            if (label < 0) yield return new CorpusSetting("label_column", "COLUMN");
            if (text < 0) yield return new CorpusSetting("text_column", "COLUMN");
        }
    }

    private LabelledText? Example(CorpusLine line, string labels, string text)
    {
        string[] all = source.LabelSeparator is { } separator
            ? labels.Split(separator, StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            : labels.Trim(' ') is { Length: > 0 } only ? [only] : [];
        bool blank = string.IsNullOrWhiteSpace(text);
        if (_lines && all.Length == 0) throw line.Error("no label; expected one before the text");
        if (_lines && blank) throw line.Error($"no text after label {Listing.Quote(labels.Trim(' '))}; expected some");
        if (blank || all.Length == 0)
        {
            if (_empty++ == 0) _firstEmpty = line.Number;
            return null;
        }

        return Examples.Of(source, line, all, text);
    }

    private Exception WrongCount(CorpusLine line, string[] cells, int expected, bool header)
    {
        string as1 = header ? " as the header has" : source.LabelColumn is null && source.TextColumn is null && _lines ? " (label, text)" : " as on the first line";
        string found = $"{cells.Length} {(cells.Length == 1 ? "column" : "columns")}{(_lines ? " separated by tabs" : "")}; expected {expected}{as1}{line.OddSpaces}";
        if (!_lines)
        {
            return cells.Length == 1 && expected == 2
                ? line.Error($"{found}: is the delimiter another", new CorpusSetting("delimiter", "CHARACTER"))
                : line.Error(found);
        }

        if (_quoteOpen)
        {
            return line.Error(
                $"{found}; a quote in line {line.Number - 1} is not closed there: texts of several lines are read as CSV",
                new CorpusSetting("format", CorpusFormat.Csv), new CorpusSetting("delimiter", "tab"));
        }

        if (cells.Length > 1) return line.Error(found);
        string text = line.Text.TrimStart();
        CorpusSetting[] mend = text is ['{', ..] or ['[', ..] ? [new("format", CorpusFormat.JsonLines)]
            : text.StartsWith(FastText.Prefix, StringComparison.Ordinal) ? [new("format", CorpusFormat.FastText)]
            : text.AsSpan().IndexOfAny(',', ';', '|') >= 0 ? [new("format", CorpusFormat.Csv)]
            : text.Length > 1 && text[1] == ' ' && char.IsAsciiDigit(text[0]) ? [new("format", CorpusFormat.LabelledSpace)]
            : [];
        string name = mend is [var (_, format)]
            ? $"; the line looks like {format switch { CorpusFormat.JsonLines => "JSON", CorpusFormat.FastText => "fastText", CorpusFormat.Csv => "CSV", _ => "SST-2's LABEL sentence" }}"
            : "";
        return line.Error(found + name, mend);
    }

    private void AddNotes(List<LabelledText> examples, bool header)
    {
        if (notes is null) return;
        Examples.NoteEmpty(path, "row", Examples.TextAndLabel, (_empty, _firstEmpty), notes);
        Examples.NoteSeveral(path, examples, notes);
        if (examples.Count < 4) return;
        if (_lines && 2 * examples.Count(example => example.Text is ['"', .., '"']) > examples.Count)
        {
            notes.Add(new CorpusNote(
                $"{path}: most texts stand in quotes, which are read as part of them",
                new CorpusSetting("format", CorpusFormat.Csv), new CorpusSetting("delimiter", "tab")));
        }

        // A header that no usual name gives away: its label occurs there alone, while the others repeat.
        LabelledText top = examples[0];
        if (header || top.Text.Length > 40 || examples.Skip(1).Any(example => example.Label == top.Label)) return;
        if (2 * examples.Skip(1).DistinctBy(example => example.Label).Count() < examples.Count)
        {
            notes.Add(new CorpusNote(
                $"{path}, line {top.Line}: the label {Listing.Quote(top.Label)} occurs here alone; is this line a header?",
                new CorpusSetting("header", "true")));
        }
    }
}
