namespace RnnService.Training.Corpora;

/// <summary>A line of a corpus and where it stands, for errors.</summary>
internal readonly record struct CorpusLine(string Path, int Number, string Text)
{
    public bool IsBlank => Text.AsSpan().Trim(" \t").IsEmpty;

    public InvalidDataException Error(string message) => new($"{Path}, line {Number}: {message}");

    /// <summary>The place of a column that may be counted from the end.</summary>
    public int Place(int column, int count, string name)
    {
        int place = column < 0 ? count + column : column;
        return place >= 0 && place < count
            ? place
            : throw Error($"{count} {(count == 1 ? "column" : "columns")}, but {name} is {column}");
    }

    /// <summary>The label's name in the source.</summary>
    public string NameOf(string raw, CorpusSource source) =>
        source.NameOf(raw)
        ?? throw Error($"\"{raw}\" has no name in label_names: wanted one of {string.Join(", ", source.LabelNames!.Keys)}");
}
