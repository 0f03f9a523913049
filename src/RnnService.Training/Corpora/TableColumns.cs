using RnnService.Engine.Text;

namespace RnnService.Training.Corpora;

/// <summary>Finds the columns of a table that settings ask for, by number or name.</summary>
/// <param name="names">The columns' names; null where they have none.</param>
/// <param name="count">How many there are.</param>
internal sealed class TableColumns(string[]? names, int count)
{
    /// <summary>The place of a column.</summary>
    /// <param name="line">Where the table begins, for messages.</param>
    /// <param name="column">The column.</param>
    /// <param name="setting">The setting that asks for it.</param>
    public int PlaceOf(CorpusLine line, CorpusColumn column, string setting)
    {
        if (column.Number is { } number) return line.Place(number, count, setting);
        int place = names is null ? -1 : ColumnNames.Find(names, column.Name!);
        return place >= 0
            ? place
            : throw line.Error($"{setting} is \"{column.Name}\"; expected one of {Listing.Of([.. (names ?? []).Where(name => name.Length > 0).Select(Listing.Quote)])}");
    }

    /// <summary>Tells which rows a source keeps; null where it keeps all.</summary>
    public Func<string[], bool>? Kept(CorpusLine line, CorpusSource source)
    {
        if (source.Where is not { } where) return null;
        var conditions = where.Select(condition => (Place: PlaceOf(line, CorpusColumn.Parse(condition.Key), "where"), condition.Value)).ToArray();
        return cells => conditions.All(condition => cells[condition.Place] == condition.Value);
    }
}
