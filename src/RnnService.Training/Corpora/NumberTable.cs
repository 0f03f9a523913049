using RnnService.Engine.Networks;

namespace RnnService.Training.Corpora;

/// <summary>
/// Sequences in a CSV file, a row a step: the whole file is one, or a column says which a row belongs to. Features are the columns that are named, or
/// else all that hold numbers; the column of the label has one a step, or the same at every step of a sequence.
/// </summary>
internal static class NumberTable
{
    public static NumberCorpus Read(CorpusSource source, CorpusFile file)
    {
        List<TableRow> rows = CsvRecords.Read(source, file);
        if (rows.Count == 0) return new NumberCorpus([], []);
        CorpusLine head = rows[0].Line;
        string[]? names = IsHeader(rows[0].Cells, source) ? [.. rows[0].Cells.Select(cell => cell.Trim())] : null;
        if (names is not null) rows.RemoveAt(0);
        if (rows.Count == 0) return new NumberCorpus([], []);
        int width = rows[0].Cells.Length, ahead = names is null ? 0 : width - names.Length; // R's tables number their rows in a column without a name
        if (ahead is not (0 or 1)) throw head.Error($"has {names!.Length} names; expected {width}, as the rows have columns");
        if (ahead == 1) names = ["", .. names!];
        var columns = new TableColumns(names, width);
        int? label = source.LabelColumn is { } asked ? columns.PlaceOf(head, asked, "label_column")
            : names is not null && ColumnNames.Find(names, ColumnNames.StepLabels) is >= 0 and var usual ? usual : null;
        int? sequence = source.SequenceColumn is { } by ? columns.PlaceOf(head, by, "sequence_column") : null;
        int[] features = source.Columns is { } given ? [.. given.Select(column => columns.PlaceOf(head, column, "columns"))] : [.. Enumerable.Range(ahead, width - ahead)
            .Where(column => column != label && column != sequence && rows.Take(100).All(row => column < row.Cells.Length && NumberCell.TryRead(row.Cells[column]) is not null))];
        if (features.Length == 0) throw new InvalidDataException($"{file.Path}: no column holds numbers; expected one or more");
        if (rows.FirstOrDefault(row => row.Cells.Length != width) is { Cells: not null } odd)
            throw odd.Line.Error($"has {odd.Cells.Length} columns; expected {width}, as in the first row");
        if (columns.Kept(head, source) is { } kept) rows = [.. rows.Where(row => kept(row.Cells))];

        var examples = new List<NumberExample>();
        if (rows.Count == 0) return new NumberCorpus(examples, []);
        foreach (TableRow[] steps in Sequences(rows, sequence))
        {
            float[] values = [.. steps.SelectMany(row => features.Select(column => NumberCell.Read(row.Cells[column], file.Path, row.Line.Number)))];
            string[] labels = label is { } place ? [.. steps.Select(row => row.Cells[place].Trim())] : [];
            examples.Add(new NumberExample
            {
                Sequence = new NumberSequence(values, features.Length),
                Labels = [.. labels.Zip(steps, (text, row) => row.Line.NameOf(text, source))],
                Values = labels.All(text => NumberCell.TryRead(text) is not null) ? labels.Select(text => NumberCell.TryRead(text)!.Value).ToArray() : default,
                Name = $"{file.Path}, line {steps[0].Line.Number}",
            });
        }

        return new NumberCorpus(examples, names is null ? [] : [.. features.Select(column => names[column])]);
    }

    private static bool IsHeader(string[] cells, CorpusSource source) => source.Header
        ?? (cells.All(cell => NumberCell.TryRead(cell) is null)
            || source.AsksByName([source.LabelColumn, source.SequenceColumn, .. (source.Columns ?? []).Select(column => (CorpusColumn?)column)]));

    private static IEnumerable<TableRow[]> Sequences(List<TableRow> rows, int? column) => column is { } place
        ? rows.GroupBy(row => row.Cells[place]).Select(group => group.ToArray())
        : [[.. rows]];
}
