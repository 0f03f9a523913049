using RnnService.Training.Comparison.Figures;
using RnnService.Training.Comparison.Tasks;

namespace RnnService.Training.Comparison.Experiments;

/// <summary>What a GRU's gates do in units that remember for long, and in those that do not.</summary>
internal sealed class GatesExperiment(ComparisonScale scale, ComparedTasks tasks) : Experiment(scale)
{
    private const double Clear = .3; // what is less may be chance among some hundred units

    public override string Name => "gates";

    public override string Title => "What gates do";

    public override string Idea =>
        "Cho et al. (2014) expected of their [GRU](equations.md#cells) that units of a short memory keep the reset gate busy, and units of a long memory the update gate. "
        + "After training a GRU reads 2,000 characters that it has not seen. How long a unit remembers is the lag at which the autocorrelation of its state falls below 1/e. "
        + "Beside it stand the mean of z, the share of its state that it keeps, and the mean of 1−r, what the reset gate hides of the state.";

    public override IReadOnlyList<Formula> Formulas => [Formula.Reset, Formula.Update, Formula.GruAfter, Formula.GruState];

    public override IReadOnlyList<ComparedFigure> Figures => [Figure("gates-made", "A GRU's gates on a text that is made", tasks.Made), Figure("gates", "A GRU's gates on Shakespeare", tasks.Shakespeare)];

    /// <summary>Spearman's correlation: that of the ranks, equal values sharing theirs. 0 where one of both does not vary.</summary>
    internal static double RankCorrelation(double[] one, double[] other)
    {
        double[] a = Ranks(one), b = Ranks(other);
        double mean = (a.Length - 1) / 2.0;
        double product = a.Zip(b, (x, y) => (x - mean) * (y - mean)).Sum();
        double scale = Math.Sqrt(a.Sum(x => (x - mean) * (x - mean)) * b.Sum(y => (y - mean) * (y - mean)));
        return scale == 0 ? 0 : product / scale;

        static double[] Ranks(double[] values) => [.. values.Select(value => values.Count(other => other < value) + ((values.Count(other => other == value) - 1) / 2.0))];
    }

    private ComparedFigure Figure(string id, string title, LanguageTask task) => new(id, title, [.. Runs(task, CellVariant.Gru.Name, CellVariant.Gru.For(task))], figure =>
    {
        VariantRuns gru = figure[task, CellVariant.Gru.Name];
        double[] With(string series) => [.. gru.Runs.Select(run => RankCorrelation(run.Series[LanguageTask.Remembers], run.Series[series]))];
        (double X, double Y)[] Points(string series) =>
            [.. gru.Runs.SelectMany(run => run.Series[LanguageTask.Remembers].Zip(run.Series[series], (steps, mean) => (Math.Log10(steps), mean)))];
        double[] keeps = With(LanguageTask.Keeps), resets = With(LanguageTask.Resets);
        string svg = ResultChart.Points(title, "Points a unit: gate activity by how long the unit remembers.", "log₁₀ of the characters that a unit remembers", "mean activity",
            [("update gate: z", Points(LanguageTask.Keeps)), ("reset gate: 1−r", Points(LanguageTask.Resets))]);
        IReadOnlyList<string[]> table =
        [
            ["units by memory", "characters", "update gate: z", "reset gate: 1−r"],
            .. Thirds().Select(third => (string[])[third.Name, FigureText.Number(third.Units.Average(unit => unit.Steps)), FigureText.Number(third.Units.Average(unit => unit.Keeps)), FigureText.Number(third.Units.Average(unit => unit.Resets))]),
            ["rank correlation with memory", "", Spread(keeps), Spread(resets)],
        ];
        return new FigureContent(svg, table,
        [
            Claim.Of(keeps.Min() > Clear,
                $"Units of a long memory keep their state by the update gate: the rank correlation of memory and z is {Spread(keeps)}.",
                $"Memory does not clearly go with the update gate: the rank correlation of memory and z is {Spread(keeps)}."),
            Claim.Of(resets.Max() < -Clear,
                $"Units of a short memory keep the reset gate busy: the rank correlation of memory and 1−r is {Spread(resets)}.",
                $"Units of a short memory do not clearly keep the reset gate busy: the rank correlation of memory and 1−r is {Spread(resets)}."),
        ],
        Claim.Of(Math.Abs(keeps.Average()) > Math.Abs(resets.Average()),
            "To see what a unit is for, look at its update gate first (`rnn inspect MODEL --text … --of update`): it tells more of memory than the reset gate does.",
            "To see what a unit is for, look at its reset gate first (`rnn inspect MODEL --text … --of reset`): it tells more of memory than the update gate does."));

        IEnumerable<(string Name, (double Steps, double Keeps, double Resets)[] Units)> Thirds()
        {
            var units = gru.Runs.SelectMany(run => run.Series[LanguageTask.Remembers].Select((steps, i) =>
                (Steps: steps, Keeps: run.Series[LanguageTask.Keeps][i], Resets: run.Series[LanguageTask.Resets][i]))).OrderBy(unit => unit.Steps).ToArray();
            string[] names = ["the shortest third", "the middle third", "the longest third"];
            for (int i = 0; i < names.Length; i++)
            {
                var third = units[(i * units.Length / names.Length)..((i + 1) * units.Length / names.Length)];
                if (third.Length > 0) yield return (names[i], third);
            }
        }

        static string Spread(double[] all) => FigureText.Interval(all, FigureText.Number);
    });
}
