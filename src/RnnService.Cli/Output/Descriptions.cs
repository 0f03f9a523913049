using RnnService.Engine.Models;
using RnnService.Engine.Text;

namespace RnnService.Cli.Output;

/// <summary>Models in words.</summary>
internal static class Descriptions
{
    /// <summary>Task, network and sizes in one line.</summary>
    public static string Of(TextModel model)
    {
        ModelConfig config = model.Config;
        string labels = config.Labels.Count > 0 ? $", {config.Labels.Count} labels" : "";
        return $"{Of(config.Task)}, {Network(config)}, {Figures.Count(model.Vocabulary.Tokens.Count)} tokens{labels}, "
            + $"{Figures.Count(model.Network.ParameterCount)} parameters";
    }

    public static string Of(ModelTask task) => task switch
    {
        ModelTask.LanguageModel => "language model",
        ModelTask.Classifier => "classifier",
        ModelTask.Tagger => "tagger",
        _ => SnakeCase.Of(task).Replace('_', ' '),
    };

    /// <summary>Cell, depth, width and directions.</summary>
    public static string Network(ModelConfig config) =>
        $"{(config.Bidirectional ? "bidirectional " : "")}{config.CellName()} {config.Layers} x {config.HiddenSize}";
}
