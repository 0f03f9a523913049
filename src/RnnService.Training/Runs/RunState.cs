using RnnService.Training.Evaluation;
using RnnService.Training.Recipes;

namespace RnnService.Training.Runs;

/// <summary>Where a run stands: its position in the corpus, and what its evaluations brought so far.</summary>
internal sealed class RunState(TrainingSettings settings)
{
    /// <summary>Optimizer steps made.</summary>
    public long Step { get; set; }

    /// <summary>The epoch under way.</summary>
    public int Epoch { get; set; }

    /// <summary>Steps made in it.</summary>
    public int Index { get; set; }

    /// <summary>The best validation figure so far.</summary>
    public double? Best { get; set; }

    /// <summary>The validation loss that went with it.</summary>
    public double BestLoss { get; set; }

    /// <summary>Evaluations since the best.</summary>
    public int SinceBest { get; set; }

    /// <summary>Evaluations since the best or the last fall of the learning rate.</summary>
    public int SinceFall { get; set; }

    /// <summary>How often the learning rate fell on a plateau.</summary>
    public int Plateaus { get; set; }

    /// <summary>The step whose weights are the first of an even average; null while there is none.</summary>
    public long? AverageFrom { get; set; }

    /// <summary>The figures of all evaluations, where an even average waits for them.</summary>
    public List<double> Figures { get; } = [];

    /// <summary>Seconds of training.</summary>
    public double Seconds { get; set; }

    /// <summary>Whether evaluations brought no progress for as long as the recipe allows.</summary>
    public bool HasNoPatience => settings.Patience > 0 && SinceBest >= settings.Patience;

    /// <summary>Whether there is nothing left to do.</summary>
    public bool IsOver => Epoch >= settings.Epochs || HasNoPatience;

    /// <summary>A step was made.</summary>
    /// <param name="stepsInEpoch">Steps of the epoch under way.</param>
    /// <returns>Whether the epoch is over.</returns>
    public bool Advance(int stepsInEpoch)
    {
        Step++;
        Index++;
        if (Index < stepsInEpoch) return false;
        (Epoch, Index) = (Epoch + 1, 0);
        return true;
    }

    /// <summary>Whether a score is better than the best one so far.</summary>
    public bool IsBest(ValidationScore score) => score.IsBetterThan(Best, BestLoss);

    /// <summary>An evaluation was made.</summary>
    /// <param name="score">Its score.</param>
    /// <param name="best">Whether it is the best so far.</param>
    /// <param name="isWhole">Whether the whole network is trained: patience with it begins only then.</param>
    public void Count(ValidationScore score, bool best, bool isWhole)
    {
        if (settings.AverageAfter > 0 && AverageFrom is null) ConsiderAverage(score);
        if (best)
        {
            (Best, BestLoss, SinceBest, SinceFall) = (score.Value, score.Loss, 0, 0);
            return;
        }

        if (!isWhole) return;
        SinceBest++;
        if (++SinceFall < settings.PlateauPatience || settings.Schedule != LearningRateSchedule.Plateau) return;
        Plateaus++;
        SinceFall = 0;
    }

    /// <summary>Begins the average when a figure is worse than the best of those before the last few (Merity, Keskar and Socher 2018, algorithm 1).</summary>
    private void ConsiderAverage(ValidationScore score)
    {
        int before = Figures.Count - settings.AverageAfter;
        if (before > 0)
        {
            IEnumerable<double> earlier = Figures.Take(before);
            if (score.HigherIsBetter ? score.Value < earlier.Max() : score.Value > earlier.Min()) AverageFrom = Step;
        }

        Figures.Add(score.Value);
    }
}
