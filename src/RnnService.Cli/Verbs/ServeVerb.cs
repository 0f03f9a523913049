using System.CommandLine;
using System.Globalization;
using RnnService.Cli.Arguments;
using RnnService.Cli.Shell;
using RnnService.Server;

namespace RnnService.Cli.Verbs;

/// <summary><c>rnn serve</c>: the HTTP service over a folder of models.</summary>
internal sealed class ServeVerb : Verb
{
    private readonly Argument<string> _models = new("MODELS")
    {
        Description = "The folder that holds one folder a model; left out, the nearest one named models here or above.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<string?> _urls = new("--urls")
    {
        Description = "Where it listens, separated by semicolons; http://localhost:8080 unless the settings say otherwise.",
        HelpName = "URLS",
    };

    private readonly Option<int?> _watch = new("--watch")
    {
        Description = "Seconds between looks at the folder: models that come, change or go are followed while it serves.",
        HelpName = "SECONDS",
    };

    private readonly Option<string[]> _set = new("--set")
    {
        Description = "A setting of the service, such as Rnn:Limits:MaxTextLength=1000. May be repeated.",
        HelpName = "NAME=VALUE",
    };

    public ServeVerb(Terminal terminal)
        : base(
            terminal, "serve", "Serves the models of a folder over HTTP until Ctrl-C.",
            "POST /classify, /tag and /generate; a page to try them at /swagger. Settings may also stand in the environment: Rnn__Limits__MaxTextLength.",
            "rnn serve",
            "rnn serve models --urls http://localhost:9000",
            "rnn serve models --watch 2",
            "rnn serve models --set Rnn:Defaults:Classify=tickets")
    {
        Add(_models);
        Add(_urls);
        Add(_watch);
        Add(_set);
    }

    protected override int Run(ParseResult parsed)
    {
        List<string> settings = [];
        foreach (string setting in parsed.GetValue(_set) ?? [])
        {
            if (setting.IndexOf('=') < 1) throw new CommandException($"--set is \"{setting}\"; expected NAME=VALUE, such as Rnn:Limits:MaxTextLength=1000");
            settings.Add($"--{setting}");
        }

        if (parsed.GetValue(_models) is { Length: > 0 } models) settings.Add($"--Rnn:ModelsPath={Path.GetFullPath(models)}");
        if (parsed.GetValue(_urls) is { Length: > 0 } urls) settings.Add($"--urls={urls}");
        if (parsed.GetValue(_watch) is { } seconds) settings.Add(string.Create(CultureInfo.InvariantCulture, $"--Rnn:Loading:WatchSeconds={seconds}"));
        return ServiceProgram.RunAsync([.. settings]).GetAwaiter().GetResult();
    }
}
