using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using RnnService.Engine.Models;
using RnnService.Training.Evaluation;
using RnnService.Training.Log;
using RnnService.Training.Objectives;
using RnnService.Training.Recipes;
using RnnService.Training.Runs;

namespace RnnService.Training.Comparison.Tasks;

/// <summary>Something to learn, and what is measured of whoever learns it.</summary>
/// <param name="name">What runs call it.</param>
/// <param name="scale">How large everything is.</param>
/// <param name="files">The files of its corpora, from the folder of all corpora; none where they are made.</param>
internal abstract class ComparedTask(string name, ComparisonScale scale, params IReadOnlyList<string> files)
{
    /// <summary>Names of figures that runs have.</summary>
    public const string Score = "score", Loss = "loss", Steps = "steps", Solved = "solved_at", Failed = "failed_at", Clipped = "clipped",
        Parameters = "parameters", Training = "trained_a_second", Serving = "served_a_second", StreamBytes = "stream_bytes", Losses = "losses";

    private const int MostPoints = 100;

    public string Name => name;

    public ComparisonScale Scale => scale;

    public IReadOnlyList<string> Files => files;

    /// <summary>The shipped model that some of its networks start from; null where all start from nothing.</summary>
    public virtual string? Base => null;

    /// <summary>What <see cref="Score"/> is.</summary>
    public abstract string Metric { get; }

    /// <summary>Whether more of it is better.</summary>
    public abstract bool HigherIsBetter { get; }

    /// <summary>How wide what a recurrent layer reads is; 0 where that is its own size.</summary>
    public abstract int InputSize { get; }

    /// <summary>The hidden size of an LSTM, which other cells are to equal in recurrent weights.</summary>
    public abstract int LstmHidden { get; }

    /// <summary>The settings of a run, seed included; later ones replace earlier ones.</summary>
    public IEnumerable<string> SettingsOf(PlannedRun run) =>
        [.. Settings, "training.average_decay=0", "training.patience=0", .. run.Settings, string.Create(CultureInfo.InvariantCulture, $"training.seed={run.Seed}")];

    /// <summary>The settings of the task.</summary>
    protected abstract IReadOnlyList<string> Settings { get; }

    /// <summary>The usual recipe with settings changed.</summary>
    protected abstract Recipe RecipeOf(IReadOnlyList<string> settings);

    /// <summary>Reads or makes the examples, and the model.</summary>
    protected abstract Objective Read(Recipe recipe);

    /// <summary>Whether a run may end early, since all is learnt.</summary>
    protected virtual bool IsSolved(ValidationScore score) => false;

    /// <summary>Measures the network before the first step.</summary>
    protected virtual void MeasureBefore(Objective objective, RunResult result)
    {
    }

    /// <summary>Measures the network after the last step.</summary>
    protected virtual void MeasureAfter(Objective objective, RunResult result)
    {
    }

    /// <summary>Makes a run.</summary>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public RunResult Measure(PlannedRun run, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        var result = new RunResult(name, run.Variant, run.Seed, run.Key) { Machine = ThisMachine };
        Recipe recipe = RecipeOf([.. SettingsOf(run)]);
        var store = new MemoryStore();
        Objective? objective = null;
        var trainer = new Trainer(recipe, () => objective = Read(recipe), store);
        using Model model = trainer.Model;
        result.Values[Parameters] = model.Parameters.Count;
        MeasureBefore(objective!, result);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        ValidationScore? best = null;
        try
        {
            trainer.Run(
                new ProgressWatcher(progress =>
                {
                    if (progress is { IsBest: true, Score: { } score }) best = score;
                    if (result.Values.ContainsKey(Solved) || progress.Score is null || !IsSolved(progress.Score)) return;
                    result.Values[Solved] = progress.Step;
                    stop.Cancel();
                }),
                stop.Token);
            cancellationToken.ThrowIfCancellationRequested();
            MeasureAfter(objective!, result);
        }
        catch (TrainingDivergedException)
        {
            result.Values[Failed] = trainer.Step + 1;
        }

        result.Values[Steps] = trainer.Step;
        if (best is not null) (result.Values[Score], result.Values[Loss]) = (best.Value, best.Loss);
        AddLog([.. store.Log.OfType<StepRecord>()], recipe.Training, result);
        return result with { Seconds = Math.Round(clock.Elapsed.TotalSeconds, 2) };
    }

    /// <summary>How much a second is done of something that says how much it did.</summary>
    protected double RateOf(Func<int> work)
    {
        work(); // the first call makes room
        var clock = Stopwatch.StartNew();
        long done = 0;
        while (clock.Elapsed.TotalSeconds < scale.RateSeconds) done += work();
        return done / clock.Elapsed.TotalSeconds;
    }

    private static void AddLog(StepRecord[] steps, TrainingSettings settings, RunResult result)
    {
        if (steps.Length == 0) return;
        double[] speeds = [.. steps.Select(step => step.TokensPerSecond).Order()];
        result.Values[Training] = Math.Round(speeds[speeds.Length / 2]);
        if (settings.LogEvery > 1) return; // norms are then means
        double limit = settings.ClipNorm > 0 ? settings.ClipNorm : new TrainingSettings().ClipNorm;
        result.Values[Clipped] = (double)steps.Count(step => step.GradientNorm > limit) / steps.Length;
        result.Series[Losses] = [.. steps.Chunk((steps.Length + MostPoints - 1) / MostPoints).Select(some => Short(some.Average(step => step.Loss)))];
    }

    /// <summary>Four digits are enough for a drawing.</summary>
    protected static double Short(double value) => double.Parse(value.ToString("G4", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);

    private static string ThisMachine => string.Create(
        CultureInfo.InvariantCulture, $"{RuntimeInformation.OSArchitecture}, {Environment.ProcessorCount} processors, {RuntimeInformation.FrameworkDescription}");
}
