using RnnService.Engine.Text;

namespace RnnService.Training.Corpora;

/// <summary>A line of a corpus, or a record that begins in it, and where it stands, for errors.</summary>
internal readonly record struct CorpusLine(string Path, int Number, string Text)
{
    public bool IsBlank => Text.AsSpan().Trim(" \t").IsEmpty;

    /// <summary>" (a no-break space is found, which separates nothing)" where there is one, else nothing.</summary>
    public string OddSpaces => Text.AsSpan().IndexOfAny('\u00A0', '\u3000', '\u202F') is >= 0 and var at
        ? $"; the space at character {at + 1} is U+{(int)Text[at]:X4}, which separates no columns"
        : "";

    public InvalidDataException Error(string message) => new($"{Path}, line {Number}: {message}");

    public CorpusException Error(string message, params IReadOnlyList<CorpusSetting> suggestions) =>
        new(new CorpusNote($"{Path}, line {Number}: {message}", suggestions));

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
        ?? throw Error($"{Listing.Quote(raw)} has no name in label_names: expected one of {Listing.Of([.. source.LabelNames!.Keys])}");
}
