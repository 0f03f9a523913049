using RnnService.Engine.Models;
using RnnService.Engine.Weights;
using RnnService.Training.Evaluation;
using RnnService.Training.Log;
using RnnService.Training.Recipes;
using RnnService.Training.Runs;
using RnnService.Training.Threading;
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
        else if (task == "translator") Assert.InRange(config.Metrics["valid_loss"], 0, 0.9); // chance over three words and the end: 1.39
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
        int runs = StoppedRun.Finish(recipe, Folders(output), steps: 4);
        Assert.True(runs > 3, $"only {runs} runs");
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
        last.Run(cancellationToken: Cancellation);
        AssertSameRun(straight, output);
    }

    /// <summary>Everything that draws or remembers something: weight drop, word dropout, penalties, a moved text, an even average.</summary>
    [Theory]
    [InlineData("language_model", "training.dropout.recurrent=0.3", "training.dropout.words=0.2", "training.activation_penalty=2", "training.change_penalty=1",
        "training.label_smoothing=0.1", "training.average_decay=0", "training.average_after=2", "training.evaluate_every=3", "training.learning_rate=0.1")]
    [InlineData("language_model", "training.sampled_tokens=4", "training.activation_penalty=2", "training.dropout.output=0.3")]
    [InlineData("classifier", "training.dropout.recurrent=0.3", "training.dropout.words=0.2", "training.label_smoothing=0.1", "training.adversarial.norm=1")]
    [InlineData("classifier", "training.adversarial.virtual=true", "training.average_decay=0", "training.average_after=1", "training.learning_rate=0.3")]
    [InlineData("tagger", "training.dropout.recurrent=0.3", "training.dropout.words=0.2", "training.average_after=1")]
    [InlineData("translator", "training.dropout.recurrent=0.3", "training.dropout.words=0.2")]
    public void What_regularises_resumes_to_the_same_bits(string task, params string[] settings)
    {
        Recipe recipe = TinyRecipes.Write(_folder, task, settings);
        string straight = Train(recipe, "straight"), output = Folder("stopped");
        StoppedRun.Finish(recipe, Folders(output), steps: 4);
        AssertSameRun(straight, output);
    }

    /// <summary>The rule and the average of Merity, Keskar and Socher 2018, algorithm 1, over the losses and weights that a run had.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void An_even_average_begins_when_evaluations_get_worse(int after)
    {
        Recipe recipe = TinyRecipes.Write(
            _folder, "language_model", "training.average_decay=0", $"training.average_after={after}", "training.evaluate_every=2", "training.learning_rate=0.2",
            "training.optimizer=sgd", "training.momentum=0.9", "training.epochs=6", "training.clip_norm=0");
        string output = Folder("even");
        var trainer = new Trainer(recipe, Folders(output)) { CheckpointSeconds = 0 };
        var weights = new List<float[]>();
        var figures = new List<double>();
        int? first = null;
        using var stop = new CancellationTokenSource();
        trainer.Run(new OnProgress(progress =>
        {
            weights.Add([.. trainer.Model.Parameters.All.SelectMany(parameter => parameter.Values.ToArray())]);
            if (progress.Score is { } score)
            {
                if (first is null && figures.Count > after && score.Value > figures.Take(figures.Count - after).Min()) first = weights.Count - 1;
                figures.Add(score.Value);
            }

            if (first is { } begun && weights.Count == begun + 6) stop.Cancel();
        }), stop.Token);
        Assert.NotNull(first);
        Assert.True(weights.Count == first + 6, "the run was over too early");
        SafeTensorsFile checkpoint = SafeTensorsFile.Open(Path.Combine(output, "training", "checkpoint.safetensors"));
        float[] average = [.. trainer.Model.Parameters.All.SelectMany(parameter => checkpoint.Floats($"average.{parameter.Name}"))];
        for (int i = 0; i < average.Length; i++)
            Assert.Equal(weights.Skip(first.Value).Average(step => (double)step[i]), average[i], 1e-5);
    }

    [Theory]
    [InlineData("tagger", "training.activation_penalty=1", "training.activation_penalty is 1; expected 0 (model.task is tagger)")]
    [InlineData("classifier", "training.change_penalty=1", "training.change_penalty is 1; expected 0 (model.task is classifier)")]
    [InlineData("tagger", "training.adversarial.norm=2", "training.adversarial is an object; expected nothing (model.task is tagger)")]
    [InlineData("classifier", "training.average_after=2", "training.average_after is 2; expected 0 (training.average_decay is 0.9)")]
    [InlineData("classifier", "training.adversarial.norm=0", "training.adversarial.norm is 0; expected a number, above 0")]
    public void What_a_task_is_not_trained_with_is_refused(string task, string setting, string message) =>
        Assert.Contains(message, Assert.Throws<RecipeException>(() => TinyRecipes.Write(_folder, task, setting)).Message, StringComparison.Ordinal);

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
        Assert.Equal(RunEnd.StoppedEarly, trainer.Run(cancellationToken: Cancellation));
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

    [Theory]
    [InlineData(double.NaN, 0.5)]
    [InlineData(0.5, double.NaN)]
    [InlineData(double.PositiveInfinity, 0.5)]
    [InlineData(0.5, double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity, double.NegativeInfinity)]
    public void What_is_not_finite_is_better_than_nothing_at_all(double value, double loss)
    {
        foreach (bool higher in (bool[])[true, false])
        {
            var score = new ValidationScore(loss, "figure", value, higher);
            Assert.False(score.IsBetterThan(null, 0));
            Assert.False(score.IsBetterThan(0.5, 1));
        }
    }

    [Theory]
    [InlineData(0.5)]
    [InlineData(0.05)]
    [InlineData(0.999)]
    public void Averaged_weights_follow_their_recurrence(double most)
    {
        Recipe recipe = TinyRecipes.Write(_folder, "classifier", FormattableString.Invariant($"training.average_decay={most}"), "training.epochs=4");
        string output = Folder("average");
        var trainer = new Trainer(recipe, Folders(output)) { CheckpointSeconds = 0 };
        double[][] average = [.. trainer.Model.Parameters.All.Select(parameter => parameter.Values.ToArray().Select(value => (double)value).ToArray())];
        using var stop = new CancellationTokenSource();
        trainer.Run(new OnProgress(progress =>
        {
            double decay = Math.Min(most, (1.0 + progress.Step) / (10.0 + progress.Step));
            foreach (Parameter parameter in trainer.Model.Parameters.All)
            {
                double[] mean = average[trainer.Model.Parameters.All.ToList().IndexOf(parameter)];
                for (int i = 0; i < mean.Length; i++) mean[i] = (decay * mean[i]) + ((1 - decay) * parameter.Values[i]);
            }

            if (progress.Step == 20) stop.Cancel();
        }), stop.Token);
        SafeTensorsFile checkpoint = SafeTensorsFile.Open(Path.Combine(output, "training", "checkpoint.safetensors"));
        foreach (var (parameter, mean) in trainer.Model.Parameters.All.Zip(average))
            Assert.All(checkpoint.Floats($"average.{parameter.Name}").Zip(mean), pair => Assert.Equal(pair.Second, pair.First, 1e-5));
    }

    [Fact]
    public void A_run_interrupted_between_two_falls_of_the_rate_makes_the_same_rates()
    {
        // Nothing improves after the first evaluation: the rate falls with every second one.
        Recipe recipe = TinyRecipes.Write(
            _folder, "tagger", "training.learning_rate=1e-12", "training.epochs=8", "training.plateau_factor=0.5", "training.plateau_patience=2",
            "training.log_every=1", "training.batch_size=20");
        double[] straight = Rates(Train(recipe, "straight"));
        int[] falls = [.. Enumerable.Range(1, straight.Length - 1).Where(step => straight[step] < straight[step - 1])];
        Assert.Equal([6, 10, 14], falls); // two steps an epoch; evaluations 3, 5 and 7 without progress
        foreach (int first in (int[])[1, 4, 5, 6, 7, 8, 9])
        {
            string output = Folder($"stopped{first}");
            using var stop = new CancellationTokenSource();
            Assert.Equal(RunEnd.Interrupted, new Trainer(recipe, Folders(output)).Run(new OnProgress(progress =>
            {
                if (progress.Step == first) stop.Cancel();
            }), stop.Token));
            Assert.Equal(RunEnd.Finished, new Trainer(recipe, Folders(output)).Run(cancellationToken: Cancellation));
            Assert.Equal(straight, Rates(output));
        }
    }

    [Fact]
    public void What_is_shown_as_best_is_what_the_log_says()
    {
        Recipe recipe = TinyRecipes.Write(_folder, "classifier", "training.learning_rate=1", "training.clip_norm=0", "training.epochs=12", "training.average_decay=0");
        string output = Folder("ties");
        var shown = new List<bool>();
        new Trainer(recipe, Folders(output)).Run(new OnProgress(progress =>
        {
            if (progress.Score is not null) shown.Add(progress.IsBest);
            else Assert.False(progress.IsBest);
        }), Cancellation);
        EvaluationRecord[] log = [.. TrainingLog.Read(Path.Combine(output, "training", "log.jsonl")).OfType<EvaluationRecord>()];
        Assert.Equal(log.Select(record => record.Best), shown);
        Assert.Contains(false, shown);
    }

    [Fact]
    public void What_goes_wrong_in_a_thread_is_thrown_as_it_is()
    {
        Assert.Throws<InvalidDataException>(() => ParallelLoop.For(8, _ => throw new InvalidDataException("wrong")));
        Assert.Throws<InvalidDataException>(() => ParallelLoop.ForEach([1, 2, 3], _ => throw new InvalidDataException("wrong")));
    }

    [Theory]
    [InlineData(12, true)]
    [InlineData(1e-12, false)]
    public void A_run_tells_whether_it_was_still_getting_better(double rate, bool improving)
    {
        Recipe recipe = improving
            ? TinyRecipes.Write(_folder, "language_model", "training.epochs=1", "training.evaluate_every=0")
            : TinyRecipes.Write(_folder, "classifier", FormattableString.Invariant($"training.learning_rate={rate}"), "training.epochs=3", "training.average_decay=0");
        var trainer = new Trainer(recipe, Folders(Folder("better")));
        Assert.False(trainer.IsStillImproving);
        trainer.Run(cancellationToken: Cancellation);
        Assert.Equal(improving, trainer.IsStillImproving);
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

    private string Train(Recipe recipe, string name)
    {
        string output = Folder(name);
        Assert.Equal(RunEnd.Finished, new Trainer(recipe, Folders(output)).Run(cancellationToken: Cancellation));
        return output;
    }

    private static double[] Rates(string output) =>
        [.. TrainingLog.Read(Path.Combine(output, "training", "log.jsonl")).OfType<StepRecord>().Select(step => step.LearningRate)];

    private string Folder(string name) => _folder[name];

    private RunFolders Folders(string output) => new() { Data = _folder[""], Output = output };
}
