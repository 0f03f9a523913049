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

    /// <summary>Its figures.</summary>
    public abstract IReadOnlyList<ComparedFigure> Figures { get; }

    private protected ComparisonScale Scale => scale;

    /// <summary>Runs of every seed.</summary>
    private protected IEnumerable<PlannedRun> Runs(ComparedTask task, string variant, IReadOnlyList<string> settings) =>
        Enumerable.Range(1, scale.Seeds).Select(seed => new PlannedRun(task, variant, settings, (ulong)seed));
}
