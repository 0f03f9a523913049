using RnnService.Engine.Models;
using RnnService.Engine.Text;

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
