using RnnService.Training.Comparison.Figures;
using RnnService.Training.Comparison.Tasks;

namespace RnnService.Training.Comparison.Experiments;

/// <summary>An idea of the field, and the runs that measure it.</summary>
internal abstract class Experiment(ComparisonScale scale)
{
    /// <summary>The word that asks for it.</summary>
    public abstract string Name { get; }

    /// <summary>The heading.</summary>
    public abstract string Title { get; }

    /// <summary>What the idea is, with a link to its formula.</summary>
    public abstract string Idea { get; }

    /// <summary>Its formulas.</summary>
    public abstract IReadOnlyList<Formula> Formulas { get; }

    /// <summary>Its figures.</summary>
    public abstract IReadOnlyList<ComparedFigure> Figures { get; }

    private protected ComparisonScale Scale => scale;

    /// <summary>Whether every run of one is better than every run of another.</summary>
    private protected static bool IsBetter(ComparedTask task, VariantRuns one, VariantRuns other) =>
        task.HigherIsBetter ? one.IsAbove(other, ComparedTask.Score) : other.IsAbove(one, ComparedTask.Score);

    /// <summary>That of the best mean.</summary>
    private protected static VariantRuns Best(ComparedTask task, IReadOnlyList<VariantRuns> all) =>
        all.MaxBy(one => task.HigherIsBetter ? one.Mean(ComparedTask.Score) : -one.Mean(ComparedTask.Score))!;

    /// <summary>Runs of every seed.</summary>
    private protected IEnumerable<PlannedRun> Runs(ComparedTask task, string variant, IReadOnlyList<string> settings) =>
        Enumerable.Range(1, scale.Seeds).Select(seed => new PlannedRun(task, variant, settings, (ulong)seed));
}
