using RnnService.Training.Comparison.Figures;
using RnnService.Training.Comparison.Tasks;

namespace RnnService.Training.Comparison.Experiments;

/// <summary>Recurrent matrices that start as rotations, and such that start as any other matrix.</summary>
internal sealed class StartExperiment(ComparisonScale scale, ComparedTasks tasks) : Experiment(scale)
{
    private const string Random = " random";

    private static readonly CellVariant[] Cells = [CellVariant.Tanh, CellVariant.Relu, CellVariant.Gru, CellVariant.Lstm];

    public override string Name => "start";

    public override string Title => "Starting as a rotation, or at random";

    public override string Idea =>
        "An orthogonal U turns the state and keeps its length, so that at the start nothing vanishes or explodes where the cell is nearly linear "
        + "([Saxe et al. 2014](equations.md#why-gradients-vanish-and-explode-and-what-is-done)). It is the usual start here; `training.random_start` draws each weight by itself "
        + "(Glorot and Bengio 2010).";

    public override IReadOnlyList<Formula> Formulas => [Formula.Orthogonal];

    public override IReadOnlyList<ComparedFigure> Figures => [Figure];

    private ComparedFigure Figure
    {
        get
        {
            AddingTask task = tasks.Adding[0];
            string title = $"Steps until the adding problem of length {task.Length} is solved";
            PlannedRun[] runs =
            [
                .. Cells.SelectMany(cell => Runs(task, cell.Name, cell.For(task)).Concat(Runs(task, cell.Name + Random, [.. cell.For(task), "training.random_start=true"]))),
            ];
            return new ComparedFigure("start", title, runs, figure =>
            {
                double[] StepsOf(VariantRuns one) => [.. one.Runs.Select(run => run.Values.GetValueOrDefault(ComparedTask.Solved, Scale.NumberSteps))];
                string[] sooner = [.. Cells.Where(cell => StepsOf(figure[task, cell.Name]).Average() < StepsOf(figure[task, cell.Name + Random]).Average()).Select(cell => cell.Name)];
                double turned = Cells.Average(cell => StepsOf(figure[task, cell.Name]).Average()), drawn = Cells.Average(cell => StepsOf(figure[task, cell.Name + Random]).Average());
                bool apart = Cells.Any(cell => StepsOf(figure[task, cell.Name]).Max() < StepsOf(figure[task, cell.Name + Random]).Min());
                return new FigureContent(
                    ResultChart.Columns(title, "A column a start, a point a run: steps until solved.", $"steps until solved; {Scale.NumberSteps} where it was not", [.. figure.All.Select(one => (one.Name, StepsOf(one)))]),
                    [
                        ["start", "solved", "after steps", "rmse"],
                        .. figure.All.Select(one => (string[])
                        [
                            one.Name, $"{one.Of(ComparedTask.Solved).Length} of {one.Runs.Count}", one.Interval(ComparedTask.Solved, FigureText.Count), one.Interval(ComparedTask.Score, FigureText.Number),
                        ]),
                    ],
                    [
                        Claim.Of(turned < drawn, $"Starting as a rotation learns sooner: after {FigureText.Count(turned)} steps in the mean of all cells, and after {FigureText.Count(drawn)} from random weights.",
                            $"Starting as a rotation does not learn sooner here: after {FigureText.Count(turned)} steps in the mean of all cells, and after {FigureText.Count(drawn)} from random weights."),
                        Claim.Of(apart, $"It is sooner in the mean of {FigureText.List(sooner)}; for at least one cell every run from a rotation was sooner than every run from random weights.",
                            $"It is sooner in the mean of {FigureText.List(sooner)}; for no cell was every run from a rotation sooner than every run from random weights."),
                    ],
                    Claim.Of(sooner.Length > Cells.Length / 2, "Keep the rotation, the usual start.", "The start matters little here: keep the usual one, or try both."));
            });
        }
    }
}
