using RnnService.Training.Comparison.Figures;
using RnnService.Training.Comparison.Tasks;

namespace RnnService.Training.Comparison.Experiments;

/// <summary>How the gradient of a loss fades or grows on its way to earlier steps.</summary>
internal sealed class GradientsExperiment(ComparisonScale scale, ComparedTasks tasks) : Experiment(scale)
{
    // Norms below are noise of single precision, or nothing at all.
    private const double Least = 1e-30;

    public override string Name => "gradients";

    public override string Title => "Gradients that vanish, and gradients that explode";

    public override string Idea =>
        "What a step did wrong long ago is learnt from a gradient that came through every step since: a product of as many Jacobians, which vanishes where they "
        + "shrink what they carry and explodes where they stretch it ([why](equations.md#why-gradients-vanish-and-explode-and-what-is-done)). Drawn is the norm of the "
        + "gradient of the loss at the last step T with respect to h at T−k, the mean of 64 sequences of the adding problem; `rnn gradients MODEL --loss` shows the same of "
        + "any model. Of a sum (CBOW) it is the same at every k.";

    public override IReadOnlyList<Formula> Formulas => [Formula.Gradient];

    public override IReadOnlyList<ComparedFigure> Figures =>
    [
        Figure("gradients-start", "Before training: norm of the gradient k steps back", AddingTask.AtStart, "before training"),
        Figure("gradients-trained", "After training: norm of the gradient k steps back", AddingTask.AtEnd, "after training"),
    ];

    /// <summary>The factor of a step backward, from the nearest to the farthest.</summary>
    internal static double FactorOf(double[] norms) =>
        norms.Length < 2 || norms[0] <= Least ? double.NaN : Math.Pow(Math.Max(norms[^1], Least) / norms[0], 1.0 / (norms.Length - 1));

    private static bool IsAbove(double[] one, double[] other) => one.Length > 0 && other.Length > 0 && one.Min() > other.Max();

    private ComparedFigure Figure(string id, string title, string series, string when)
    {
        // The trainings are those of the memory's middle length.
        ComparedTask task = tasks.Adding[tasks.Adding.Count / 2];
        PlannedRun[] runs = [.. CellVariant.Recurrent.SelectMany(cell => Runs(task, cell.Name, cell.For(task)))];
        return new ComparedFigure(id, title, runs, figure =>
        {
            double[] FactorsOf(VariantRuns one) => [.. one.Runs.Where(run => run.Series.ContainsKey(series)).Select(run => FactorOf(run.Series[series])).Where(double.IsFinite)];
            bool IsGone(VariantRuns one) => one.Runs.All(run => run.Series.GetValueOrDefault(series, [1])[^1] <= Least);
            VariantRuns[] drawn = [.. figure.All.Where(one => FactorsOf(one).Length > 0)];
            string svg = ResultChart.Lines(title, "A line a cell: the logarithm of the gradient's norm by the steps back from the loss.", "steps back from the loss, k",
                "log₁₀ of the gradient's norm",
                [.. drawn.Select(one => (one.Name, (IReadOnlyList<(double, double)>)[.. one.MeanOf(series).Select((norm, back) => ((double)back, Math.Log10(norm)))]))]);
            IReadOnlyList<string[]> table =
            [
                ["cell", "norm at the last step", "norm at the first step", "factor a step back"],
                .. drawn.Select(one => (string[])
                [
                    one.Name, FigureText.Number(one.MeanOf(series)[0]), FigureText.Number(one.MeanOf(series)[^1]),
                    IsGone(one) ? "nothing is left" : FigureText.Interval(FactorsOf(one), FigureText.Number),
                ]),
            ];
            double[] tanh = FactorsOf(figure[task, CellVariant.Tanh.Name]), lstm = FactorsOf(figure[task, CellVariant.Lstm.Name]);
            double[] closed = FactorsOf(figure[task, CellVariant.LstmClosed.Name]);
            string Mean(double[] factors) => FigureText.Number(factors.DefaultIfEmpty(double.NaN).Average());
            string biases = $"{when} each step back leaves {Mean(lstm)} of them in an LSTM of forget bias 1, and {Mean(closed)} where it is 0 (tanh: {(IsGone(figure[task, CellVariant.Tanh.Name]) ? "nothing" : Mean(tanh))})";
            string[] growing = [.. drawn.Where(one => FactorsOf(one).Average() > 1).Select(one => one.Name)];
            VariantRuns[] order = [.. drawn.OrderBy(one => Math.Abs(Math.Log(FactorsOf(one).Average())))];
            return new FigureContent(svg, table,
            [
                Claim.Of(IsAbove(lstm, closed), IsAbove(closed, lstm),
                    $"An open forget gate carries gradients: {biases}.", $"The forget bias of 1 carries gradients no better: {biases}.", $"The two forget biases do not stand apart: {biases}."),
                Claim.Of(growing.Length > 0,
                    $"Gradients of {FigureText.List(growing)} grow from step to step backward: they can explode. Those of all others vanish.",
                    $"Gradients of no cell grow from step to step backward {when}: all vanish, at different speed."),
            ],
            Claim.Of(order.Length > 1,
                $"Choose a cell whose factor is near 1: {when} {order.FirstOrDefault()?.Name} comes nearest, then {order.ElementAtOrDefault(1)?.Name}.",
                "There is nothing to choose from."));
        });
    }
}
