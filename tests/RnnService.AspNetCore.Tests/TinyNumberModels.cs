using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;
using RnnService.Engine.Weights;

namespace RnnService.AspNetCore.Tests;

/// <summary>A model of every task that reads numbers, of a few units with random weights, in a folder of their own.</summary>
public sealed class TinyNumberModels : IDisposable
{
    /// <summary>Sound as <c>digits</c> hears it: a step every 20 ms.</summary>
    public static readonly AudioConfig Audio = new() { MelBands = 6, Deltas = false, Stack = 2 };

    public TinyNumberModels()
    {
        Path = Directory.CreateTempSubdirectory("rnn-numbers-").FullName;
        Save("gestures", Config(ModelTask.Classifier, 3, "left", "right", "none"));
        Save("phases", Config(ModelTask.Tagger, 2, "rest", "move"));
        Save("level", Config(ModelTask.Regressor, 2, "litres", "degrees"));
        Save("load", Config(ModelTask.Forecaster, 2) with { Numbers = new NumbersConfig { Features = 2, Horizon = 3 } });
        Save("digits", Config(ModelTask.Transcriber, 12, "0", "1", "2") with { Numbers = new NumbersConfig { Features = 12, Audio = Audio } });
        Save("backwards", Config(ModelTask.Tagger, 2, "rest", "move") with { Bidirectional = true });
    }

    public string Path { get; }

    public NumberModel Load(string name) => (NumberModel)ModelFolder.Load(System.IO.Path.Combine(Path, name)).Model;

    /// <summary>A sequence whose numbers a JSON text holds exactly.</summary>
    public static NumberSequence Draw(int seed, int steps, int features)
    {
        var random = new Random(seed);
        return new NumberSequence((float[])[.. Enumerable.Range(0, steps * features).Select(_ => random.Next(-512, 512) / 256f)], features);
    }

    /// <summary>The steps as JSON.</summary>
    public static string Json(NumberSequence sequence) =>
        "[" + string.Join(",", sequence.Values.ToArray().Chunk(sequence.Features).Select(step =>
            "[" + string.Join(",", step.Select(value => value.ToString(System.Globalization.CultureInfo.InvariantCulture))) + "]")) + "]";

    public void Dispose() => Directory.Delete(Path, recursive: true);

    private void Save(string name, ModelConfig config) => ModelFolder.Save(
        System.IO.Path.Combine(Path, name), NumberModel.Create(config, Parameters.Random((ulong)name.Length)), Json(Draw(1, 4, config.Numbers!.Features)));

    private static ModelConfig Config(ModelTask task, int features, params string[] labels) => new()
    {
        Task = task,
        Cell = CellKind.Gru,
        HiddenSize = 5,
        Layers = 2,
        Labels = labels,
        Numbers = new NumbersConfig { Features = features },
    };
}
