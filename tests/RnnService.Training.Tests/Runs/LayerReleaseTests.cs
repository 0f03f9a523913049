using RnnService.Engine.Models;
using RnnService.Engine.Weights;
using RnnService.Training.Objectives;
using RnnService.Training.Optimizers;
using RnnService.Training.Recipes;
using RnnService.Training.Runs;
using Xunit;

namespace RnnService.Training.Tests.Runs;

/// <summary>Networks whose parts are trained one after the other, and at rates of their own.</summary>
public sealed class LayerReleaseTests : IDisposable
{
    private static readonly string[] Deep = ["model.layers=2", "training.release=2", "training.epochs=8", "training.layer_decay=2.6"];

    private const string OnBase = """model.base={"layers":2,"hidden_size":9}""";

    private readonly ScratchFolder _folder = new();

    public static TheoryDataOfTasks Tasks => TinyRecipes.Tasks;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("classifier", "head.weight", 0)]
    [InlineData("classifier", "attention.weight", 0)]
    [InlineData("classifier", "rnn.weight_ih_l1_reverse", 1)]
    [InlineData("classifier", "rnn.bias_hh_l0", 2)]
    [InlineData("classifier", "embedding.weight", 3)]
    [InlineData("tagger", "characters.rnn.weight_hh_l0", 3)]
    [InlineData("translator", "decoder.weight_ih_l0", 0)]
    [InlineData("translator", "attention.combine.weight", 0)]
    [InlineData("translator", "encoder.weight_ih_l1", 1)]
    public void Parts_are_counted_from_the_head_downwards(string task, string name, int part)
    {
        Recipe recipe = TinyRecipes.Write(_folder, task, "model.layers=2");
        Assert.Equal(part, new LayerRelease(recipe.Training, recipe.Model).PartOf(name));
    }

    /// <summary>What stands on a base is new, and belongs to the head.</summary>
    [Theory]
    [InlineData("head.weight", 0)]
    [InlineData("rnn.weight_ih_l0_reverse", 0)]
    [InlineData("base.weight_hh_l1", 1)]
    [InlineData("base.bias_ih_l0", 2)]
    [InlineData("embedding.weight", 3)]
    public void The_layers_of_a_base_are_parts(string name, int part)
    {
        Recipe recipe = TinyRecipes.Write(_folder, "classifier", OnBase);
        Assert.Equal(part, new LayerRelease(recipe.Training, recipe.Model).PartOf(name));
        var release = new LayerRelease(recipe.Training with { Release = 2 }, recipe.Model);
        Assert.Equal((false, true), (release.IsComplete(5), release.IsComplete(6)));
    }

    [Theory]
    [MemberData(nameof(Tasks))]
    public void A_part_keeps_its_bits_until_it_is_released(string task) => CheckParts(task);

    [Fact]
    public void A_part_of_a_base_keeps_its_bits_until_it_is_released() => CheckParts("classifier", OnBase);

    private void CheckParts(string task, params string[] settings)
    {
        Recipe recipe = TinyRecipes.Write(_folder, task, [.. Deep, "training.weight_decay=0.01", .. settings]);
        Objective objective = Objective.Create(recipe, _folder[""]);
        var release = new LayerRelease(recipe.Training, recipe.Model);
        float[][] start = [.. objective.Model.Parameters.All.Select(parameter => parameter.Values.ToArray())];
        var moved = new Dictionary<int, int>(); // of each part, the epochs that had begun when it first moved
        new Trainer(recipe, () => objective, new MemoryStore()).Run(new OnProgress(progress =>
        {
            foreach (Parameter parameter in objective.Model.Parameters.All)
            {
                if (!parameter.Values.SequenceEqual(start[parameter.Index])) moved.TryAdd(release.PartOf(parameter.Name), (int)Math.Ceiling(progress.Epoch));
            }
        }), Cancellation);
        Assert.Equal([(0, 1), (1, 3), (2, 5), (3, 7)], moved.OrderBy(part => part.Key).Select(part => (part.Key, part.Value)));
    }

    [Fact]
    public void Learnt_pooling_is_trained_with_the_head() =>
        Stopping_changes_no_bit_and_neither_does_computing_the_frozen_part_each_time("classifier", "model.pooling=attention");

    [Theory]
    [MemberData(nameof(Tasks))]
    public void Stopping_changes_no_bit_and_neither_does_computing_the_frozen_part_each_time(string task, params string[] more)
    {
        Recipe recipe = TinyRecipes.Write(_folder, task, [.. Deep, "training.average_decay=0.9", .. more]);
        var straight = new Trainer(recipe, Folders("straight"));
        straight.Run(cancellationToken: Cancellation);
        int stops = StoppedRun.Finish(recipe, Folders("stopped"), steps: 11) - 1;
        Assert.True(stops > 2, $"only {stops} stops");

        byte[] wanted = File.ReadAllBytes(_folder["straight/model.safetensors"]);
        Assert.Equal(wanted, File.ReadAllBytes(_folder["stopped/model.safetensors"]));

        foreach (long bytes in (long[])[0, 1000])
        {
            Objective objective = Objective.Create(recipe, _folder[""]);
            if (objective is ExampleObjective examples) examples.MostFeatureBytes = bytes;
            new Trainer(recipe, () => objective, new MemoryStore()).Run(cancellationToken: Cancellation);
            Assert.Equal(Bits(straight.Model), Bits(objective.Model));
        }
    }

    [Fact]
    public void Rates_fall_by_the_same_factor_from_part_to_part()
    {
        float[][][] runs = [.. ((string[])["1", "4"]).Select(decay =>
        {
            Recipe recipe = TinyRecipes.Write(
                _folder, "tagger", "model.layers=2", "training.momentum=0", "training.clip_norm=0", "training.average_decay=0", "training.learning_rate=0.5",
                $"training.layer_decay={decay}");
            Objective objective = Objective.Create(recipe, _folder[""]);
            float[][] start = [.. objective.Model.Parameters.All.Select(parameter => parameter.Values.ToArray())];
            using var stop = new CancellationTokenSource();
            new Trainer(recipe, () => objective, new MemoryStore()).Run(new OnProgress(_ => stop.Cancel()), stop.Token);
            return objective.Model.Parameters.All.Select((parameter, i) => parameter.Values.ToArray().Zip(start[i], (now, then) => now - then).ToArray()).ToArray();
        })];
        Recipe one = TinyRecipes.Write(_folder, "tagger", "model.layers=2");
        IReadOnlyList<Parameter> parameters = Objective.Create(one, _folder[""]).Model.Parameters.All;
        var release = new LayerRelease(one.Training, one.Model);
        for (int i = 0; i < parameters.Count; i++)
        {
            double share = Math.Pow(4, -release.PartOf(parameters[i].Name));
            Assert.Contains(runs[0][i], moved => moved != 0);
            for (int j = 0; j < runs[0][i].Length; j++) Assert.Equal(share * runs[0][i][j], runs[1][i][j], 1e-6);
        }
    }

    [Fact]
    public void Features_are_computed_once_within_the_bound_and_anew_beyond_it()
    {
        var cache = new FeatureCache(3, most: 2 * 2 * sizeof(float));
        var computed = new List<int>();
        for (int round = 0; round < 3; round++)
        {
            float[][] found = cache.Of([2, 0, 1], some =>
            {
                computed.AddRange(some);
                return [.. some.Select(example => new float[] { example, -example })];
            });
            Assert.Equal([[2, -2], [0, 0], [1, -1]], found);
        }

        Assert.Equal([2, 0, 1, 1, 1], computed);
    }

    [Fact]
    public void Patience_begins_when_all_is_trained()
    {
        Recipe recipe = TinyRecipes.Write(
            _folder, "classifier", "training.learning_rate=1e-12", "training.epochs=50", "training.patience=3", "training.average_decay=0", "training.release=2");
        var trainer = new Trainer(recipe, Folders("patience"));
        Assert.Equal(RunEnd.StoppedEarly, trainer.Run(cancellationToken: Cancellation));
        // One layer and the embedding below the head: all from epoch 4 on, whose beginning the evaluation after epoch 3 stands at.
        Assert.Equal((4 + 2) * 8, trainer.Step);
    }

    private static float[] Bits(Model model) => [.. model.Parameters.All.SelectMany(parameter => parameter.Values.ToArray())];

    private RunFolders Folders(string output) => new() { Data = _folder[""], Output = _folder[output] };
}
