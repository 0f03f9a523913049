using RnnService.Training.Comparison.Figures;
using RnnService.Training.Comparison.Tasks;

namespace RnnService.Training.Comparison.Experiments;

/// <summary>How a decoder learns of the source, and from what it goes on in training.</summary>
internal sealed class TranslationExperiment(ComparisonScale scale, ComparedTasks tasks) : Experiment(scale)
{
    private const string Attends = "attention", Last = "last state", Sampled = "sampling";

    public override string Name => "attention";

    public override string Title => "Attention, and whose words a decoder reads in training";

    public override string Idea =>
        "A translator's decoder writes what its encoder read. Without attention all of the source has to fit into the encoder's last state; with it, every step looks for what it "
        + "needs among the states of all words ([equations](equations.md#reading-one-sequence-writing-another); Bahdanau, Cho and Bengio 2015). In training a decoder reads the right words before the one it is to write (teacher "
        + "forcing); scheduled sampling gives it its own ever more often (Bengio et al. 2015), as it will have them in earnest. English to French, scored by BLEU; what attends has its weights on top.";

    public override IReadOnlyList<Formula> Formulas => [Formula.Attention, Formula.Written];

    public override IReadOnlyList<ComparedFigure> Figures => [Attention, Sampling];

    private static string[] AttentionOf(bool attends) => [$"model.decoder.attention={(attends ? "additive" : "none")}"];

    private IEnumerable<PlannedRun> Attending => Runs(tasks.Translation, Attends, AttentionOf(true));

    private ComparedFigure Attention
    {
        get
        {
            TranslationTask task = tasks.Translation;
            const string title = "BLEU by the length of the source, with attention and without";
            return new ComparedFigure("attention", title, [.. Attending, .. Runs(task, Last, AttentionOf(false))], figure =>
            {
                VariantRuns attends = figure[task, Attends], last = figure[task, Last];
                int[] lengths = [.. TranslationTask.Lengths.Where(length => attends.AllHave(TranslationTask.BleuOf(length)) && last.AllHave(TranslationTask.BleuOf(length)))];
                double Gap(int length) => attends.Mean(TranslationTask.BleuOf(length)) - last.Mean(TranslationTask.BleuOf(length));
                string shortest = lengths.Length > 0 ? FigureText.Bleu(Gap(lengths[0])) : "–", longest = lengths.Length > 0 ? FigureText.Bleu(Gap(lengths[^1])) : "–";
                return new FigureContent(
                    ResultChart.Lines(title, "Two lines over the lengths of sources: BLEU.", "words of the source: short, middle, long", "BLEU",
                        [.. figure.All.Select(one => (one.Name, (IReadOnlyList<(double, double)>)[.. lengths.Select((length, i) => ((double)i, 100 * one.Mean(TranslationTask.BleuOf(length))))]))]),
                    [
                        ["decoder", "BLEU", .. lengths.Select(length => TranslationTask.BleuOf(length).Replace("bleu", "BLEU", StringComparison.Ordinal)), "parameters"],
                        .. figure.All.Select(one => (string[])
                        [
                            one.Name, Scores(one), .. lengths.Select(length => one.Interval(TranslationTask.BleuOf(length), FigureText.Bleu)),
                            FigureText.Count(one.Mean(ComparedTask.Parameters)),
                        ]),
                    ],
                    [
                        Claim.Of(IsBetter(task, attends, last),
                            $"Attention translates better: {Scores(attends)}; from the last state {Scores(last)}.", $"Attention does not stand clear here: {Scores(attends)}; from the last state {Scores(last)}."),
                        Claim.Of(lengths.Length > 1 && Gap(lengths[^1]) > Gap(lengths[0]),
                            $"It is worth more the longer the source is: {longest} BLEU for the longest, {shortest} for the shortest.",
                            $"It is not worth more for longer sources here: {longest} BLEU for the longest, {shortest} for the shortest."),
                    ],
                    Claim.Of(IsBetter(task, attends, last), "Choose attention, which is the usual.", "At this size a last state will do; attention is the usual, and costs little."));
            });
        }
    }

    private ComparedFigure Sampling
    {
        get
        {
            TranslationTask task = tasks.Translation;
            const string title = "Teacher forcing and scheduled sampling";
            return new ComparedFigure("sampling", title, [.. Attending, .. Runs(task, Sampled, [.. AttentionOf(true), "training.scheduled_sampling=0.3"])], figure =>
            {
                VariantRuns forced = figure[task, Attends], sampled = figure[task, Sampled];
                return new FigureContent(
                    ResultChart.Columns(title, "Two columns, a point a run: BLEU.", "BLEU", [("teacher forcing", Percent(forced)), ("scheduled sampling", Percent(sampled))]),
                    [
                        ["training", "BLEU", "nats a token"],
                        ["teacher forcing", Scores(forced), forced.Interval(ComparedTask.Loss, FigureText.Number)],
                        ["scheduled sampling to 0.3", Scores(sampled), sampled.Interval(ComparedTask.Loss, FigureText.Number)],
                    ],
                    [
                        Claim.Of(IsBetter(task, sampled, forced),
                            $"Scheduled sampling translates better: {Scores(sampled)}, and {Scores(forced)} under teacher forcing.", $"Scheduled sampling does not translate clearly better: {Scores(sampled)}, and {Scores(forced)} under teacher forcing."),
                        Claim.Of(sampled.Mean(ComparedTask.Loss) > forced.Mean(ComparedTask.Loss),
                            $"Told the right words it foretells worse: {FigureText.Number(sampled.Mean(ComparedTask.Loss))} nats a token against {FigureText.Number(forced.Mean(ComparedTask.Loss))}.",
                            $"Told the right words it foretells no worse: {FigureText.Number(sampled.Mean(ComparedTask.Loss))} nats a token against {FigureText.Number(forced.Mean(ComparedTask.Loss))}."),
                    ],
                    Claim.Of(IsBetter(task, sampled, forced), "Choose scheduled sampling (`training.scheduled_sampling`).", "Stay with teacher forcing, the usual."));
            });
        }
    }

    private static double[] Percent(VariantRuns one) => [.. one.Of(ComparedTask.Score).Select(score => 100 * score)];

    private static string Scores(VariantRuns one) => one.Interval(ComparedTask.Score, FigureText.Bleu);
}
