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
                    ? $"{solved.Length} of {one.Runs.Count}, after {one.Interval(ComparedTask.Solved, FigureText.Count)} steps" : $"no; {missed(task, one)}")]),
            ];
            string[] gated = [CellVariant.GruBefore.Name, CellVariant.Gru.Name, CellVariant.LstmClosed.Name, CellVariant.Lstm.Name];
            string[] order = [.. cells.OrderByDescending(SolvedBy).ThenBy(cell => own.Sum(task => StepsOf(figure[task, cell])))];
            int all = own.Count * Scale.Seeds, leastGated = gated.Min(SolvedBy), tanh = SolvedBy(CellVariant.Tanh.Name);
            int identity = SolvedBy(CellVariant.ReluIdentity.Name), rotation = SolvedBy(CellVariant.Relu.Name);
            return new FigureContent(svg, table,
            [
                Claim.Of(leastGated > tanh,
                    $"Gates remember: each cell with gates solved at least {leastGated} of {all} trainings, and tanh {tanh}.",
                    $"Gates alone were not enough here: tanh solved {tanh} of {all} trainings, and the worst cell with gates {leastGated}."),
                Claim.Of(identity > rotation,
                    $"Starting from the identity helps a ReLU: {identity} of {all} solved, and {rotation} from a rotation.",
                    $"Starting from the identity did not help a ReLU here: {identity} of {all} solved, and {rotation} from a rotation."),
            ],
            Claim.Of(SolvedBy(order[0]) > 0,
                $"For a long memory choose {order[0]}: it solved {SolvedBy(order[0])} of {all}; next came {order[1]} with {SolvedBy(order[1])}.",
                "No cell solved any of it in so few steps: nothing can be advised."));
        });
    }
}
