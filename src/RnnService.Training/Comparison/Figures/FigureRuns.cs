using RnnService.Training.Comparison.Tasks;

namespace RnnService.Training.Comparison.Figures;

/// <summary>The runs of a figure, by task and by what is compared.</summary>
internal sealed class FigureRuns
{
    private readonly List<VariantRuns> _variants;

    /// <param name="runs">All runs of the figure, in the order of its plan.</param>
    public FigureRuns(IReadOnlyList<RunResult> runs)
    {
        _variants = [.. runs.GroupBy(run => (run.Task, run.Variant)).Select(group => new VariantRuns(group.Key.Task, group.Key.Variant, [.. group]))];
    }

    /// <summary>Everything that is compared, in the order of the plan.</summary>
    public IReadOnlyList<VariantRuns> All => _variants;

    /// <summary>What is compared on a task, by its name.</summary>
    public VariantRuns this[ComparedTask task, string variant] => _variants.Single(one => one.Task == task.Name && one.Name == variant);
}

/// <summary>The runs of one thing that is compared, one a seed.</summary>
/// <param name="task">The task's name.</param>
/// <param name="name">What is compared.</param>
/// <param name="runs">The runs.</param>
internal sealed class VariantRuns(string task, string name, IReadOnlyList<RunResult> runs)
{
    public string Task => task;

    public string Name => name;

    public IReadOnlyList<RunResult> Runs => runs;

    /// <summary>A figure of those runs that have it.</summary>
    public double[] Of(string value) => [.. runs.Where(run => run.Values.ContainsKey(value)).Select(run => run.Values[value])];

    /// <summary>Its mean; NaN where no run has it.</summary>
    public double Mean(string value) => Of(value) is { Length: > 0 } all ? all.Average() : double.NaN;

    /// <summary>Whether every run has a figure.</summary>
    public bool AllHave(string value) => Of(value).Length == runs.Count;

    /// <summary>The means over the runs of a row of figures, as far as all have it.</summary>
    public double[] MeanOf(string series)
    {
        double[][] rows = [.. runs.Where(run => run.Series.ContainsKey(series)).Select(run => run.Series[series])];
        return rows.Length == 0 ? [] : [.. Enumerable.Range(0, rows.Min(row => row.Length)).Select(i => rows.Average(row => row[i]))];
    }

    /// <summary>The mean with the lowest and the highest run.</summary>
    public string Interval(string value, Func<double, string> text) => FigureText.Interval(Of(value), text);

    /// <summary>
    /// Whether every run of this is above every run of another. Three seeds allow no finer test: where nothing differs, that happens to one order of three runs
    /// and three in twenty.
    /// </summary>
    public bool IsAbove(VariantRuns other, string value) => AllHave(value) && other.AllHave(value) && Of(value).Min() > other.Of(value).Max();
}
