using System.Globalization;
using RnnService.Engine.Models;
using RnnService.Engine.Text;
using RnnService.Training.Corpora;
using RnnService.Training.Recipes;

namespace RnnService.Cli.Output;

/// <summary>Models in words.</summary>
internal static class Descriptions
{
    /// <summary>Task, network and sizes in one line.</summary>
    public static string Of(Model model)
    {
        ModelConfig config = model.Config;
        string reads = model is TextModel { Vocabulary.Tokens.Count: var tokens } ? $"{Figures.Count(tokens)} tokens" : $"{config.Numbers!.Features} numbers a step";
        string labels = config.Labels.Count > 0 ? $", {config.Labels.Count} labels" : "";
        return $"{Of(config.Task)}, {Network(config)}, {reads}{labels}, "
            + $"{Figures.Count(model.Network.ParameterCount)} parameters";
    }

    /// <summary>How long and how a recipe trains, in one line.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="madeFor">The corpora that its sizes and epochs were chosen for; null where a recipe was given.</param>
    public static string OfTraining(Recipe recipe, CorpusReport? madeFor)
    {
        TrainingSettings training = recipe.Training;
        string chosen = madeFor is null ? ""
            : $"chosen for {(recipe.Model.Task == ModelTask.LanguageModel ? $"{Figures.Count(madeFor.Train.Tokens)} tokens" : $"{Figures.Count(madeFor.Train.Texts)} {madeFor.Unit}")}: ";
        string patience = training.Patience > 0 ? $", fewer after {training.Patience} evaluations without progress" : "";
        return $"training: {chosen}{(madeFor is null ? "" : $"{Network(recipe.Model)}, ")}"
            + string.Create(CultureInfo.InvariantCulture, $"{training.Epochs} epoch{(training.Epochs == 1 ? "" : "s")} in batches of {training.BatchSize}, learning rate {training.LearningRate:0.######}{patience}")
            + (madeFor is null ? "" : "; rnn tune tries others");
    }

    public static string Of(ModelTask task) => SnakeCase.Of(task).Replace('_', ' ');

    /// <summary>Cell, depth, width and directions; of a translator those of both halves.</summary>
    public static string Network(ModelConfig config)
    {
        string encoder = $"{(config.Bidirectional ? "bidirectional " : "")}{config.CellName()} {config.Layers} x {config.HiddenSize}";
        return config.Decoder is { } decoder
            ? $"{encoder}, attention {SnakeCase.Of(decoder.Attention)}, decoder {config.CellName()} {decoder.Layers} x {decoder.HiddenSize ?? config.HiddenSize}"
            : encoder;
    }
}
