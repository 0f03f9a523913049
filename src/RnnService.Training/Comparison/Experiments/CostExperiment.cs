using System.Globalization;
using RnnService.Training.Comparison.Figures;
using RnnService.Training.Comparison.Tasks;

namespace RnnService.Training.Comparison.Experiments;

/// <summary>What each cell costs where all are equally good.</summary>
internal sealed class CostExperiment(ComparisonScale scale, ComparedTasks tasks) : Experiment(scale)
{
    private static readonly CellVariant[] Cells = [CellVariant.Tanh, CellVariant.GruBefore, CellVariant.Gru, CellVariant.Lstm];

    public override string Name => "cost";

    public override string Title => "What a cell costs at equal score";

    public override string Idea =>
        "A cell that scores better with as many weights may pay for it in time: an LSTM computes four products where an Elman cell computes one, and keeps two rows of numbers for "
        + "every stream ([the cells](equations.md#cells)). So each cell is trained in three sizes; of each the smallest counts whose mean reaches the score that all cells reach. "
        + "Serving is one stream, a character at a time; a stream's bytes are its state between two characters.";

    public override IReadOnlyList<Formula> Formulas => [Formula.Weights];

    public override IReadOnlyList<ComparedFigure> Figures => [Figure];

    private int[] Sizes => [Scale.TextHidden / 2, Scale.TextHidden, Scale.TextHidden * 3 / 2];

    private ComparedFigure Figure
    {
        get
        {
            LanguageTask task = tasks.Shakespeare;
            const string title = "Nats a character by parameters, three sizes of each cell";
            // The middle size is that of the cells' figure: the same runs, if they have the same name.
            string NameOf(CellVariant cell, int size) => size == Scale.TextHidden ? cell.Name : string.Create(CultureInfo.InvariantCulture, $"{cell.Name} {cell.HiddenSize(size, task.InputSize)}");
            return new ComparedFigure("cost", title, [.. Cells.SelectMany(cell => Sizes.SelectMany(size => Runs(task, NameOf(cell, size), cell.For(task, size))))], figure =>
            {
                VariantRuns[] Of(CellVariant cell) => [.. Sizes.Select(size => figure[task, NameOf(cell, size)])];
                double target = Cells.Max(cell => Of(cell).Min(one => one.Mean(ComparedTask.Score)));
                (CellVariant Cell, int Size, VariantRuns Runs)[] equal =
                    [.. Cells.Select(cell => Of(cell).Zip(Sizes).First(one => one.First.Mean(ComparedTask.Score) <= target) is var (runs, size) ? (cell, cell.HiddenSize(size, task.InputSize), runs) : default)];
                var smallest = equal.MinBy(one => one.Runs.Mean(ComparedTask.Parameters));
                var fastest = equal.MaxBy(one => one.Runs.Mean(ComparedTask.Serving));
                var lightest = equal.MinBy(one => one.Runs.Mean(ComparedTask.StreamBytes));
                bool gated = smallest.Cell != CellVariant.Tanh;
                return new FigureContent(
                    ResultChart.Lines(title, "A line a cell over its parameters: nats a character.", "parameters", task.Metric,
                        [.. Cells.Select(cell => (cell.Name, (IReadOnlyList<(double, double)>)[.. Of(cell).Select(one => (one.Mean(ComparedTask.Parameters), one.Mean(ComparedTask.Score)))]))]),
                    [
                        ["cell", "hidden size", task.Metric, "parameters", "trained a second", "served a second", "bytes a stream"],
                        .. equal.Select(one => (string[])
                        [
                            one.Cell.Name, FigureText.Count(one.Size), one.Runs.Interval(ComparedTask.Score, FigureText.Number), FigureText.Count(one.Runs.Mean(ComparedTask.Parameters)),
                            FigureText.Count(one.Runs.Mean(ComparedTask.Training)), FigureText.Count(one.Runs.Mean(ComparedTask.Serving)), FigureText.Count(one.Runs.Mean(ComparedTask.StreamBytes)),
                        ]),
                    ],
                    [
                        Claim.Of(gated,
                            $"For {FigureText.Number(target)} nats a character {smallest.Cell.Name} needs the fewest parameters, {FigureText.Count(smallest.Runs.Mean(ComparedTask.Parameters))}: gates are worth their weights.",
                            $"For {FigureText.Number(target)} nats a character {smallest.Cell.Name} needs the fewest parameters, {FigureText.Count(smallest.Runs.Mean(ComparedTask.Parameters))}: gates are not worth their weights here."),
                        Claim.Of(fastest.Cell == smallest.Cell,
                            $"It is also served fastest, {FigureText.Count(fastest.Runs.Mean(ComparedTask.Serving))} characters a second; {lightest.Cell.Name} has the lightest streams, {FigureText.Count(lightest.Runs.Mean(ComparedTask.StreamBytes))} bytes each.",
                            $"But {fastest.Cell.Name} is served fastest, {FigureText.Count(fastest.Runs.Mean(ComparedTask.Serving))} characters a second; {lightest.Cell.Name} has the lightest streams, {FigureText.Count(lightest.Runs.Mean(ComparedTask.StreamBytes))} bytes each."),
                    ],
                    Claim.Of(fastest.Cell == lightest.Cell, $"To serve many streams choose {fastest.Cell.Name}: the fastest, with the lightest streams.",
                        $"To serve many streams choose {lightest.Cell.Name} where memory is short, and {fastest.Cell.Name} where time is."));
            });
        }
    }
}
