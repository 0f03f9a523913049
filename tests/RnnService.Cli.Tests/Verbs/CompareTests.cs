using RnnService.Training.Comparison;
using RnnService.Training.Comparison.Experiments;
using RnnService.Training.Comparison.Tasks;

namespace RnnService.Cli.Tests.Verbs;

public sealed class CompareTests
{
    /// <summary>Every sentence of the page that the repository has is what the runs beside it say.</summary>
    [Fact]
    public void The_page_in_the_documentation_is_that_of_the_runs_beside_it()
    {
        const string folder = "results";
        var store = new ResultStore(Path.Combine(Repository.Root, "docs", folder, "runs.jsonl"));
        Article article = ComparisonPage.Of(ComparisonScale.Full, store, folder);
        Repository.Compare($"docs/{folder}.md", article.ToMarkdown());
        Repository.Compare("src/RnnService.Server/wwwroot/results.html", article.ToHtml());
        foreach (var (name, svg) in article.Figures) Repository.Compare($"docs/{folder}/{name}", svg);
    }

    /// <summary>What an idea is, the page says with the formulas of docs/equations.md.</summary>
    [Fact]
    public void Formulas_of_the_page_are_those_of_the_documentation()
    {
        string equations = File.ReadAllText(Path.Combine(Repository.Root, "docs", "equations.md"));
        foreach (Experiment experiment in new ModelComparison(ComparisonScale.Full, "", "").Experiments)
        {
            Assert.NotEmpty(experiment.Formulas);
            Assert.All(experiment.Formulas.SelectMany(formula => formula.Lines), line => Assert.Contains(line, equations, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Stopped_at_once_it_writes_the_page_of_what_there_is_and_says_how_it_goes_on()
    {
        using var folder = new ScratchFolder();
        CommandRun run = CommandRun.With(null, ["compare", "--only", "gates", "--quick", "--data", folder["none"], "--output", folder["page.md"], "--html", folder["page.html"]], stopped: true);
        Assert.Equal(130, run.Code);
        Assert.Contains("Stopped; the same command goes on from there.", run.Error, StringComparison.Ordinal);
        Assert.Contains($"Left out, since there is no {Path.Combine(folder["none"], "shakespeare/train.txt")} and no ", run.Error, StringComparison.Ordinal);
        Assert.Equal([folder["page.md"], folder["page.html"]], run.Lines);
        Assert.Contains("**Nothing has been measured yet.**", File.ReadAllText(folder["page.md"]), StringComparison.Ordinal);
        Assert.Contains("<strong>Nothing has been measured yet.</strong>", File.ReadAllText(folder["page.html"]), StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder["page"]));
    }

    [Fact]
    public void What_cannot_be_compared_is_said()
    {
        CommandRun.Of("compare", "--only", "quantum").FailedWith(1, "--only is quantum; expected cells, memory, ");
        CommandRun.Of("compare", "--quick", "--output", "page.html").FailedWith(1, "--output is page.html; expected a file that ends in .md");
    }
}
