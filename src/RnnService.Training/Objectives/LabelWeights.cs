using RnnService.Engine.Text;
using RnnService.Training.Recipes;

namespace RnnService.Training.Objectives;

/// <summary>What the labels of a training corpus count in the loss.</summary>
internal static class LabelWeights
{
    /// <summary>The weight of each label, in id order; empty where all count 1.</summary>
    /// <param name="settings">How.</param>
    /// <param name="labels">The labels' names.</param>
    /// <param name="counts">How many training examples have each.</param>
    /// <param name="examples">Training examples: texts or words.</param>
    /// <param name="several">Whether an example may have several labels.</param>
    /// <exception cref="RecipeException">A weight is given for what is no label.</exception>
    public static float[] Of(TrainingSettings settings, IReadOnlyList<string> labels, IReadOnlyList<int> counts, long examples, bool several)
    {
        string? strange = settings.LabelWeights?.Keys.FirstOrDefault(name => !labels.Contains(name));
        if (strange is not null)
            throw new RecipeException($"training.label_weights.{strange} is no label; expected {Listing.Of([.. labels.Select(Listing.Quote)])}");
        if (!settings.WeighsLabels) return [];
        return [.. labels.Select((label, id) =>
        {
            // Of a label without an example, or of one that every text has, there is nothing to balance.
            double balanced = settings.ClassWeights == ClassWeighting.None || counts[id] == 0 ? 1
                : several ? Math.Max(1, examples - counts[id]) / (double)counts[id] : examples / ((double)labels.Count * counts[id]);
            return (float)(balanced * (settings.LabelWeights?.GetValueOrDefault(label, 1) ?? 1));
        })];
    }
}
