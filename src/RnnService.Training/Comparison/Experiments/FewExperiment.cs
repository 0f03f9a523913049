using System.Globalization;
using RnnService.Training.Comparison.Figures;
using RnnService.Training.Comparison.Tasks;

namespace RnnService.Training.Comparison.Experiments;

/// <summary>Some examples of each label, learnt by a network that has read English before, by the same network from nothing, and by a linear model.</summary>
internal sealed class FewExperiment(ComparisonScale scale, ComparedTasks tasks) : Experiment(scale)
{
    private const string Nothing = "nothing", Words = "bag of words";

    // A sum of embeddings as wide as this with one matrix above is a linear model of the counts of words.
    private static readonly string[] LinearModel =
    [
        "model.cell=sum", "model.embedding_size=100", "model.hidden_size=100", "model.layers=1", "model.bidirectional=false", "model.pooling=last", "training.learning_rate=0.005",
        "training.batch_size=16",
    ];

    private string[] SameNetwork =>
    [
        "model.tokenizer=subwords", "model.lower_case=false", "model.cell=lstm", $"model.embedding_size={Scale.BaseSize}", $"model.hidden_size={Scale.BaseSize}", "model.layers=2",
        "model.bidirectional=false", "model.pooling=concat",
    ];

    public override string Name => "few";

    public override string Title => "A few examples, from a model of English and from nothing";

    public override string Idea =>
        "Who has ten texts a label cannot teach a network English with them. A language model has read it before: its layers and its subwords are taken over, and learn the task "
        + "from the top down, lower layers later and more slowly (Howard and Ruder 2018; `rnn train --from models/english`). Beside it stand the same network from random weights, "
        + "and a linear model of the words that a text has, which knows no order ([the sum](equations.md#cells)). Where examples are few each seed learns from others; "
        + "no validation part chooses the weights.";

    public override IReadOnlyList<Formula> Formulas => [Formula.Sum, Formula.LstmState];

    public override IReadOnlyList<ComparedFigure> Figures => [.. tasks.Few.Select(Figure)];

    private static string TitleOf(FewTask task)
    {
        string of = task switch { BankingTask => "77 wishes of a bank's customers", IntentTask => "150 wishes of an assistant's users", _ => "reviews of films, good or bad" };
        return task.PerLabel is { } count ? string.Create(CultureInfo.InvariantCulture, $"{count} examples a label: {of}") : $"All examples: {of}";
    }

    private ComparedFigure Figure(FewTask task)
    {
        string title = TitleOf(task);
        PlannedRun[] runs = [.. Runs(task, task.Base, [FewTask.FromBase]), .. Runs(task, Nothing, SameNetwork), .. Runs(task, Words, LinearModel)];
        return new ComparedFigure("few-" + task.Name.Replace(' ', '-'), title, runs, figure =>
        {
            VariantRuns english = figure[task, task.Base], nothing = figure[task, Nothing], words = figure[task, Words];
            string Score(VariantRuns one) => one.Interval(ComparedTask.Score, FigureText.Percent);
            VariantRuns best = Best(task, figure.All);
            return new FigureContent(
                ResultChart.Columns(title, "A column a start, a point a run: accuracy.", task.Metric, [.. figure.All.Select(one => (one.Name, one.Of(ComparedTask.Score)))]),
                [
                    ["starts from", "accuracy", "loss in nats", "parameters"],
                    .. figure.All.Select(one => (string[])[one.Name, Score(one), one.Interval(ComparedTask.Loss, FigureText.Number), FigureText.Count(one.Mean(ComparedTask.Parameters))]),
                ],
                [
                    Claim.Of(IsBetter(task, english, nothing),
                        $"What was read before helps: {Score(english)} from the model of English, {Score(nothing)} from nothing.",
                        $"What was read before does not clearly help here: {Score(english)} from the model of English, {Score(nothing)} from nothing."),
                    Claim.Of(IsBetter(task, english, words),
                        $"The words alone do not reach it: a linear model of them has {Score(words)}.", $"The words alone nearly say it, or more: a linear model of them has {Score(words)}."),
                ],
                Claim.Of(best == english && IsBetter(task, english, words), "Start from the model of English (`--from models/english`).",
                    best == english ? "Try the bag of words first: the model of English has the best mean, and is not clear of the words alone." : $"Try {best.Name} first: it has the best mean."));
        });
    }
}
