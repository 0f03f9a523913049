using RnnService.Engine;
using RnnService.Engine.Tasks;
using RnnService.Engine.Weights;
using RnnService.Training.Evaluation;
using RnnService.Training.Log;
using RnnService.Training.Recipes;
using RnnService.Training.Runs;
using Xunit;

namespace RnnService.Training.Tests.Runs;

/// <summary>Whole runs of tiny networks.</summary>
public sealed class TrainerTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryDataOfTasks Tasks => TinyRecipes.Tasks;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Tasks))]
    public void Learns_what_can_be_learnt(string task)
    {
        string output = Train(TinyRecipes.Write(_folder, task, "training.epochs=12"), "learnt");
        ModelConfig config = ModelFolder.Load(output).Model.Config;
        if (task == "language_model") Assert.InRange(config.Metrics["valid_nats_a_token"], 0, 0.4); // chance over 6 characters: 1.79
        else Assert.Equal(1, config.Metrics["valid_accuracy"]);
    }

    [Theory]
    [MemberData(nameof(Tasks))]
    public void Two_runs_give_the_same_bits(string task)
    {
        Recipe recipe = TinyRecipes.Write(_folder, task);
        AssertSameRun(Train(recipe, "one"), Train(recipe, "two"));
    }

    [Theory]
    [MemberData(nameof(Tasks))]
    public void Stopping_after_every_few_steps_changes_no_bit(string task)
    {
        Recipe recipe = TinyRecipes.Write(_folder, task);
        string straight = Train(recipe, "straight"), output = Folder("stopped");
        int stops = 0;
        for (bool over = false; !over; stops++)
        {
            using var stop = new CancellationTokenSource();
            var trainer = new Trainer(recipe, Folders(output));
            long from = trainer.Step;
            RunEnd end = trainer.Run(new OnProgress(progress =>
            {
                if (progress.Step >= from + 4) stop.Cancel();
            }), stop.Token);
            over = end != RunEnd.Interrupted;
        }

        Assert.True(stops > 3, $"only {stops} stops");
        AssertSameRun(straight, output);
    }

    [Theory]
    [MemberData(nameof(Tasks))]
    public void A_killed_run_resumes_from_its_checkpoint_and_changes_no_bit(string task)
    {
        Recipe recipe = TinyRecipes.Write(_folder, task);
        string straight = Train(recipe, "straight"), output = Folder("killed");
        foreach (long at in new long[] { 2, 9, 13 })
        {
            // The exception leaves at once, as a kill would: nothing is saved after the last checkpoint.
            var trainer = new Trainer(recipe, Folders(output)) { CheckpointSeconds = at == 9 ? 0 : 3600 };
            Assert.Throws<OperationCanceledException>(() => trainer.Run(new OnProgress(progress =>
            {
                if (progress.Step == at) throw new OperationCanceledException();
            }), Cancellation));
        }

        var last = new Trainer(recipe, Folders(output));
        Assert.InRange(last.Step, 8, 13);
        last.Run(stop: Cancellation);
        AssertSameRun(straight, output);
    }

    [Fact]
    public void A_loss_that_is_not_finite_names_the_step_and_keeps_the_checkpoint()
    {
        Recipe recipe = TinyRecipes.Write(
            _folder, "tagger", "training.learning_rate=1e30", "training.clip_norm=0", "model.cell=relu", "training.momentum=0");
        string output = Folder("diverged");
        var trainer = new Trainer(recipe, Folders(output)) { CheckpointSeconds = 0 };
        var error = Assert.Throws<TrainingDivergedException>(() => trainer.Run(stop: Cancellation));
        Assert.Matches(@"^step \d+: the loss is .*finite numbers wanted; the last checkpoint is kept", error.Message);
        Assert.Equal(trainer.Step, new Trainer(recipe, Folders(output)).Step);
        float[] weights = SafeTensorsFile.Open(Path.Combine(output, "training", "checkpoint.safetensors")).Floats("weights.head.bias");
        Assert.All(weights, weight => Assert.True(float.IsFinite(weight)));
    }

    [Fact]
    public void A_step_is_no_longer_than_the_clipped_norm()
    {
        Recipe recipe = TinyRecipes.Write(
            _folder, "tagger", "training.learning_rate=1", "training.momentum=0", "training.clip_norm=0.01", "training.log_every=1");
        string output = Folder("clipped");
        var trainer = new Trainer(recipe, Folders(output));
        float[][] before = [.. trainer.Model.Parameters.All.Select(parameter => parameter.Values.ToArray())];
        using var stop = new CancellationTokenSource();
        trainer.Run(new OnProgress(_ => stop.Cancel()), stop.Token);
        double moved = Math.Sqrt(trainer.Model.Parameters.All.Select((parameter, i) =>
            parameter.Values.ToArray().Zip(before[i], (now, then) => Math.Pow(now - then, 2)).Sum()).Sum());
        double norm = TrainingLog.Read(Path.Combine(output, "training", "log.jsonl")).OfType<StepRecord>().First().GradientNorm;
        Assert.True(norm > 0.1, $"the gradient's norm is {norm}");
        Assert.InRange(moved, 0.0099, 0.0101);
    }

    [Fact]
    public void Patience_ends_a_run_that_makes_no_progress()
    {
        Recipe recipe = TinyRecipes.Write(
            _folder, "classifier", "training.learning_rate=1e-12", "training.epochs=50", "training.patience=3", "training.average_decay=0");
        var trainer = new Trainer(recipe, Folders(Folder("patience")));
        Assert.Equal(RunEnd.StoppedEarly, trainer.Run(stop: Cancellation));
        Assert.Equal(4 * 8, trainer.Step); // the first evaluation is the best; three without progress follow
    }

    [Theory]
    [InlineData(0.9, 0.5, true, 0.8, 0.1, true)]
    [InlineData(0.7, 0.1, true, 0.8, 0.5, false)]
    [InlineData(0.8, 0.4, true, 0.8, 0.5, true)]
    [InlineData(0.8, 0.5, true, 0.8, 0.5, false)]
    [InlineData(1.4, 1.4, false, 1.5, 1.5, true)]
    [InlineData(1.6, 1.6, false, 1.5, 1.5, false)]
    public void The_figure_decides_what_is_better_and_of_equals_the_loss(
        double value, double loss, bool higher, double best, double bestLoss, bool better)
    {
        var score = new ValidationScore(loss, "figure", value, higher);
        Assert.Equal(better, score.IsBetterThan(best, bestLoss));
        Assert.True(score.IsBetterThan(null, 0));
    }

    [Fact]
    public void A_plateau_lowers_the_rate()
    {
        Recipe recipe = TinyRecipes.Write(
            _folder, "tagger", "training.learning_rate=1e-12", "training.epochs=4", "training.plateau_factor=0.1", "training.log_every=1");
        string output = Train(recipe, "plateau");
        double[] rates = [.. TrainingLog.Read(Path.Combine(output, "training", "log.jsonl")).OfType<StepRecord>().Select(step => step.LearningRate)];
        Assert.Equal(1e-12, rates[0]);
        Assert.Equal(1e-14, rates[^1], 1e-20);
    }

    [Fact]
    public void Another_recipe_does_not_take_up_a_checkpoint()
    {
        string output = Folder("changed");
        Interrupt(TinyRecipes.Write(_folder, "tagger"), output);
        Recipe changed = TinyRecipes.Write(_folder, "tagger", "training.learning_rate=0.5");
        var error = Assert.Throws<RecipeException>(() => new Trainer(changed, Folders(output)));
        Assert.Contains("\"learning_rate\": 0.02 then, \"learning_rate\": 0.5 now", error.Message, StringComparison.Ordinal);
        Assert.Equal(0, new Trainer(changed, Folders(output), restart: true).Step);
    }

    [Fact]
    public void A_finished_model_is_not_overwritten_unasked()
    {
        Recipe recipe = TinyRecipes.Write(_folder, "tagger");
        string output = Train(recipe, "finished");
        Assert.Contains("finished model", Assert.Throws<RecipeException>(() => new Trainer(recipe, Folders(output))).Message, StringComparison.Ordinal);
        Assert.Equal(0, new Trainer(recipe, Folders(output), restart: true).Step);
    }

    [Fact]
    public void A_validation_label_that_training_lacks_is_named()
    {
        Recipe recipe = TinyRecipes.Write(_folder, "classifier");
        File.AppendAllText(_folder["valid.tsv"], "sideways\tmm\n");
        var error = Assert.Throws<RecipeException>(() => new Trainer(recipe, Folders(Folder("labels"))));
        Assert.Equal("the validation corpus has the label \"sideways\": one of down, up wanted", error.Message);
    }

    [Fact]
    public void The_run_leaves_recipe_log_and_curve_beside_the_model()
    {
        Recipe recipe = TinyRecipes.Write(_folder, "classifier");
        string training = Path.Combine(Train(recipe, "left"), "training");
        Assert.Equal(recipe.ToJson(), File.ReadAllText(Path.Combine(training, "recipe.json")));
        Assert.Equal(6, TrainingLog.Read(Path.Combine(training, "log.jsonl")).OfType<EvaluationRecord>().Count());
        Assert.StartsWith("<svg", File.ReadAllText(Path.Combine(training, "curve.svg")).TrimStart('\uFEFF'), StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(training, "checkpoint.safetensors")));
    }

    private static void AssertSameRun(string wanted, string found)
    {
        Assert.Equal(File.ReadAllBytes(Path.Combine(wanted, "model.safetensors")), File.ReadAllBytes(Path.Combine(found, "model.safetensors")));
        Assert.Equal(Evaluations(wanted), Evaluations(found));
        static LogRecord[] Evaluations(string output) =>
            [.. TrainingLog.Read(Path.Combine(output, "training", "log.jsonl")).OfType<EvaluationRecord>()];
    }

    private static void Interrupt(Recipe recipe, string output)
    {
        using var stop = new CancellationTokenSource();
        var trainer = new Trainer(recipe, new RunFolders { Data = Path.GetDirectoryName(output)!, Output = output });
        Assert.Equal(RunEnd.Interrupted, trainer.Run(new OnProgress(_ => stop.Cancel()), stop.Token));
    }

    private string Train(Recipe recipe, string name)
    {
        string output = Folder(name);
        Assert.Equal(RunEnd.Finished, new Trainer(recipe, Folders(output)).Run(stop: Cancellation));
        return output;
    }

    private string Folder(string name) => _folder[name];

    private RunFolders Folders(string output) => new() { Data = _folder[""], Output = output };

    /// <summary>Called on the trainer's own thread, unlike <see cref="Progress{T}"/>.</summary>
    private sealed class OnProgress(Action<TrainingProgress> report) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => report(value);
    }
}
