using System.CommandLine;
using System.Globalization;
using RnnService.Cli.Arguments;
using RnnService.Cli.Output;
using RnnService.Cli.Shell;
using RnnService.Engine.Text;
using RnnService.Engine.Weights;
using RnnService.Training.Comparison;
using RnnService.Training.Comparison.Figures;
using RnnService.Training.Comparison.Tasks;

namespace RnnService.Cli.Verbs;

/// <summary><c>rnn compare</c>: measures the ideas that recurrent networks stand on, side by side.</summary>
internal sealed class CompareVerb : Verb
{
    private const string RunsFile = "runs.jsonl";

    private readonly CancellationToken _stop;

    private readonly Option<string[]> _only = new("--only")
    {
        Description = $"Measures these alone: {string.Join(", ", ModelComparison.Names)}.",
        HelpName = "NAME…",
        AllowMultipleArgumentsPerToken = true,
    };

    private readonly Option<bool> _quick = new("--quick") { Description = "Toy sizes, for a first look: about a minute a figure." };

    private readonly Option<string> _data = new("--data")
    {
        Description = "The folder of the corpora: sst2, ewt-pos, shakespeare, fra-eng, intents, imdb. Figures whose files are not there are left out, with a line that names them.",
        HelpName = "FOLDER",
        DefaultValueFactory = _ => "data",
    };

    private readonly Option<string> _models = new("--models")
    {
        Description = "The folder of the shipped models, whose english is what networks of the experiment few start from.",
        HelpName = "FOLDER",
        DefaultValueFactory = _ => "models",
    };

    private readonly Option<string> _output = new("--output", "-o")
    {
        Description = "The page to write; its figures and its runs go into a folder of its name beside it. [default: docs/results.md, with --quick results-quick.md]",
        HelpName = "FILE",
    };

    private readonly Option<string> _html = new("--html")
    {
        Description = "Also write the page as HTML with its figures inside: the service serves src/RnnService.Server/wwwroot/results.html.",
        HelpName = "FILE",
    };

    public CompareVerb(Terminal terminal, CancellationToken stop)
        : base(
            terminal, "compare", "Measures the ideas of the field side by side, and writes a page of it.",
            $"""
            Small networks that differ in one thing are trained with equal budgets, each from some seeds. The page says for each idea what it is, what was
            measured and what to choose; its sentences are computed from the runs. Each run is kept in {RunsFile} in the folder of the page's figures as soon as
            it is over, and not made again: a comparison that was stopped goes on with the same command.
            """,
            "rnn compare --only gates --quick",
            "rnn compare --data data",
            "rnn compare --only memory gradients --output memory.md")
    {
        _stop = stop;
        Add(_only);
        Add(_quick);
        Add(_data);
        Add(_models);
        Add(_output);
        Add(_html);
    }

    protected override int Run(ParseResult parsed)
    {
        bool quick = parsed.GetValue(_quick);
        string[] only = parsed.GetValue(_only) is { Length: > 0 } asked ? asked : [.. ModelComparison.Names];
        if (only.Except(ModelComparison.Names).FirstOrDefault() is { } unknown)
            throw new CommandException($"--only is {unknown}; expected {Listing.Of(ModelComparison.Names)}");
        string output = parsed.GetValue(_output) ?? (quick ? "results-quick.md" : Path.Combine("docs", "results.md"));
        if (Path.GetExtension(output) != ".md") throw new CommandException($"--output is {output}; expected a file that ends in .md");
        string figures = Path.ChangeExtension(output, null);
        ComparisonScale scale = quick ? ComparisonScale.Quick : ComparisonScale.Full;
        var comparison = new ModelComparison(scale, parsed.GetValue(_data)!, parsed.GetValue(_models)!);
        var store = new ResultStore(Path.Combine(figures, RunsFile));
        foreach (ComparedFigure figure in comparison.Experiments.Where(one => only.Contains(one.Name)).SelectMany(one => one.Figures))
        {
            if (comparison.MissingOf(figure) is { Count: > 0 } missing) Terminal.Error.WriteLine($"Left out, since there is no {string.Join(" and no ", missing)}: {figure.Title}");
        }

        using var signals = new StopSignals(Terminal.Error, _stop);
        int code = ExitCode.Done;
        try
        {
            comparison.Run(only, store, Tell, signals.Token);
        }
        catch (OperationCanceledException) when (signals.Token.IsCancellationRequested)
        {
            Terminal.Error.WriteLine("Stopped; the same command goes on from there.");
            code = signals.Code;
        }

        Article article = ComparisonPage.Of(scale, store, Path.GetFileName(figures));
        ComparisonPage.Write(article, output, figures);
        Terminal.Out.WriteLine(output);
        if (parsed.GetValue(_html) is not { } html) return code;
        WholeFile.Write(html, article.ToHtml());
        Terminal.Out.WriteLine(html);
        return code;
    }

    private void Tell(ComparisonProgress progress) => Terminal.Error.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{progress.Number} of {progress.Count}  {progress.Run.Task.Name}  {progress.Run.Variant}  seed {progress.Run.Seed}  {Figures.Time(TimeSpan.FromSeconds(progress.Seconds))}"));
}
