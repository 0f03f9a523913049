using System.Globalization;
using RnnService.Engine.Layers;
using RnnService.Training.Comparison.Figures;
using RnnService.Training.Comparison.Tasks;

namespace RnnService.Training.Comparison.Experiments;

/// <summary>What each cell costs where all are equally good.</summary>
internal sealed class CostExperiment(ComparisonScale scale, ComparedTasks tasks) : Experiment(scale)
{
    private static readonly CellVariant[] Cells = [CellVariant.Tanh, CellVariant.Relu, CellVariant.GruBefore, CellVariant.Gru, CellVariant.Lstm];

    public override string Name => "cost";

    public override string Title => "What a cell costs at equal score";

    public override string Idea =>
        "A cell that scores better with as many weights may pay for it in time: an LSTM computes four products where an Elman cell computes one, and keeps two rows of numbers for "
        + "every stream ([the cells](equations.md#cells)). So each cell is trained in three sizes, and its costs are those of the size that would have the score that all cells reach: "
        + "between two sizes logarithms lie on a straight line. Serving is one stream, a character at a time; a stream's bytes are its state between two characters.";

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
                Cost[] equal = [.. Cells.Select(cell => Cost.At(target, cell, Of(cell)))];
                Cost smallest = equal.MinBy(one => one.Parameters)!, fastest = equal.MaxBy(one => one.Served)!, lightest = equal.MinBy(one => one.StreamBytes)!;
                bool gated = smallest.Cell is not { Cell: CellKind.Tanh or CellKind.Relu };
                string score = FigureText.Number(target), few = $"For {score} nats a character {smallest.Cell.Name} needs the fewest parameters, {FigureText.Count(smallest.Parameters)}";
                string streams = $"{FigureText.Count(fastest.Served)} characters a second; {lightest.Cell.Name} has the lightest streams, {FigureText.Count(lightest.StreamBytes)} bytes each";
                return new FigureContent(
                    ResultChart.Lines(title, "A line a cell over its parameters: nats a character.", "parameters", task.Metric,
                        [.. Cells.Select(cell => (cell.Name, (IReadOnlyList<(double, double)>)[.. Of(cell).Select(one => (one.Mean(ComparedTask.Parameters), one.Mean(ComparedTask.Score)))]))]),
                    [
                        ["cell", "nats a character, three sizes", $"parameters for {score}", "trained a second", "served a second", "bytes a stream"],
                        .. equal.Select(one => (string[])
                        [
                            one.Cell.Name, string.Join(", ", Of(one.Cell).Select(size => FigureText.Number(size.Mean(ComparedTask.Score)))), FigureText.Count(one.Parameters),
                            FigureText.Count(one.Trained), FigureText.Count(one.Served), FigureText.Count(one.StreamBytes),
                        ]),
                    ],
                    [
                        Claim.Of(gated, $"{few}: gates are worth their weights.", $"{few}: gates are not worth their weights here."),
                        Claim.Of(fastest.Cell == smallest.Cell, $"It is also served fastest, {streams}.", $"But {fastest.Cell.Name} is served fastest, {streams}."),
                    ],
                    Claim.Of(fastest.Cell == lightest.Cell, $"Choose {fastest.Cell.Name}: the fastest here, with the lightest streams.",
                        $"Choose {lightest.Cell.Name} where the memory of many streams is short, and {fastest.Cell.Name} where time is."));
            });
        }
    }

    /// <summary>What a cell costs at a score.</summary>
    private sealed record Cost(CellVariant Cell, double Parameters, double Trained, double Served, double StreamBytes)
    {
        /// <summary>The costs between the two sizes whose scores a score lies between; those of the smallest size where that is better already.</summary>
        public static Cost At(double score, CellVariant cell, VariantRuns[] sizes)
        {
            int upper = Array.FindIndex(sizes, one => one.Mean(ComparedTask.Score) <= score), lower = Math.Max(0, upper - 1);
            double from = sizes[lower].Mean(ComparedTask.Score), to = sizes[upper].Mean(ComparedTask.Score), part = from == to ? 1 : (from - score) / (from - to);
            return new Cost(cell, Of(ComparedTask.Parameters), Of(ComparedTask.Training), Of(ComparedTask.Serving), Of(ComparedTask.StreamBytes));

            double Of(string value) => Math.Exp(((1 - part) * Math.Log(sizes[lower].Mean(value))) + (part * Math.Log(sizes[upper].Mean(value))));
        }
    }
}
