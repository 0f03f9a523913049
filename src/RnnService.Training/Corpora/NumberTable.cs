using RnnService.Engine.Networks;

namespace RnnService.Training.Corpora;

/// <summary>
/// Sequences in a CSV file, a row a step: the whole file is one, or a column says which a row belongs to. Features are the columns that are named, or
/// else all that hold numbers; the column of the label has one a step, or the same at every step of a sequence.
/// </summary>
internal static class NumberTable
{
    private static readonly string[] UsualLabels = ["label", "class", "target", "occupancy", "phase", "y"];

    public static NumberCorpus Read(CorpusSource source, CorpusFile file)
    {
        List<TableRow> rows = CsvRecords.Read(source, file);
        if (rows.Count == 0) return new NumberCorpus([], []);
        bool header = source.Header ?? rows[0].Cells.All(cell => NumberCell.TryRead(cell) is null);
        string[] names = header ? rows[0].Cells : [.. rows[0].Cells.Select((_, i) => $"{i}")];
        if (header) rows.RemoveAt(0);
        if (rows.Count == 0) return new NumberCorpus([], []);
        int width = rows[0].Cells.Length, ahead = width - names.Length; // R's tables number their rows in a column without a name
        if (ahead is not (0 or 1)) throw new InvalidDataException($"{file.Path}, line 1: has {names.Length} names; expected {width}, as the rows have columns");
        int? label = source.LabelColumn is { } asked ? Place(asked) : UsualLabel();
        int? sequence = source.SequenceColumn is { } by ? Place(by) : null;
        int[] features = source.Columns is { } given ? [.. given.Select(Place)] : [.. Enumerable.Range(ahead, width - ahead)
            .Where(column => column != label && column != sequence && rows.Take(100).All(row => column < row.Cells.Length && NumberCell.TryRead(row.Cells[column]) is not null))];
        if (features.Length == 0) throw new InvalidDataException($"{file.Path}: no column holds numbers; expected one or more");
        if (rows.FirstOrDefault(row => row.Cells.Length != width) is { Cells: not null } odd)
            throw new InvalidDataException($"{file.Path}, line {odd.Line.Number}: has {odd.Cells.Length} columns; expected {width}, as in the first row");

        foreach (var (column, value) in source.Where ?? new Dictionary<string, string>())
        {
            int place = Place(CorpusColumn.Parse(column));
            rows = [.. rows.Where(row => row.Cells[place] == value)];
        }

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

        return new NumberCorpus(examples, header ? [.. features.Select(column => names[column - ahead])] : []);

        int Place(CorpusColumn column)
        {
            int place = column.Name is { } name ? Array.IndexOf(names, name) + ahead : column.Number!.Value < 0 ? width + column.Number.Value : column.Number.Value;
            return place >= ahead && place < width && (column.Name is null || names.Contains(column.Name))
                ? place
                : throw new InvalidDataException($"{file.Path}: column {column} is not there; expected one of {string.Join(", ", names)}");
        }

        int? UsualLabel()
        {
            int found = UsualLabels.Select(usual => Array.FindIndex(names, name => name.Trim().Equals(usual, StringComparison.OrdinalIgnoreCase))).FirstOrDefault(place => place >= 0, -1);
            return found < 0 ? null : found + ahead;
        }
    }

    private static IEnumerable<TableRow[]> Sequences(List<TableRow> rows, int? column) => column is { } place
        ? rows.GroupBy(row => row.Cells[place]).Select(group => group.ToArray())
        : [[.. rows]];
}
