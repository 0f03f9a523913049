using RnnService.Engine.Models;
using RnnService.Engine.Weights;
using RnnService.Training.Corpora;
using RnnService.Training.Evaluation;
using RnnService.Training.Log;
using RnnService.Training.Optimizers;
using RnnService.Training.Recipes;
using RnnService.Training.Runs;
using Xunit;

namespace RnnService.Training.Tests.Runs;

/// <summary>What a run writes down and saves, told from its settings alone.</summary>
public sealed class RunRecordTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryDataOfTasks Tasks => TinyRecipes.Tasks;

    public void Dispose() => _folder.Dispose();

    /// <summary>The classifier's 60 texts are 8 steps an epoch, 24 in all.</summary>
    [Theory]
    [InlineData(1, 0)]
    [InlineData(3, 5)]
    [InlineData(5, 7)]
    [InlineData(7, 24)]
    [InlineData(100, 100)]
    public void Records_come_at_their_steps(int logEvery, int evaluateEvery)
    {
        Recipe recipe = Classifier(
            $"training.log_every={logEvery}", $"training.evaluate_every={evaluateEvery}", "training.epochs=3", "training.warmup_steps=6", "training.final_rate=0.2");
        IReadOnlyList<LogRecord> log = Finish(recipe, "run");
        Assert.Equal(Enumerable.Range(1, 24).Where(step => step % logEvery == 0), log.OfType<StepRecord>().Select(record => (int)record.Step));
        Assert.All(log.OfType<StepRecord>(), record =>
        {
            Assert.Equal(RateSchedule.At(recipe.Training, record.Step - 1, 24, 0), record.LearningRate, 1e-12);
            Assert.Equal(record.Step / 8.0, record.Epoch, 1e-4);
        });
        int every = evaluateEvery == 0 ? 8 : evaluateEvery;
        Assert.Equal(
            Enumerable.Range(1, 24).Where(step => step % every == 0 || step == 24), log.OfType<EvaluationRecord>().Select(record => (int)record.Step));
        Assert.All(log.OfType<EvaluationRecord>(), record => Assert.Equal(record.Step / 8.0, record.Epoch, 1e-4));
    }

    /// <summary>The averages are saved, so they are what is scored: the figure that chooses is that of the model in the folder.</summary>
    [Theory]
    [MemberData(nameof(Tasks))]
    public void The_figure_is_that_of_the_saved_model(string task)
    {
        Recipe recipe = TinyRecipes.Write(_folder, task, "training.average_decay=0.9");
        EvaluationRecord best = Finish(recipe, "run").OfType<EvaluationRecord>().Last(record => record.Best);
        using TextModel model = ModelFolder.Load(_folder["run"]).TextModel;
        CorpusSource valid = recipe.Data.Valid[0] with { Path = _folder[recipe.Data.Valid[0].Path] };
        Assert.Equal(best.ValidLoss, Evaluator.Score(model, valid).Loss, 1e-4);
    }

    [Fact]
    public void A_killed_run_writes_no_record_twice()
    {
        Recipe recipe = Classifier("training.log_every=1", "training.epochs=2");
        var straight = Finish(recipe, "straight").OfType<StepRecord>().Select(record => (record.Step, record.Epoch, record.Loss, record.GradientNorm)).ToList();
        var killed = new Trainer(recipe, Folders("killed"));
        Assert.Throws<OperationCanceledException>(() => killed.Run(new OnProgress(progress =>
        {
            if (progress.Step == 13) throw new OperationCanceledException();
        }), Cancellation));
        Assert.Equal(straight, Finish(recipe, "killed").OfType<StepRecord>().Select(record => (record.Step, record.Epoch, record.Loss, record.GradientNorm)));
    }

    /// <summary>Best is what beats the best before, in figure or of equals in loss; the rate falls when patience since that or the last fall is over.</summary>
    [Theory]
    [InlineData("plateau", 1)]
    [InlineData("plateau", 2)]
    [InlineData("constant", 1)]
    public void Best_and_rate_follow_from_the_evaluations_before(string schedule, int patience)
    {
        Recipe recipe = Classifier(
            $"training.schedule={schedule}", $"training.plateau_patience={patience}", "training.plateau_factor=0.9", "training.learning_rate=0.2", "training.clip_norm=0",
            "training.optimizer=sgd", "training.momentum=0.5", "training.batch_size=2", "training.evaluate_every=1", "training.log_every=1", "training.epochs=1", "training.average_decay=0");
        // No model gets all of these right: it is better and worse by turns.
        _folder.Write("valid.tsv", "up\tthis was a lovely day 2\ndown\tthis was a bright day\nup\tsuch a sad day\ndown\tsuch a grey and long day\nup\tday\n");
        double? best = null;
        double bestLoss = 0, rate = 0.2;
        int without = 0, falls = 0, rises = 0;
        foreach (LogRecord record in Finish(recipe, "run"))
        {
            if (record is StepRecord step) Assert.Equal(rate, step.LearningRate, 1e-9);
            if (record is not EvaluationRecord evaluation) continue;
            bool better = new ValidationScore(evaluation.ValidLoss, evaluation.Metric!, evaluation.Value!.Value, HigherIsBetter: true).IsBetterThan(best, bestLoss);
            Assert.Equal(better, evaluation.Best);
            if (better)
            {
                if (without > 0) rises++;
                (best, bestLoss, without) = (evaluation.Value, evaluation.ValidLoss, 0);
            }
            else if (++without == patience && schedule == "plateau")
            {
                (rate, without) = (rate * 0.9, 0);
                falls++;
            }
        }

        Assert.True(schedule == "constant" || falls > 0, "no fall");
        Assert.True(patience == 1 || rises > 0, "nothing got better again");
    }

    [Theory]
    [InlineData(3, RunEnd.Finished)]
    [InlineData(4, RunEnd.Finished)]
    [InlineData(5, RunEnd.StoppedEarly)]
    public void Patience_over_with_the_last_epoch_stops_nothing_early(int epochs, RunEnd end)
    {
        Recipe recipe = Classifier("training.learning_rate=1e-12", $"training.epochs={epochs}", "training.patience=3", "training.average_decay=0");
        Assert.Equal(end, new Trainer(recipe, Folders("run")).Run(cancellationToken: Cancellation));
    }

    /// <summary>With averaging, it is the average that is scored and saved, and the weights themselves that train on.</summary>
    [Theory]
    [MemberData(nameof(Tasks))]
    public void The_average_is_what_is_saved(string task)
    {
        Recipe recipe = TinyRecipes.Write(_folder, task, "training.average_decay=0.5", "training.evaluate_every=4");
        using var stop = new CancellationTokenSource();
        new Trainer(recipe, Folders("run")).Run(new OnProgress(progress =>
        {
            if (progress.IsBest) stop.Cancel();
        }), stop.Token);
        SafeTensorsFile model = SafeTensorsFile.Open(_folder["run/model.safetensors"]), checkpoint = SafeTensorsFile.Open(Checkpoint("run"));
        foreach (string name in model.Names)
        {
            Assert.Equal(checkpoint.Floats($"average.{name}"), model.Floats(name));
            Assert.NotEqual(checkpoint.Floats($"weights.{name}"), model.Floats(name));
        }
    }

    /// <summary>A step takes a second here. The checkpoint is as old as asked for, and seconds go on where they were.</summary>
    [Fact]
    public void Time_is_kept_over_an_interruption()
    {
        Recipe recipe = Classifier("training.log_every=1", "training.epochs=2");
        Dictionary<long, string> saved = [];
        foreach (int stopAt in (int[])[6, 0])
        {
            var watch = new Watch();
            using var stop = new CancellationTokenSource();
            new Trainer(recipe, Folders("run")) { Time = watch, CheckpointSeconds = 2.5 }.Run(new OnProgress(progress =>
            {
                watch.Seconds++;
                if (stopAt > 0) saved[progress.Step] = SafeTensorsFile.Open(Checkpoint("run")).Metadata["step"];
                if (progress.Step == stopAt) stop.Cancel();
            }), stop.Token);
        }

        Assert.Equal(["0", "0", "0", "3", "3", "3"], saved.OrderBy(entry => entry.Key).Select(entry => entry.Value));
        Assert.Equal(Enumerable.Range(0, 16), Log("run").OfType<StepRecord>().Select(record => (int)record.ElapsedSeconds));
    }

    /// <summary>Before the first evaluation the time left is a second a step, and a third of a training's time for the tokens of every evaluation to come.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    [InlineData(8)]
    [InlineData(23)]
    [InlineData(1000)]
    public void The_time_left_counts_the_evaluations_to_come(int evaluateEvery)
    {
        Recipe recipe = Classifier($"training.evaluate_every={evaluateEvery}", "training.epochs=3");
        var watch = new Watch();
        var told = new List<(long Step, double Seconds, double Speed)>();
        bool evaluated = false;
        var trainer = new Trainer(recipe, Folders("run")) { Time = watch };
        trainer.Run(new OnProgress(progress =>
        {
            watch.Seconds++;
            evaluated |= progress.Score is not null;
            if (!evaluated && progress.Step > 1) told.Add((progress.Step, progress.Remaining!.Value.TotalSeconds, progress.TokensPerSecond));
            if (progress.Step == 24) Assert.Equal(0, progress.Remaining!.Value.TotalSeconds);
        }), Cancellation);
        long[] evaluations = [.. Log("run").OfType<EvaluationRecord>().Select(record => record.Step)];
        long tokens = trainer.Report.Valid.Tokens;
        Assert.NotEmpty(told);
        Assert.All(told, entry => Assert.Equal(
            24 - entry.Step + (evaluations.Count(step => step > entry.Step) * tokens / (3 * entry.Speed)), entry.Seconds, 1e-5));
    }

    private Recipe Classifier(params string[] overrides) => TinyRecipes.Write(_folder, "classifier", overrides);

    private IReadOnlyList<LogRecord> Finish(Recipe recipe, string name)
    {
        Assert.Equal(RunEnd.Finished, new Trainer(recipe, Folders(name)).Run(cancellationToken: Cancellation));
        return Log(name);
    }

    private IReadOnlyList<LogRecord> Log(string name) => TrainingLog.Read(_folder[$"{name}/training/log.jsonl"]);

    private string Checkpoint(string name) => _folder[$"{name}/training/checkpoint.safetensors"];

    private RunFolders Folders(string name) => new() { Data = _folder[""], Output = _folder[name] };

    private sealed class Watch : TimeProvider
    {
        public double Seconds { get; set; }

        public override long TimestampFrequency => 1_000_000;

        public override long GetTimestamp() => (long)(Seconds * TimestampFrequency);
    }
}
