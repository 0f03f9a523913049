using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;
using RnnService.Engine.Weights;

namespace RnnService.Engine.Tests;

/// <summary>Small random models of every task that reads numbers, with statistics that are not 0 and 1.</summary>
internal static class TinyNumbers
{
    public const int Features = 3;

    public static IEnumerable<NumberModel> All(CellKind cell = CellKind.Lstm, bool both = false)
    {
        foreach (Pooling pooling in Enum.GetValues<Pooling>()) yield return Model(ModelTask.Classifier, cell, both, pooling);
        yield return Model(ModelTask.Tagger, cell, both);
        yield return Model(ModelTask.Tagger, cell, both, crf: true);
        yield return Model(ModelTask.Regressor, cell, both);
        yield return Model(ModelTask.Regressor, cell, both, Pooling.Attention);
        yield return Model(ModelTask.Regressor, cell, both, eachStep: true);
        if (!both) yield return Model(ModelTask.Forecaster, cell, both);
        yield return Model(ModelTask.Transcriber, cell, both);
    }

    public static NumberModel Model(
        ModelTask task, CellKind cell = CellKind.Lstm, bool both = false, Pooling pooling = Pooling.Last, bool eachStep = false, ulong seed = 1,
        bool crf = false)
    {
        var model = NumberModel.Create(
            new ModelConfig
            {
                Task = task,
                Cell = cell,
                HiddenSize = cell == CellKind.Sum ? Features : 7,
                Layers = cell == CellKind.Sum ? 1 : 2,
                Bidirectional = both,
                Pooling = pooling,
                Crf = crf,
                Labels = task == ModelTask.Forecaster ? [] : ["one", "two"],
                Numbers = new NumbersConfig { Features = Features, Horizon = task == ModelTask.Forecaster ? 2 : 0, EachStep = eachStep },
            },
            Parameters.Random(seed));
        var network = (IMeasuredNetwork)model.Network;
        network.InputUnits.Set([0.5f, -1, 3], [2, 0.5f, 0]);
        network.OutputUnits?.Set(task == ModelTask.Forecaster ? [0.5f, -1, 3] : [10, 20], task == ModelTask.Forecaster ? [2, 0.5f, 0] : [3, 4]);
        return Tiny.WithScores(model);
    }

    /// <summary>Sequences of these lengths.</summary>
    public static NumberSequence[] Draw(ulong seed, params int[] lengths) =>
        [.. lengths.Select((steps, i) => new NumberSequence(Tests.Draw.Normal(seed + (ulong)i, steps * Features), Features))];
}
