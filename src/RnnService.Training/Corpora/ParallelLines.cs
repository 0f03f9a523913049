namespace RnnService.Training.Corpora;

/// <summary>Two files of as many lines, which belong together line by line.</summary>
internal static class ParallelLines
{
    /// <exception cref="InvalidDataException">The files have different numbers of lines.</exception>
    public static List<TextPair> Read(CorpusSource source, CorpusFile sources, CorpusFile targets, ICollection<CorpusNote>? notes)
    {
        CorpusLine[] from = [.. sources.Lines], to = [.. targets.Lines];
        if (from.Length != to.Length)
        {
            throw new InvalidDataException(
                $"{targets.Path} has {to.Length} lines and {sources.Path} {from.Length}; expected as many: a line of one is the translation of the same line of the other");
        }

        var pairs = new PairList(source, source.Path, "line", notes);
        for (int i = 0; i < from.Length; i++) pairs.Add(from[i], from[i].Text, to[i].Text);
        return pairs.Done();
    }
}
