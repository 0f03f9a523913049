using RnnService.Training.Comparison.Tasks;

namespace RnnService.Training.Comparison.Figures;

/// <summary>What a figure shows.</summary>
/// <param name="Svg">The drawing.</param>
/// <param name="Table">The table below it, the heads first.</param>
/// <param name="Claims">Two sentences on what it shows.</param>
/// <param name="Choice">What to choose.</param>
internal sealed record FigureContent(string Svg, IReadOnlyList<string[]> Table, IReadOnlyList<Claim> Claims, Claim Choice);

/// <summary>A figure of an experiment.</summary>
/// <param name="Id">The name of its file.</param>
/// <param name="Title">What it shows, in some words.</param>
/// <param name="Runs">The runs that it needs.</param>
/// <param name="Show">Makes its content of them. A function of the runs alone.</param>
internal sealed record ComparedFigure(string Id, string Title, IReadOnlyList<PlannedRun> Runs, Func<FigureRuns, FigureContent> Show)
{
    /// <summary>Files of corpora that its runs need, from the folder of all corpora.</summary>
    public IReadOnlyList<string> Corpora => [.. Runs.SelectMany(run => run.Task.Files).Distinct()];

    /// <summary>Shipped models that its runs start from.</summary>
    public IReadOnlyList<string> Bases => [.. Runs.Select(run => run.Task.Base).OfType<string>().Distinct()];
}
