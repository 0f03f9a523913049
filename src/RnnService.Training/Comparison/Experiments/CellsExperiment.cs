using RnnService.Training.Comparison.Figures;
using RnnService.Training.Comparison.Tasks;

namespace RnnService.Training.Comparison.Experiments;

/// <summary>Every cell on texts to judge, words to tag and characters to foretell.</summary>
internal sealed class CellsExperiment(ComparisonScale scale, ComparedTasks tasks) : Experiment(scale)
{
    public override string Name => "cells";

    public override string Title => "Which cell, and one direction or two";

    public override string Idea =>
        "A sum of embeddings (CBOW) forgets the order of words; an Elman cell squeezes all it has read through one nonlinearity a step; gates decide what is kept "
        + "([all cells](equations.md#cells)); a second direction reads from the end ([directions](equations.md#two-directions-and-stacks)) and sees what comes after a word, "
        + "marked ↔. All cells but the sum, which has none, have as many recurrent weights as an LSTM in one direction, and the same passes over the corpus; what the head has comes on top. Texts are judged by their last states, and "
        + "tags are told without characters, so that the cell has to do the work. A sum writes no text: its state grows for ever.";

    public override IReadOnlyList<Formula> Formulas => [Formula.Sum, Formula.Elman, Formula.Reset, Formula.Update, Formula.GruAfter, Formula.GruBefore, Formula.GruState, Formula.LstmState, Formula.LstmGates];

    public override IReadOnlyList<ComparedFigure> Figures =>
    [
        Figure("cells-reviews", "Judging sentences of reviews", tasks.Reviews, [CellVariant.Sum, .. CellVariant.Recurrent, CellVariant.Tanh.Both, CellVariant.Gru.Both, CellVariant.Lstm.Both]),
        Figure("cells-tags", "Tagging words with their parts of speech", tasks.Tags, [CellVariant.Sum, .. CellVariant.Recurrent, CellVariant.Tanh.Both, CellVariant.Gru.Both, CellVariant.Lstm.Both]),
        Figure("cells-shakespeare", "Foretelling the characters of Shakespeare", tasks.Shakespeare, CellVariant.Recurrent),
    ];

    private ComparedFigure Figure(string id, string title, ComparedTask task, IReadOnlyList<CellVariant> cells) => new(
        id, title, [.. cells.SelectMany(cell => Runs(task, cell.Name, cell.For(task)))], figure =>
    {
        Func<double, string> text = FigureText.ScoreOf(task);
        VariantRuns[] all = [.. figure.All];
        string svg = ResultChart.Columns(title, $"A column a cell, a point a run: {task.Metric}.", task.Metric, [.. all.Select(one => (one.Name, one.Of(ComparedTask.Score)))]);
        IReadOnlyList<string[]> table =
        [
            ["cell", task.Metric, "parameters", "trained a second", "served a second"],
            .. all.Select(one => (string[])
            [
                one.Name, one.Interval(ComparedTask.Score, text), FigureText.Count(one.Mean(ComparedTask.Parameters)), FigureText.Count(one.Mean(ComparedTask.Training)),
                FigureText.Count(one.Mean(ComparedTask.Serving)),
            ]),
        ];
        VariantRuns tanh = figure[task, CellVariant.Tanh.Name], gru = figure[task, CellVariant.Gru.Name], lstm = figure[task, CellVariant.Lstm.Name];
        VariantRuns open = Best(task, [tanh, figure[task, CellVariant.Relu.Name], figure[task, CellVariant.ReluIdentity.Name]]);
        string gated = $"gru {gru.Interval(ComparedTask.Score, text)}, lstm f=1 {lstm.Interval(ComparedTask.Score, text)}, {open.Name} {open.Interval(ComparedTask.Score, text)}";
        VariantRuns best = Best(task, all);
        VariantRuns cheapest = all.Where(one => one.AllHave(ComparedTask.Score) && !IsBetter(task, best, one)).MaxBy(one => one.Mean(ComparedTask.Serving)) ?? best;
        return new FigureContent(svg, table,
        [
            Claim.Of(IsBetter(task, gru, open) && IsBetter(task, lstm, open), IsBetter(task, open, gru) && IsBetter(task, open, lstm),
                $"Gates pay: {gated}.", $"Gates do not pay here: {gated}.", $"Gates do not stand clear of the best cell without them: {gated}."),
            Second(task, figure, lstm, cells, text),
        ],
        Claim.Of(cheapest == best,
            $"Choose {best.Name}: it has the best mean, and no cell that reaches its runs is served faster.",
            $"Choose {cheapest.Name} where speed counts: its runs reach those of {best.Name}, which has the best mean, and it is served {FigureText.Number(cheapest.Mean(ComparedTask.Serving) / best.Mean(ComparedTask.Serving))} times as fast."));
    });

    private static Claim Second(ComparedTask task, FigureRuns figure, VariantRuns lstm, IReadOnlyList<CellVariant> cells, Func<double, string> text)
    {
        if (!cells.Any(cell => cell.BothWays))
        {
            VariantRuns closed = figure[task, CellVariant.LstmClosed.Name];
            string biases = $"{lstm.Interval(ComparedTask.Score, text)} with 1, {closed.Interval(ComparedTask.Score, text)} with 0";
            return Claim.Of(IsBetter(task, lstm, closed), IsBetter(task, closed, lstm),
                $"A forget bias of 1 helps an LSTM: {biases}.", $"A forget bias of 1 does not help an LSTM here, it costs: {biases}.", $"The forget bias makes no clear difference to an LSTM here: {biases}.");
        }

        VariantRuns both = figure[task, CellVariant.Lstm.Both.Name];
        string ways = $"{both.Interval(ComparedTask.Score, text)} in two, {lstm.Interval(ComparedTask.Score, text)} in one";
        return Claim.Of(IsBetter(task, both, lstm), IsBetter(task, lstm, both),
            $"A second direction is worth its weights in an LSTM: {ways}.", $"A second direction of the same weights costs an LSTM here: {ways}.", $"A second direction of the same weights does not clearly help an LSTM here: {ways}.");
    }
}
