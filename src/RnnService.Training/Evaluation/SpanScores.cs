using RnnService.Engine.Models;

namespace RnnService.Training.Evaluation;

/// <summary>
/// Precision, recall and F1 of the spans that labels mark. A span counts as correct when start, end and type agree. Labels are joined as in
/// answers, which is as conlleval and seqeval do. Not safe for several threads.
/// </summary>
/// <param name="scheme">How labels mark spans.</param>
public sealed class SpanScores(SpanScheme scheme)
{
    private readonly SortedDictionary<string, F1Score> _byType = new(StringComparer.Ordinal);

    /// <summary>The score over all types.</summary>
    public F1Score Overall { get; private set; }

    /// <summary>The score of each type that occurs as gold or predicted, types in ordinal order.</summary>
    public IReadOnlyDictionary<string, F1Score> ByType => _byType;

    /// <summary>Counts one sentence's spans.</summary>
    /// <param name="gold">The right labels; one without a mark is outside spans.</param>
    /// <param name="predicted">The predicted labels, as many.</param>
    /// <exception cref="ArgumentException">The numbers of labels differ; nothing is counted.</exception>
    public void Add(IReadOnlyList<string> gold, IReadOnlyList<string> predicted)
    {
        if (gold.Count != predicted.Count)
            throw new ArgumentException($"{predicted.Count} predicted labels for {gold.Count} gold ones; expected as many");

        var goldSpans = Spans(gold);
        var predictedSpans = Spans(predicted);
        foreach (var span in goldSpans) Count(span.Type, new F1Score(1, 0, predictedSpans.Contains(span) ? 1 : 0));
        foreach (var span in predictedSpans) Count(span.Type, new F1Score(0, 1, 0));
    }

    /// <summary>The scores for the console, one line a type and one over all.</summary>
    internal string ToTable() => TextTable.Format(
    [
        ["span", .. TextTable.ScoreHeader],
        .. _byType.Select(entry => (string[])[entry.Key, .. TextTable.Cells(entry.Value)]),
        ["all", .. TextTable.Cells(Overall)],
    ]);

    private HashSet<(string Type, int First, int Count)> Spans(IReadOnlyList<string> labels) =>
        [.. scheme.Join(labels).Select(span => (span.Label, span.First, span.Count))];

    private void Count(string type, F1Score more)
    {
        _byType[type] = Sum(_byType.GetValueOrDefault(type), more);
        Overall = Sum(Overall, more);
    }

    private static F1Score Sum(F1Score one, F1Score other) =>
        new(one.Gold + other.Gold, one.Predicted + other.Predicted, one.Correct + other.Correct);
}
