namespace RnnService.Training.Corpora;

/// <summary>Pairs as every format makes them: those of which a side is empty are left out and counted.</summary>
internal sealed class PairList(CorpusSource source, string path, string unit, ICollection<CorpusNote>? notes)
{
    private readonly List<TextPair> _pairs = [];
    private int _empty, _firstEmpty;

    /// <summary>Takes in a pair, white space around its texts left out.</summary>
    public void Add(CorpusLine line, string sourceText, string targetText)
    {
        (string from, string to) = (sourceText.Trim(), targetText.Trim());
        if (from.Length > 0 && to.Length > 0)
            _pairs.Add(new TextPair(from, to) { Path = source.Path, Line = line.Number });
        else if (_empty++ == 0)
            _firstEmpty = line.Number;
    }

    /// <summary>All of them, what was left out noted.</summary>
    /// <exception cref="InvalidDataException">None has two sides.</exception>
    public List<TextPair> Done()
    {
        Examples.NoteEmpty(path, unit, Examples.BothSides, (_empty, _firstEmpty), notes);
        Examples.ThrowIfNone(path, $"{unit}s", Examples.BothSides, _pairs.Count, _empty);
        return _pairs;
    }
}
