using RnnService.Training.Comparison.Figures;
using RnnService.Training.Comparison.Tasks;

namespace RnnService.Training.Comparison.Experiments;

/// <summary>Over how many steps each cell learns to remember.</summary>
internal sealed class MemoryExperiment(ComparisonScale scale, ComparedTasks tasks) : Experiment(scale)
{
    public override string Name => "memory";

    public override string Title => "What a cell can be taught to remember";

    public override string Idea =>
        "A recurrent cell is told two numbers among many, or some symbols before a long silence, and asked for them at the end "
        + "([the cells](equations.md#cells)). Nothing else helps: whoever answers has remembered. All cells have as many recurrent weights as an LSTM, the "
        + "same steps and the same rate; a training ends when the task is solved, or with its last step. `relu id` starts from the identity "
        + "(Le, Jaitly and Hinton 2015), all others from rotations; `f` is where the bias of an LSTM's forget gate starts.";

    public override IReadOnlyList<Formula> Formulas => [Formula.Elman, Formula.GruState, Formula.LstmState];

    public override IReadOnlyList<ComparedFigure> Figures =>
    [
        Figure("adding", "The adding problem, by length", tasks.Adding, [.. Scale.Lengths], "numbers in a sequence", task => $"{((AddingTask)task).Length}",
            (task, one) => $"rmse {one.Interval(ComparedTask.Score, FigureText.Number)}"),
        Figure("copying", "Copying three symbols, by delay", tasks.Copying, [.. Scale.Delays], "steps between symbol and copy", task => $"{((CopyingTask)task).Delay}",
            (task, one) => $"{FigureText.Percent(one.Of(ComparedTask.Score).Select(((CopyingTask)task).RecallOf).DefaultIfEmpty(double.NaN).Average())} of the copies"),
    ];

    private ComparedFigure Figure(
        string id, string title, IReadOnlyList<ComparedTask> own, double[] sizes, string axis, Func<ComparedTask, string> sizeOf, Func<ComparedTask, VariantRuns, string> missed)
    {
        PlannedRun[] runs = [.. own.SelectMany(task => CellVariant.Recurrent.SelectMany(cell => Runs(task, cell.Name, cell.For(task))))];
        return new ComparedFigure(id, title, runs, figure =>
        {
            int SolvedBy(string cell) => own.Sum(task => figure[task, cell].Of(ComparedTask.Solved).Length);
            double StepsOf(VariantRuns one) => one.Runs.Average(run => run.Values.GetValueOrDefault(ComparedTask.Solved, Scale.NumberSteps));
            string[] cells = [.. CellVariant.Recurrent.Select(cell => cell.Name)];
            string svg = ResultChart.Lines(title, "Steps until solved, by length, a line a cell.", axis, $"steps until solved; {Scale.NumberSteps} where it was not",
                [.. cells.Select(cell => (cell, (IReadOnlyList<(double, double)>)[.. own.Select((task, i) => (sizes[i], StepsOf(figure[task, cell])))]))]);
            string[] head = ["cell", .. own.Select(sizeOf)];
            IReadOnlyList<string[]> table =
            [
                head,
                .. cells.Select(cell => (string[])[cell, .. own.Select(task => figure[task, cell] is var one && one.Of(ComparedTask.Solved) is { Length: > 0 } solved
                    ? $"{solved.Length} of {one.Runs.Count}, after {one.Interval(ComparedTask.Solved, FigureText.Count)} steps{Broken(one)}" : $"no{(one.AllHave(ComparedTask.Failed) ? "" : "; " + missed(task, one))}{Broken(one)}")]),
            ];
            string Broken(VariantRuns one) => one.Of(ComparedTask.Failed) is { Length: > 0 } failed ? $"; {failed.Length} of {one.Runs.Count} broke" : "";
            string[] gated = [CellVariant.GruBefore.Name, CellVariant.Gru.Name, CellVariant.LstmClosed.Name, CellVariant.Lstm.Name];
            string[] order = [.. cells.OrderByDescending(SolvedBy).ThenBy(cell => own.Sum(task => StepsOf(figure[task, cell])))];
            int all = own.Count * Scale.Seeds, leastGated = gated.Min(SolvedBy);
            string open = cells.Except(gated).MaxBy(SolvedBy)!;
            string gates = $"the cells with gates solved {(leastGated == all ? "all" : $"at least {leastGated}")} of {all} trainings; of those without, {open} solved {SolvedBy(open)} and tanh {SolvedBy(CellVariant.Tanh.Name)}";
            string[] equal = [.. order.Where(cell => SolvedBy(cell) == SolvedBy(order[0]))];
            int identity = SolvedBy(CellVariant.ReluIdentity.Name), rotation = SolvedBy(CellVariant.Relu.Name);
            return new FigureContent(svg, table,
            [
                Claim.Of(leastGated > SolvedBy(open), $"Gates remember: {gates}.", $"Gates are not the only way to remember: {gates}."),
                Claim.Of(identity > rotation,
                    $"Starting from the identity helps a ReLU: {identity} of {all} solved, and {rotation} from a rotation.",
                    $"Starting from the identity did not help a ReLU here: {identity} of {all} solved, and {rotation} from a rotation."),
            ],
            Claim.Of(SolvedBy(order[0]) > 0,
                $"For a long memory choose {(equal.Length > 1 ? "one of " : "")}{FigureText.List(equal)}, with {SolvedBy(order[0])} of {all} solved{(equal.Length > 1 ? $" each, {order[0]} in the fewest steps or as few" : "")}.",
                "No cell solved any of it in so few steps: nothing can be advised."));
        });
    }
}
