using RnnService.Training.Log;
using RnnService.Training.Recipes;
using RnnService.Training.Runs;
using Xunit;

namespace RnnService.Training.Tests.Runs;

/// <summary>What one step does with its batch. The corpora hold one text many times, so that every batch says the same.</summary>
public sealed class StepTests : IDisposable
{
    private const int Copies = 12;

    private static readonly string[] Plain =
    [
        "training.optimizer=sgd", "training.momentum=0", "training.learning_rate=0.1", "training.clip_norm=0", "training.schedule=constant", "training.average_decay=0",
        "training.unknown_chance=0", "training.dropout.embedding=0", "training.dropout.between=0", "training.dropout.output=0", "training.unroll_steps=6",
        "training.scheduled_sampling=0", "training.log_every=1", "training.evaluate_every=1000",
    ];

    private readonly ScratchFolder _folder = new();

    private int _runs;

    public static TheoryDataOfTasks Tasks => TinyRecipes.Tasks;

    public void Dispose() => _folder.Dispose();

    /// <summary>Loss and gradient are means over predictions: a text many times over is that text, in however many parts.</summary>
    [Theory]
    [MemberData(nameof(Tasks))]
    public void A_text_many_times_steps_as_it_does_alone(string task)
    {
        Outcome alone = Step(task, "training.batch_size=1", "training.shards=1");
        foreach (var (size, shards) in ((int, int)[])[(2, 1), (2, 2), (6, 3), (6, 4)])
        {
            Outcome many = Step(task, $"training.batch_size={size}", $"training.shards={shards}");
            Assert.Equal(alone.Records[0].Loss, many.Records[0].Loss, 2e-5);
            Assert.Equal(alone.Records[0].GradientNorm, many.Records[0].GradientNorm, 2e-5 * Math.Max(1, alone.Records[0].GradientNorm));
            Assert.All(alone.Weights.Zip(many.Weights), pair => Assert.Equal(pair.First, pair.Second, 1e-5f));
        }
    }

    [Theory]
    [InlineData("classifier")]
    [InlineData("tagger")]
    public void Every_part_of_every_step_draws_its_own_dropout(string task)
    {
        string[] dropout = ["training.dropout.embedding=0.5", "training.learning_rate=1e-12", "training.batch_size=1", "training.shards=1"];
        Outcome with = Step(task, dropout, steps: 4), without = Step(task, ["training.learning_rate=1e-12", "training.batch_size=1", "training.shards=1"], steps: 4);
        Assert.Equal(4, with.Records.Select(record => record.Loss).Distinct().Count());
        Assert.Single(without.Records.Select(record => (record.Loss, record.GradientNorm)).Distinct()); // nothing is left of the step before

        Outcome parts = Step(task, "training.dropout.embedding=0.5", "training.batch_size=2", "training.shards=2");
        Outcome one = Step(task, "training.dropout.embedding=0.5", "training.batch_size=1", "training.shards=1");
        Assert.NotEqual(one.Records[0].Loss, parts.Records[0].Loss);
    }

    /// <summary>A norm below the limit is left as it is, not drawn up to it.</summary>
    [Theory]
    [MemberData(nameof(Tasks))]
    public void A_short_gradient_is_not_clipped(string task) =>
        Assert.Equal(Step(task, "training.clip_norm=0").Weights, Step(task, "training.clip_norm=1000").Weights);

    [Fact]
    public void Texts_over_the_limit_train_as_their_beginnings_do()
    {
        string[] words = ["this", "was", "a", "fine", "day"];
        string whole = string.Join(' ', [.. words, .. words.Reverse()]), beginning = string.Join(' ', words);
        float[] cut = Trained(whole, "data.max_tokens=5").Weights;
        Assert.Equal(Trained(beginning).Weights, cut);
        Assert.NotEqual(Trained(whole).Weights, cut);

        Outcome Trained(string text, params string[] overrides) => Step("classifier", overrides, text: text);
    }

    private Outcome Step(string task, params string[] overrides) => Step(task, overrides, steps: 1);

    private Outcome Step(string task, string[] overrides, int steps = 1, string text = "this was a fine day")
    {
        Recipe recipe = TinyRecipes.Write(_folder, task, [.. Plain, .. overrides]);
        _folder.Write("train.tsv", string.Concat(Enumerable.Repeat($"up\t{text}\n", Copies)));
        _folder.Write("train.txt", string.Concat(Enumerable.Repeat("abcab. ", Copies)));
        _folder.Write("train.conll", string.Concat(Enumerable.Repeat("the\tD\ndog\tN\nrun\tV\n.\tP\n\n", Copies)));
        _folder.Write("train.pairs", string.Concat(Enumerable.Repeat("zwei eins\ttwo one\n", Copies)));
        if (task == "classifier") recipe = recipe with { Model = recipe.Model with { Labels = ["down", "up"] } };
        string output = _folder[$"run{_runs++}"];
        var trainer = new Trainer(recipe, new RunFolders { Data = _folder[""], Output = output });
        using var stop = new CancellationTokenSource();
        trainer.Run(new OnProgress(progress =>
        {
            if (progress.Step == steps) stop.Cancel();
        }), stop.Token);
        return new Outcome(
            [.. TrainingLog.Read(Path.Combine(output, "training", "log.jsonl")).OfType<StepRecord>()],
            [.. trainer.Model.Parameters.All.SelectMany(parameter => parameter.Values.ToArray())]);
    }

    private sealed record Outcome(StepRecord[] Records, float[] Weights);
}
