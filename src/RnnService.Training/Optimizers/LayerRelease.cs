using System.Globalization;
using RnnService.Engine.Models;
using RnnService.Engine.Weights;
using RnnService.Training.Recipes;

namespace RnnService.Training.Optimizers;

/// <summary>
/// Which parts of a network are trained when, and how fast: gradual unfreezing and rates by layer (Howard and Ruder 2018). Parts are counted from the head
/// downwards: 0 the head with all that stands above the encoder, then the encoder's layers from the top, and last what they read. Where there is a base the
/// encoder belongs to the head, since both are new, and the layers are the base's.
/// </summary>
internal sealed class LayerRelease(TrainingSettings settings, ModelConfig config)
{
    private readonly string _stack = config.Base is not null ? "base." : config.Task == ModelTask.Translator ? "encoder." : "rnn.";

    private readonly int _layers = config.Base?.Layers ?? config.Layers;

    /// <summary>How many parts below the head are trained in an epoch.</summary>
    public int DepthIn(int epoch) => settings.Release == 0 ? int.MaxValue : epoch / settings.Release;

    /// <summary>Whether everything is trained in an epoch.</summary>
    public bool IsComplete(int epoch) => DepthIn(epoch) > _layers;

    /// <summary>The epoch from which on a parameter is trained.</summary>
    public long FirstEpochOf(Parameter parameter) => settings.Release == 0 ? 0 : (long)settings.Release * PartOf(parameter.Name);

    /// <summary>A parameter's rate as a share of the head's.</summary>
    public double ShareOf(Parameter parameter) => settings.LayerDecay == 1 ? 1 : Math.Pow(settings.LayerDecay, -PartOf(parameter.Name));

    /// <summary>The part that a parameter belongs to, by its name.</summary>
    internal int PartOf(string name)
    {
        if (name.StartsWith("embedding.", StringComparison.Ordinal) || name.StartsWith("characters.", StringComparison.Ordinal)) return _layers + 1;
        if (!name.StartsWith(_stack, StringComparison.Ordinal)) return 0;
        string layer = name.Replace("_reverse", "", StringComparison.Ordinal);
        return _layers - int.Parse(layer[(layer.LastIndexOf("_l", StringComparison.Ordinal) + 2)..], CultureInfo.InvariantCulture);
    }
}
