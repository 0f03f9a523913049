namespace RnnService.Training.Evaluation;

/// <summary>
/// Precision, recall and F1 of the spans that BIO tags mark. A span counts as correct when start, end and type agree. As in conlleval,
/// I-X starts a span where none of type X is open: after O, after another type, and at the beginning. Not safe for several threads.
/// </summary>
public sealed class SpanScores
{
    private readonly SortedDictionary<string, F1Score> _byType = new(StringComparer.Ordinal);

    /// <summary>The score over all types.</summary>
    public F1Score Overall { get; private set; }

    /// <summary>The score of each type that occurs as gold or predicted, types in ordinal order.</summary>
    public IReadOnlyDictionary<string, F1Score> ByType => _byType;

    /// <summary>Counts one sentence's spans.</summary>
    /// <param name="gold">The right tags: O, B-TYPE or I-TYPE.</param>
    /// <param name="predicted">The predicted tags, as many.</param>
    /// <exception cref="ArgumentException">The numbers of tags differ, or a tag is not BIO; nothing is counted.</exception>
    public void Add(IReadOnlyList<string> gold, IReadOnlyList<string> predicted)
    {
        if (gold.Count != predicted.Count)
            throw new ArgumentException($"{predicted.Count} predicted tags for {gold.Count} gold ones: wanted as many");

        var goldSpans = Spans(gold);
        var predictedSpans = Spans(predicted);
        foreach (var span in goldSpans) Count(span.Type, new F1Score(1, 0, predictedSpans.Contains(span) ? 1 : 0));
        foreach (var span in predictedSpans) Count(span.Type, new F1Score(0, 1, 0));
    }

    /// <summary>The scores for the console, one line a type and one over all.</summary>
    public string ToTable() => TextTable.Format(
    [
        ["span", .. TextTable.ScoreHeader],
        .. _byType.Select(entry => (string[])[entry.Key, .. TextTable.Cells(entry.Value)]),
        ["all", .. TextTable.Cells(Overall)],
    ]);

    private static HashSet<(string Type, int Start, int End)> Spans(IReadOnlyList<string> tags)
    {
        var spans = new HashSet<(string, int, int)>();
        string? open = null;
        int start = 0;
        for (int at = 0; at < tags.Count; at++)
        {
            string? type = TypeOf(tags, at);
            if (open is not null && (type != open || tags[at][0] == 'B'))
            {
                spans.Add((open, start, at));
                open = null;
            }

            if (open is null) (open, start) = (type, at);
        }

        if (open is not null) spans.Add((open, start, tags.Count));
        return spans;
    }

    private static string? TypeOf(IReadOnlyList<string> tags, int at) => tags[at] switch
    {
        "O" => null,
        ['B' or 'I', '-', _, ..] => tags[at][2..],
        _ => throw new ArgumentException($"tag \"{tags[at]}\" of word {at} is not BIO: wanted O, B-TYPE or I-TYPE"),
    };

    private void Count(string type, F1Score more)
    {
        _byType[type] = Sum(_byType.GetValueOrDefault(type), more);
        Overall = Sum(Overall, more);
    }

    private static F1Score Sum(F1Score one, F1Score other) =>
        new(one.Gold + other.Gold, one.Predicted + other.Predicted, one.Correct + other.Correct);
}
