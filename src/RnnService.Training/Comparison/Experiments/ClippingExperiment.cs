using System.Globalization;
using RnnService.Training.Comparison.Figures;
using RnnService.Training.Comparison.Tasks;

namespace RnnService.Training.Comparison.Experiments;

/// <summary>Trainings with and without clipping at rates that are too high for some of them.</summary>
internal sealed class ClippingExperiment(ComparisonScale scale, ComparedTasks tasks) : Experiment(scale)
{
    private static readonly double[] Rates = [.001, .01, .1];

    // The sum of two numbers between 0 and 1 varies so about its mean.
    private static readonly double MeanAlone = Math.Sqrt(1 / 6.0);

    public override string Name => "clipping";

    public override string Title => "Clipping saves runs";

    public override string Idea =>
        "Where gradients explode, one step throws the weights away. Clipping cuts the gradient of all parameters together to a norm of 1 and keeps its direction "
        + "([Pascanu et al. 2013](equations.md#why-gradients-vanish-and-explode-and-what-is-done)). Here a ReLU network that starts from the identity "
        + "learns the adding problem by SGD with momentum: Adam divides by the size of gradients itself, and would hide it. A line that ends early is a run whose numbers "
        + "were no longer finite, or whose weights passed a million.";

    public override IReadOnlyList<Formula> Formulas => [Formula.Clipping];

    public override IReadOnlyList<ComparedFigure> Figures => [Figure];

    private ComparedFigure Figure
    {
        get
        {
            ComparedTask task = tasks.Adding[0];
            (double Rate, bool Clips)[] all = [.. Rates.SelectMany(rate => new[] { (rate, false), (rate, true) })];
            const string title = "Loss of a ReLU network under SGD, with clipping and without";
            return new ComparedFigure("clipping", title, [.. all.SelectMany(one => Runs(task, NameOf(one.Rate, one.Clips), [.. CellVariant.ReluIdentity.For(task), .. SettingsOf(one.Rate, one.Clips)]))], figure =>
            {
                VariantRuns Of(double rate, bool clips) => figure[task, NameOf(rate, clips)];
                int Broken(bool clips) => Rates.Sum(rate => Of(rate, clips).Of(ComparedTask.Failed).Length);
                // A run that broke is as good as saying the mean each time.
                double ErrorOf(bool clips) => Rates.Average(rate => Of(rate, clips).Runs.Average(run => run.Values.ContainsKey(ComparedTask.Failed) ? MeanAlone : Math.Min(MeanAlone, run.Values.GetValueOrDefault(ComparedTask.Score, MeanAlone))));
                string svg = ResultChart.Lines(title, "A line a way of training: the logarithm of the loss over the steps, of the first seed.", "steps", "log₁₀ of the training loss",
                    [.. all.Select(one => (NameOf(one.Rate, one.Clips), Points(Of(one.Rate, one.Clips).Runs[0])))]);
                IReadOnlyList<string[]> table =
                [
                    ["training", "best rmse", "steps with a norm above 1", "runs that broke"],
                    .. all.Select(one => Of(one.Rate, one.Clips)).Select(one => (string[])
                    [
                        one.Name, one.Interval(ComparedTask.Score, FigureText.Number), FigureText.Percent(one.Mean(ComparedTask.Clipped)),
                        one.Of(ComparedTask.Failed) is { Length: > 0 } failed ? $"{failed.Length} of {one.Runs.Count}, at step {one.Interval(ComparedTask.Failed, FigureText.Count)}" : "none",
                    ]),
                ];
                int runs = Rates.Length * Scale.Seeds;
                return new FigureContent(svg, table,
                [
                    Claim.Of(Broken(false) > Broken(true),
                        $"Clipping saves runs: {Broken(false)} of {runs} broke without it, and {Broken(true)} of {runs} with it.",
                        $"Clipping saved no run here: {Broken(false)} of {runs} broke without it, and {Broken(true)} of {runs} with it."),
                    Claim.Of(ErrorOf(true) < ErrorOf(false),
                        $"Over all rates it leaves a smaller error: a mean of {FigureText.Number(ErrorOf(true))} with it and {FigureText.Number(ErrorOf(false))} without, runs that broke counted as {FigureText.Number(MeanAlone)}, the error of who always says the mean.",
                        $"Over all rates it leaves no smaller error: a mean of {FigureText.Number(ErrorOf(true))} with it and {FigureText.Number(ErrorOf(false))} without, runs that broke counted as {FigureText.Number(MeanAlone)}, the error of who always says the mean."),
                ],
                Claim.Of(Broken(true) == 0,
                    "Clip always (`training.clip_norm` is 1 unless set): no clipped run broke at any of these rates.",
                    "Clip, and still choose a rate with care: at the highest rates clipped runs broke too."));
            });
        }
    }

    private static string NameOf(double rate, bool clips) => string.Create(CultureInfo.InvariantCulture, $"rate {rate}{(clips ? ", clipped" : "")}");

    private static string[] SettingsOf(double rate, bool clips) =>
    [
        "training.optimizer=sgd", "training.momentum=0.9", string.Create(CultureInfo.InvariantCulture, $"training.learning_rate={rate}"), $"training.clip_norm={(clips ? 1 : 0)}", "training.log_every=1",
    ];

    private static IReadOnlyList<(double, double)> Points(RunResult run)
    {
        double[] losses = run.Series.GetValueOrDefault(ComparedTask.Losses, []);
        double steps = run.Values[ComparedTask.Steps] / Math.Max(1, losses.Length);
        return [.. losses.Select((loss, i) => (Math.Round((i + .5) * steps), Math.Log10(loss)))];
    }
}
