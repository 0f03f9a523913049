using RnnService.Engine.Tasks;
using RnnService.Training.Recipes;

namespace RnnService.Training.Objectives;

/// <summary>Labels of a corpus as places in a model's list.</summary>
internal static class LabelIds
{
    /// <summary>The configuration with its own labels, or where it names none with those of the training corpus in ordinal order.</summary>
    public static ModelConfig Complete(ModelConfig config, IEnumerable<string> found) => config.Labels.Count > 0
        ? config
        : config with { Labels = [.. found.Distinct().Order(StringComparer.Ordinal)] };

    /// <summary>The label's place.</summary>
    /// <exception cref="RecipeException">The model does not have the label.</exception>
    public static int Of(ModelConfig config, string label, string part)
    {
        for (int i = 0; i < config.Labels.Count; i++)
        {
            if (config.Labels[i] == label) return i;
        }

        throw new RecipeException($"the {part} corpus has the label \"{label}\": one of {string.Join(", ", config.Labels)} wanted");
    }
}
