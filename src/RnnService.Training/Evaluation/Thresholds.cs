namespace RnnService.Training.Evaluation;

/// <summary>Chooses the probabilities from which labels are given, on examples that the network was not trained on. Thread-safe.</summary>
internal static class Thresholds
{
    /// <summary>
    /// The threshold with the best F1 of one label; on a tie the highest. It is half-way between the two probabilities that it parts. Null where no
    /// text has the label.
    /// </summary>
    /// <param name="answers">Of each text the label's probability, and whether the text has it.</param>
    public static float? BestF1(IEnumerable<(float Probability, bool IsRight)> answers)
    {
        (float Probability, bool IsRight)[] falling = [.. answers.OrderByDescending(answer => answer.Probability)];
        long gold = falling.LongCount(answer => answer.IsRight), correct = 0;
        if (gold == 0) return null;
        double best = 0;
        float threshold = 1;
        for (int i = 0; i < falling.Length; i++)
        {
            if (falling[i].IsRight) correct++;
            float next = i + 1 < falling.Length ? falling[i + 1].Probability : 0;
            if (next == falling[i].Probability && i + 1 < falling.Length) continue; // nothing parts equal ones
            double f1 = new F1Score(gold, i + 1, correct).F1;
            if (f1 > best) (best, threshold) = (f1, Between(next, falling[i].Probability));
        }

        return threshold;
    }

    /// <summary>
    /// The threshold that is right most often, where texts of none of the labels are to be below it (Larson et al. 2019, An Evaluation Dataset for Intent
    /// Classification and Out-of-Scope Prediction, "oos-threshold"); on a tie the lowest.
    /// </summary>
    /// <param name="answers">
    /// Of each text the best label's probability, whether that label is right, and whether the text has none of the labels.
    /// </param>
    public static float BestAccuracy(IEnumerable<(float Probability, bool IsRight, bool HasNone)> answers)
    {
        (float Probability, bool IsRight, bool HasNone)[] rising = [.. answers.OrderBy(answer => answer.Probability)];
        long right = rising.LongCount(answer => answer.IsRight && !answer.HasNone), best = right;
        float threshold = 0;
        for (int i = 0; i < rising.Length; i++)
        {
            // The threshold moves above this one.
            right += rising[i].HasNone ? 1 : rising[i].IsRight ? -1 : 0;
            float next = i + 1 < rising.Length ? rising[i + 1].Probability : 1;
            if (next == rising[i].Probability || right <= best) continue;
            (best, threshold) = (right, Between(rising[i].Probability, next));
        }

        return threshold;
    }

    // Above the lower one, whatever is rounded: it is given from the threshold on.
    private static float Between(float lower, float upper)
    {
        float middle = lower + (upper - lower) / 2;
        return middle > lower ? middle : upper;
    }
}
