using RnnService.Training.Comparison.Experiments;
using RnnService.Training.Comparison.Figures;
using RnnService.Training.Comparison.Tasks;

namespace RnnService.Training.Comparison;

/// <summary>What stands where in a comparison.</summary>
/// <param name="Number">The run's number, from 1.</param>
/// <param name="Count">Runs that this comparison makes.</param>
/// <param name="Run">The run.</param>
/// <param name="Seconds">How long it took.</param>
internal sealed record ComparisonProgress(int Number, int Count, PlannedRun Run, double Seconds);

/// <summary>Trains what the experiments ask for, as far as it was not trained before, and keeps what was measured. Not thread-safe.</summary>
internal sealed class ModelComparison
{
    private readonly string _data, _models;

    /// <param name="scale">How large everything is.</param>
    /// <param name="data">The folder of the corpora.</param>
    /// <param name="models">The folder of the shipped models, from which some networks start.</param>
    public ModelComparison(ComparisonScale scale, string data, string models)
    {
        (_data, _models) = (data, models);
        Experiments = ExperimentsOf(scale, new ComparedTasks(scale, data, models));
    }

    /// <summary>All experiments, in the order of the page.</summary>
    public IReadOnlyList<Experiment> Experiments { get; }

    /// <summary>Names of all experiments.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. new ModelComparison(ComparisonScale.Full, "", "").Experiments.Select(one => one.Name)];

    /// <summary>What a figure needs and is not there, corpora and models: it is left out.</summary>
    public IReadOnlyList<string> MissingOf(ComparedFigure figure) => [.. figure.Runs.SelectMany(run => MissingOf(run.Task)).Distinct()];

    /// <summary>Makes the runs of experiments that the store has not.</summary>
    /// <param name="names">The experiments.</param>
    /// <param name="store">Where runs are kept.</param>
    /// <param name="progress">Told of every run that is over.</param>
    /// <param name="cancellationToken">Ends the run under way, which is not kept.</param>
    /// <exception cref="OperationCanceledException">It was ended.</exception>
    /// <exception cref="IOException">A file cannot be read or written.</exception>
    public void Run(IReadOnlyCollection<string> names, ResultStore store, Action<ComparisonProgress>? progress, CancellationToken cancellationToken)
    {
        PlannedRun[] runs =
        [
            .. Experiments.Where(one => names.Contains(one.Name)).SelectMany(one => one.Figures).SelectMany(figure => figure.Runs).DistinctBy(run => run.Key)
                .Where(run => !MissingOf(run.Task).Any() && store.Find(run) is null),
        ];
        for (int i = 0; i < runs.Length; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            RunResult result = runs[i].Task.Measure(runs[i], cancellationToken);
            store.Add(result);
            progress?.Invoke(new ComparisonProgress(i + 1, runs.Length, runs[i], result.Seconds));
        }
    }

    private IEnumerable<string> MissingOf(ComparedTask task)
    {
        foreach (string file in task.Files.Select(file => Path.Combine(_data, file)).Where(file => !File.Exists(file))) yield return file;
        if (task.Base is { } model && !Directory.Exists(Path.Combine(_models, model))) yield return Path.Combine(_models, model);
    }

    private static IReadOnlyList<Experiment> ExperimentsOf(ComparisonScale scale, ComparedTasks tasks) =>
    [
        new CellsExperiment(scale, tasks), new MemoryExperiment(scale, tasks), new GradientsExperiment(scale, tasks), new ClippingExperiment(scale, tasks),
        new GatesExperiment(scale, tasks), new DropoutExperiment(scale, tasks), new StartExperiment(scale, tasks), new TranslationExperiment(scale, tasks),
        new CostExperiment(scale, tasks), new FewExperiment(scale, tasks),
    ];
}
