using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Training.Recipes;

namespace RnnService.Training.Objectives;

/// <summary>
/// Refuses runs that would run out of memory halfway. The need is estimated before anything is allocated.
/// </summary>
internal static class MemoryEstimate
{
    private static long There => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;

    /// <summary>Checks the weights of a model, their gradients and the optimizer's state.</summary>
    /// <exception cref="RecipeException">This machine does not hold them.</exception>
    public static void CheckWeights(Recipe recipe, long weights)
    {
        TrainingSettings settings = recipe.Training;
        long copies = settings.Shards + (settings.Optimizer == OptimizerKind.Adam ? 2 : 1) + (settings.AverageDecay > 0 ? 1 : 0) + 1 + (recipe.From is null ? 0 : 1);
        double bytes = (double)sizeof(float) * weights * copies;
        if (bytes <= There) return;
        throw new RecipeException(FormattableString.Invariant(
            $"training.shards is {settings.Shards} and the model has {weights:N0} weights: {copies:N0} copies of them take ")
            + FormattableString.Invariant($"{bytes / 1e9:N1} GB, this machine has {There / 1e9:N1}; expected fewer shards or a smaller model"));
    }

    /// <summary>Checks what a step keeps for backward: of every token the input, gates and states of each layer, and the logits.</summary>
    /// <exception cref="RecipeException">This machine does not hold it.</exception>
    public static void CheckStep(Recipe recipe, Objective objective)
    {
        ModelConfig model = recipe.Model;
        long tokens = objective.MostTokens;
        int outputs = model.Task switch // logits of a token
        {
            ModelTask.LanguageModel when recipe.Training.SampledTokens is > 0 and var sampled => Math.Min(sampled, ((TextModel)objective.Model).Vocabulary.Tokens.Count),
            ModelTask.LanguageModel => ((TextModel)objective.Model).Vocabulary.Tokens.Count,
            ModelTask.Translator => ((Translator)objective.Model).TargetTokenizer.Vocabulary.Count,
            ModelTask.Tagger => objective.Model.Config.NetworkLabels.Count,
            _ => 0,
        };
        long gates = model.Cell switch { CellKind.Lstm => 4, CellKind.Gru or CellKind.GruBefore => 3, _ => 1 };
        long perToken = (objective.Model.Config.Numbers?.Features ?? model.EmbeddingSize) + ((model.Bidirectional ? 2L : 1) * model.Layers * (gates + 2) * model.HiddenSize)
            + (model.Base is { } under ? under.Layers * (gates + 2) * under.HiddenSize + model.EmbeddingSize : 0) + outputs;
        double bytes = (double)sizeof(float) * perToken * tokens;
        if (bytes <= There) return;
        string unroll = model.Task == ModelTask.LanguageModel
            ? FormattableString.Invariant($" and training.unroll_steps {recipe.Training.UnrollSteps}") : "";
        throw new RecipeException(FormattableString.Invariant(
            $"training.batch_size is {recipe.Training.BatchSize}{unroll}: a step of {tokens:N0} tokens takes {bytes / 1e9:N1} GB, ")
            + FormattableString.Invariant($"this machine has {There / 1e9:N1}; expected fewer or a smaller model"));
    }
}
