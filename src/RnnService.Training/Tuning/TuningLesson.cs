namespace RnnService.Training.Tuning;

/// <summary>What a setting did to the scores of a search's first, short trainings.</summary>
/// <param name="Setting">Its path.</param>
/// <param name="Share">
/// The share of the scores' variance that goes with it, ω² of a one-way analysis of variance (Hays 1963): above 0 only where values differ more than trials of
/// the same value do.
/// </param>
/// <param name="Best">The value with the best mean.</param>
/// <param name="BestMean">That mean.</param>
/// <param name="Worst">The value with the worst mean.</param>
/// <param name="WorstMean">That mean.</param>
/// <param name="Trials">Trials that this was seen in.</param>
public sealed record TuningLesson(string Setting, double Share, string Best, double BestMean, string Worst, double WorstMean, int Trials)
{
    /// <summary>The lessons of a search, the largest share first.</summary>
    internal static IReadOnlyList<TuningLesson> Of(TuningSpace space, IEnumerable<TuningTrial> trials)
    {
        TuningTrial[] first = [.. trials.Where(trial => trial is { Level: 0, Score: not null })];
        return [.. space.Dimensions.Select(dimension => Of(dimension, first)).OfType<TuningLesson>().OrderByDescending(lesson => lesson.Share)];
    }

    private static TuningLesson? Of(TuningDimension dimension, TuningTrial[] trials)
    {
        // A value that was tried once tells nothing of what differs beside it.
        var groups = trials.GroupBy(trial => dimension.ValueIn(trial.Settings), trial => trial.Score!.Value)
            .Where(group => group.Count() > 1).Select(group => (Value: group.Key, Scores: group.ToArray())).ToArray();
        if (groups.Length < 2) return null;
        double[] all = [.. groups.SelectMany(group => group.Scores)];
        double mean = all.Average(), total = all.Sum(score => Math.Pow(score - mean, 2));
        double between = groups.Sum(group => group.Scores.Length * Math.Pow(group.Scores.Average() - mean, 2));
        double within = (total - between) / Math.Max(1, all.Length - groups.Length);
        double share = total > 0 ? (between - ((groups.Length - 1) * within)) / (total + within) : 0;
        if (share <= 0) return null;
        bool higher = trials[0].Score!.HigherIsBetter;
        var byMean = groups.OrderBy(group => higher ? -group.Scores.Average() : group.Scores.Average()).ToArray();
        return new TuningLesson(
            dimension.Setting, share, byMean[0].Value, byMean[0].Scores.Average(), byMean[^1].Value, byMean[^1].Scores.Average(), all.Length);
    }
}
