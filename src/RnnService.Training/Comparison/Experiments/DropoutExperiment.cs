using RnnService.Training.Comparison.Figures;
using RnnService.Training.Comparison.Tasks;

namespace RnnService.Training.Comparison.Experiments;

/// <summary>Where and how often masks are drawn.</summary>
internal sealed class DropoutExperiment(ComparisonScale scale, ComparedTasks tasks) : Experiment(scale)
{
    private static readonly (string Name, string[] Settings)[] Ways =
    [
        ("none", ["training.dropout.embedding=0", "training.dropout.output=0"]),
        ("each step", ["training.dropout.embedding=0.4", "training.dropout.output=0.4", "training.dropout.each_step=true"]),
        ("one mask", ["training.dropout.embedding=0.4", "training.dropout.output=0.4"]),
        ("weights", ["training.dropout.embedding=0", "training.dropout.output=0", "training.dropout.recurrent=0.4"]),
    ];

    public override string Name => "dropout";

    public override string Title => "Dropout, and where its masks are drawn";

    public override string Idea =>
        "What is dropped at random cannot be learnt by heart. A mask drawn anew at every step is noise on what is remembered; one mask a sequence is the same network for all of "
        + "its steps ([Gal and Ghahramani 2016](equations.md#why-gradients-vanish-and-explode-and-what-is-done)); weight drop masks the recurrent matrix "
        + "([Merity, Keskar and Socher 2018](equations.md#regularisation)). An LSTM judges sentences of reviews, with four tenths dropped each way.";

    public override IReadOnlyList<Formula> Formulas => [Formula.Dropout, Formula.WeightDrop];

    public override IReadOnlyList<ComparedFigure> Figures => [Figure];

    private ComparedFigure Figure
    {
        get
        {
            ReviewTask task = tasks.Reviews;
            const string title = "Judging reviews under dropout";
            return new ComparedFigure("dropout", title, [.. Ways.SelectMany(way => Runs(task, way.Name, [.. CellVariant.Lstm.For(task), .. way.Settings]))], figure =>
            {
                VariantRuns none = figure[task, Ways[0].Name], each = figure[task, Ways[1].Name], one = figure[task, Ways[2].Name], weights = figure[task, Ways[3].Name];
                string Scores(params VariantRuns[] all) => string.Join(", ", all.Select(way => $"{way.Name} {way.Interval(ComparedTask.Score, FigureText.Percent)}"));
                string[] lower = [.. new[] { each, one, weights }.Where(way => none.IsAbove(way, ComparedTask.Loss)).Select(way => way.Name)];
                VariantRuns best = Best(task, figure.All);
                return new FigureContent(
                    ResultChart.Columns(title, "A column a way of dropout, a point a run: accuracy.", task.Metric, [.. figure.All.Select(way => (way.Name, way.Of(ComparedTask.Score)))]),
                    [
                        ["dropout", "accuracy", "loss in nats"],
                        .. figure.All.Select(way => (string[])[way.Name, way.Interval(ComparedTask.Score, FigureText.Percent), way.Interval(ComparedTask.Loss, FigureText.Number)]),
                    ],
                    [
                        Claim.Of(new[] { each, one, weights }.Any(way => IsBetter(task, way, none)),
                            $"Dropout helps: {Scores(none, each, one, weights)}.", $"No way of dropout stands clear of none in accuracy: {Scores(none, each, one, weights)}; the loss is clearly lower with {FigureText.List(lower)}."),
                        Claim.Of(IsBetter(task, one, each),
                            $"One mask over time is better than a mask a step: {Scores(one, each)}.", $"One mask over time is not clearly better than a mask a step: {Scores(one, each)}."),
                    ],
                    Claim.Of(IsBetter(task, best, none), $"Choose {best.Name}: every run of it is above every run without dropout.",
                        lower.Length == 0 ? $"Nothing is lost without dropout at this size; {best.Name} has the best mean." : $"Choose {(lower.Length > 1 ? "one of " : "")}{FigureText.List(lower)} where probabilities count; for labels alone nothing is lost without dropout at this size."));
            });
        }
    }
}
