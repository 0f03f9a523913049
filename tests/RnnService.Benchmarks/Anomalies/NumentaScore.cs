namespace RnnService.Benchmarks.Anomalies;

/// <summary>What a stream's detector said, and where its anomalies are.</summary>
/// <param name="Scores">One a record, higher where it seems more unusual.</param>
/// <param name="Windows">First and last record of every window, in order.</param>
internal sealed record ScoredStream(double[] Scores, (int First, int Last)[] Windows);

/// <summary>What detections are worth.</summary>
/// <param name="Hit">The earliest detection within a window, at its very beginning.</param>
/// <param name="FalseAlarm">A detection outside of windows, the most it costs.</param>
/// <param name="Miss">A window without a detection.</param>
internal sealed record NumentaProfile(double Hit, double FalseAlarm, double Miss)
{
    /// <summary>The benchmark's standard profile.</summary>
    public static NumentaProfile Standard { get; } = new(1, 0.11, 1);

    /// <summary>False alarms cost twice as much.</summary>
    public static NumentaProfile FewFalseAlarms { get; } = new(1, 0.22, 1);

    /// <summary>Misses cost twice as much.</summary>
    public static NumentaProfile FewMisses { get; } = new(1, 0.11, 2);
}

/// <summary>
/// The score of the Numenta Anomaly Benchmark (Lavin and Ahmad 2015, Evaluating real-time anomaly detection algorithms): of each window the earliest
/// detection counts, the more the earlier it is; every detection outside costs, the less the sooner it follows a window; the first 15 % of a stream, 750
/// records at the most, do not count. The sum of all streams lies between that of a detector that never says anything, 0, and of a perfect one, 100. One
/// threshold holds for all streams.
/// </summary>
internal static class NumentaScore
{
    private const double Probation = 0.15, MostRecords = 5000, Far = 3;

    /// <summary>How many records at the beginning do not count.</summary>
    public static int ProbationOf(int records) => (int)Math.Min(Math.Floor(Probation * records), Probation * MostRecords);

    /// <summary>2 σ(−5 y) − 1 of a place relative to a window: −1 its first record, 0 just behind its last; −1 from three widths behind it on.</summary>
    public static double Worth(double place) => place >= Far ? -1 : 2 / (1 + Math.Exp(5 * place)) - 1;

    /// <summary>The best score that one threshold gives, and the highest threshold that gives it: records that score as much or more are detections.</summary>
    public static (double Score, double Threshold) Best(IReadOnlyList<ScoredStream> streams, NumentaProfile profile)
    {
        List<Detection> records = [.. streams.SelectMany((stream, i) => Records(stream, i, profile)).OrderByDescending(record => record.Score)];
        var (windows, nothing) = Windows(records, profile);
        double sum = nothing, best = nothing, threshold = double.PositiveInfinity;
        for (int i = 0; i < records.Count; i++)
        {
            sum += Gain(records[i], windows);
            bool isLastOfItsScore = i + 1 == records.Count || records[i + 1].Score != records[i].Score;
            if (isLastOfItsScore && sum > best) (best, threshold) = (sum, records[i].Score);
        }

        return (Normalised(best, windows.Count, profile), threshold);
    }

    /// <summary>The score that a threshold gives.</summary>
    public static double At(IReadOnlyList<ScoredStream> streams, double threshold, NumentaProfile profile)
    {
        List<Detection> records = [.. streams.SelectMany((stream, i) => Records(stream, i, profile))];
        var (windows, sum) = Windows(records, profile);
        foreach (Detection record in records.Where(record => record.Score >= threshold)) sum += Gain(record, windows);
        return Normalised(sum, windows.Count, profile);
    }

    // What each window has so far, and what saying nothing at all gives.
    private static (Dictionary<(int Stream, int Window), double> Windows, double Nothing) Windows(List<Detection> records, NumentaProfile profile)
    {
        var windows = records.Where(record => record.Window is not null).Select(record => (record.Stream, record.Window!.Value)).Distinct().ToDictionary(key => key, _ => -profile.Miss);
        return (windows, -profile.Miss * windows.Count);
    }

    private static double Gain(Detection record, Dictionary<(int Stream, int Window), double> windows)
    {
        if (record.Window is not { } window) return record.Worth;
        double before = windows[(record.Stream, window)];
        if (record.Worth <= before) return 0;
        windows[(record.Stream, window)] = record.Worth;
        return record.Worth - before;
    }

    private static double Normalised(double sum, int windows, NumentaProfile profile) =>
        windows == 0 ? 0 : 100 * (sum + profile.Miss * windows) / ((profile.Hit + profile.Miss) * windows);

    private static IEnumerable<Detection> Records(ScoredStream stream, int number, NumentaProfile profile)
    {
        int next = 0; // the window that ends at this record or later
        for (int i = 0; i < stream.Scores.Length; i++)
        {
            while (next < stream.Windows.Length && stream.Windows[next].Last < i) next++;
            if (i < ProbationOf(stream.Scores.Length)) continue;
            if (next < stream.Windows.Length && stream.Windows[next].First <= i)
            {
                var (first, last) = stream.Windows[next];
                yield return new Detection(stream.Scores[i], profile.Hit * Worth(-(last - i + 1.0) / (last - first + 1)) / Worth(-1), number, next);
                continue;
            }

            double behind = Far;
            if (next > 0)
            {
                var (first, last) = stream.Windows[next - 1];
                behind = (double)(i - last) / Math.Max(1, last - first);
            }

            yield return new Detection(stream.Scores[i], profile.FalseAlarm * Worth(behind), number, null);
        }
    }

    /// <summary>What a record is worth if it is detected.</summary>
    private readonly record struct Detection(double Score, double Worth, int Stream, int? Window);
}
