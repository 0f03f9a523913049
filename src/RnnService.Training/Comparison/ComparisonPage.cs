using System.Globalization;
using RnnService.Engine.Weights;
using RnnService.Training.Comparison.Experiments;
using RnnService.Training.Comparison.Figures;
using RnnService.Training.Comparison.Tasks;

namespace RnnService.Training.Comparison;

/// <summary>
/// The page of a comparison: a function of the runs alone, so that no sentence on it can differ from the figures. Figures that lack runs say so.
/// </summary>
internal static class ComparisonPage
{
    /// <summary>The page.</summary>
    /// <param name="scale">How large everything is: runs of other sizes are not shown.</param>
    /// <param name="store">The runs.</param>
    /// <param name="folder">The folder of the figures' files, from where the page lies.</param>
    public static Article Of(ComparisonScale scale, ResultStore store, string folder)
    {
        var article = new Article("The ideas of the field, measured", folder);
        var shown = new List<RunResult>();
        bool quick = scale.Name != ComparisonScale.Full.Name;
        IReadOnlyList<Experiment> experiments = new ModelComparison(scale, "", "").Experiments;
        var figures = experiments.SelectMany(one => one.Figures).Select(figure => (Figure: figure, Made: MadeOf(figure, store))).ToDictionary(pair => pair.Figure.Id, pair => pair.Made);
        int whole = experiments.SelectMany(one => one.Figures).Count(figure => figures[figure.Id].Count == figure.Runs.Count);
        article.AddParagraph(
            "`rnn compare` trains small networks that differ in one thing, with equal budgets and some seeds each, and writes this page of what it measured. All sentences about "
            + "results are computed from the runs, which are kept beside the figures. A point is a run from a seed, and brackets hold the lowest and the highest of them; one thing is called "
            + "clearly better, or to help, where every run of it is above every run of the other. Texts are scored by the best evaluation on the development part. These are small networks on small budgets: they show directions, not records.");
        if (quick) article.AddParagraph("**A first look.** Networks, corpora and trainings are cut to the size of a toy: take none of it for a result.");
        if (whole == 0)
            article.AddParagraph($"**Nothing has been measured yet.** `{Command(null, quick, needsData: true)}` measures all of it, within two hours on two processors.");
        Experiment[] untried = whole == 0 ? [] : [.. experiments.Where(experiment => experiment.Figures.All(figure => figures[figure.Id].Count == 0))];
        foreach (Experiment experiment in experiments.Except(untried))
        {
            article.AddHeading(2, experiment.Title);
            article.AddParagraph(experiment.Idea);
            article.AddFormulas([.. experiment.Formulas.Select(formula => (formula.Name, formula.Lines))]);
            foreach (ComparedFigure figure in experiment.Figures)
            {
                string command = Command(experiment, quick, figure.Corpora.Count > 0);
                IReadOnlyList<RunResult> made = figures[figure.Id];
                article.AddHeading(3, figure.Title);
                if (made.Count < figure.Runs.Count)
                {
                    string corpora = figure.Corpora.Count == 0 ? "" : $", with {FigureText.List(figure.Corpora.Select(name => $"`{name}`"))} in that folder";
                    if (figure.Bases is { Count: > 0 } bases) corpora += $" and {FigureText.List(bases.Select(name => $"`{name}`"))} among the models (`--models`)";
                    article.AddParagraph($"Not measured: {made.Count} of {figure.Runs.Count} runs are there. `{command}` makes the others{corpora}.");
                    continue;
                }

                FigureContent content = figure.Show(new FigureRuns(made));
                article.AddFigure(figure.Id, figure.Title, content.Svg);
                article.AddTable(content.Table);
                article.AddParagraph(string.Join(' ', content.Claims.Select(claim => claim.Sentence)));
                article.AddParagraph($"**What to choose.** {content.Choice.Sentence}");
                string seeds = FigureText.List(made.Select(run => run.Seed).Distinct().Order().Select(seed => seed.ToString(CultureInfo.InvariantCulture)));
                article.AddParagraph($"`{command}`; seeds {seeds}; {figure.Runs.Count} trainings, {FigureText.Count(made.Sum(run => run.Seconds))} s together.");
                shown.AddRange(made);
            }
        }

        if (untried.Length > 0)
            article.AddParagraph($"Not measured yet: {string.Join("; ", untried.Select(one => $"{one.Title} (`{Command(one, quick, one.Figures.Any(figure => figure.Corpora.Count > 0))}`)"))}.");
        if (shown.Count > 0) article.AddParagraph($"Measured on {FigureText.List(shown.Select(run => run.Machine).Distinct())}.");
        return article;
    }

    /// <summary>Writes the page with the files of its figures.</summary>
    /// <param name="article">The page.</param>
    /// <param name="path">The page's file.</param>
    /// <param name="figures">The folder of the figures.</param>
    /// <exception cref="IOException">A file cannot be written.</exception>
    public static void Write(Article article, string path, string figures)
    {
        if (article.Figures.Count > 0) Directory.CreateDirectory(figures);
        foreach (var (name, svg) in article.Figures) WholeFile.Write(Path.Combine(figures, name), svg);
        WholeFile.Write(path, article.ToMarkdown());
    }

    private static IReadOnlyList<RunResult> MadeOf(ComparedFigure figure, ResultStore store) => [.. figure.Runs.Select(store.Find).OfType<RunResult>()];

    private static string Command(Experiment? experiment, bool quick, bool needsData) =>
        "rnn compare" + (experiment is null ? "" : $" --only {experiment.Name}") + (quick ? " --quick" : "") + (needsData ? " --data FOLDER" : "");
}
