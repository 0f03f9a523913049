using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using RnnService.AspNetCore.Models;
using RnnService.Engine.Models;
using RnnService.Server.Models;
using RnnService.Server.Options;
using RnnService.Server.Sessions;

namespace RnnService.Server.Hosting;

/// <summary>
/// Says where the service listens, which model answers which route, what is not served and why, and a call to try: as a few lines for
/// people, as log lines for machines. When the models are loaded, or a few seconds after the start; what is loaded later follows then.
/// </summary>
internal sealed partial class StartReport(
    ModelRegistry registry,
    DefaultModels defaults,
    ModelsFolder folder,
    IServer server,
    IHostApplicationLifetime lifetime,
    TimeProvider time,
    StartReport.Style style,
    HttpOptions http,
    KeyOptions keys,
    KeyRing states,
    RouteSwitches routes,
    ConnectionLimit connections,
    ILogger<StartReport> logger) : BackgroundService
{
    /// <summary>How the console is written.</summary>
    internal sealed record Style(ConsoleFormat Format);

    private const int Listed = 10;

    /// <summary>How long the report waits for models: somebody looks at the terminal.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Tasks whose default can be set.</summary>
    private static readonly ModelTask[] Tasks = [ModelTask.LanguageModel, ModelTask.Classifier, ModelTask.Tagger];

    /// <summary>Where the service listens, as a browser on this machine asks.</summary>
    public string Url => Listeners.Reachable(Addresses.FirstOrDefault(address => !IsProbe(address)) ?? "http://localhost").TrimEnd('/');

    private ICollection<string> Addresses => server.Features.Get<IServerAddressesFeature>()?.Addresses ?? [];

    /// <summary>The lines for people.</summary>
    public IEnumerable<string> Lines()
    {
        yield return $"Listening on {Url}   {(routes.Playground ? $"Playground: {Url}/   " : "")}{(routes.Swagger ? $"Swagger UI: {Url}/swagger   " : "")}"
            + "(Ctrl-C stops)";
        if (Addresses.FirstOrDefault(IsProbe) is { } probes) yield return $"{"probes",-10} {Listeners.Reachable(probes)}/health/ready, /health/live, /metrics";
        if (connections.IsNarrow) yield return $"{"note",-10} {connections.Sentence}";
        foreach ((string route, string line) in Routes()) yield return $"{route,-10} {line}";

        foreach (string broken in Cut([.. registry.Entries.Where(entry => entry.State == ModelState.Broken).Select(NotServed)])) yield return broken;
        if (Loading() is { Length: > 0 } loading) yield return $"{"loading",-10} {string.Join(", ", Cut(loading))}";
        foreach ((LogLevel level, string text) in Notes()) yield return $"{"note",-10} {(level == LogLevel.Warning ? Bold(text) : text)}";
        if (Call() is { } call) yield return $"{"try",-10} {call}";
        else if (Loading().Length == 0 && !Routes().Any())
            yield return $"no model in {folder.Path} is served: train one with `rnn train`, or set Rnn__ModelsPath";
    }

    /// <summary>What somebody should know about the defaults.</summary>
    public IEnumerable<(LogLevel Level, string Text)> Notes()
    {
        if (keys.File.Length == 0) yield return Open();
        foreach (ModelTask task in Tasks)
        {
            string name = defaults.NameOf(task), route = ModelCard.RouteOf(task);
            ModelEntry? answers = registry.Models.Default(task);
            if (name.Length == 0 || registry.Models.Find(name)?.Loaded?.Model.Config.Task == task || Loading().Contains(name)) continue;
            if (!defaults.MayBeMissing(task))
            {
                yield return (LogLevel.Error, $"{ConfiguredDefaults.OptionOf(task)} is \"{name}\", which is no {ModelTasks.NameOf(task)} that is served; "
                    + $"{route} answers 404 to requests that name no model");
            }
            else if (answers is not null)
            {
                yield return (LogLevel.Information,
                    $"\"{name}\" of appsettings.json is not here: {answers.Name} answers {route}, as the only {ModelTasks.NameOf(task)}");
            }
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var started = new TaskCompletionSource();
        using CancellationTokenRegistration registration = lifetime.ApplicationStarted.Register(started.SetResult);
        Task loaded = registry.WaitForAllAsync(stoppingToken);
        await Task.WhenAll(loaded.WaitAsync(Patience, time, stoppingToken), started.Task.WaitAsync(stoppingToken))
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (stoppingToken.IsCancellationRequested) return;
        if (style.Format == ConsoleFormat.Text)
        {
            string[] late = Loading();
            Console.Out.WriteLine(string.Join(Environment.NewLine, Lines()));
            await loaded.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            foreach (ModelEntry entry in registry.Entries.Where(entry => late.Contains(entry.Name) && entry.State != ModelState.Loading))
            {
                Console.Out.WriteLine(entry.Loaded is { } model
                    ? $"{"loaded",-10} {entry.Name} ({ModelKind.Of(model.Model.Config)})" : NotServed(entry));
            }

            return;
        }

        await loaded.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (stoppingToken.IsCancellationRequested) return;

        LogNote(logger, connections.IsNarrow ? LogLevel.Warning : LogLevel.Information, connections.Sentence);
        if (!states.IsShared) LogNote(logger, LogLevel.Information, KeyRing.NotShared);
        foreach ((string route, string line) in Routes()) LogRoute(logger, route, line);

        foreach ((LogLevel level, string text) in Notes()) LogNote(logger, level, text);
    }

    private bool IsProbe(string address) => http.ProbePort > 0 && BindingAddress.Parse(address).Port == http.ProbePort;

    /// <summary>That nobody needs a key: of weight where other machines reach the service.</summary>
    private (LogLevel Level, string Text) Open()
    {
        const string remedy = $"`rnn key new` makes one, {ServiceOptions.Section}:{nameof(ServiceOptions.Keys)}:{nameof(KeyOptions.File)} has them asked for";
        return Addresses.All(Listeners.IsLocal)
            ? (LogLevel.Information, $"open: no key is asked for, and only this machine reaches it; {remedy}")
            : (LogLevel.Warning, $"open to everyone who reaches this machine: no key is asked for; {remedy}");
    }

    private static string Bold(string text) => Console.IsOutputRedirected ? text : $"\e[1m{text}\e[0m";

    private static string NotServed(ModelEntry entry) => $"{"not served",-10} {entry.Name}: {entry.Reason}";

    private string[] Loading() => [.. registry.Entries.Where(entry => entry.State == ModelState.Loading).Select(entry => entry.Name)];

    /// <summary>Which models the routes have, a line for each kind of model there is.</summary>
    private IEnumerable<(string Route, string Line)> Routes()
    {
        foreach (ModelKind kind in ModelKind.All)
        {
            string[] names = [.. registry.Models.Of(kind).Select(entry => entry.Name)];
            if (names.Length > 0) yield return (ModelCard.RouteOf(kind.Task), RouteLine(kind, names));
        }
    }

    private string RouteLine(ModelKind kind, string[] names)
    {
        if (ModelCard.IsBehind(kind, registry.Models)) return $"by name {string.Join(", ", Cut(names))} ({kind})";
        if (registry.Models.Default(kind)?.Name is not { } answers)
        {
            return $"no default: requests name {string.Join(" or ", Cut(names))} as model"
                + (Tasks.Contains(kind.Task) ? $", or set {ConfiguredDefaults.OptionOf(kind.Task).Replace(":", "__")}" : "");
        }

        string[] others = [.. names.Where(name => name != answers)];
        string answer = $"{answers} ({kind})";
        return others.Length == 0 ? answer : $"{answer}; by name also {string.Join(", ", Cut(others))}";
    }

    /// <summary>A call to copy, for the first route that answers without a model's name, or else for the first that answers.</summary>
    private string? Call()
    {
        foreach (ModelTask task in Tasks.OrderBy(task => registry.Models.Default(task) is null))
        {
            if ((registry.Models.Default(task) ?? registry.Models.Of(task).FirstOrDefault()) is not { Loaded: { } loaded } entry) continue;
            string text = loaded.Golden is { Input: var known } && IsPlain(known) ? known : task switch
            {
                ModelTask.LanguageModel => "ROMEO:",
                ModelTask.Classifier => "a lovely film",
                _ => "Marie Curie worked in Paris.",
            };
            string url = Url + ModelCard.RouteOf(task), name = registry.Models.Default(task) is null ? $", \"model\": \"{entry.Name}\"" : "";
            string body = $$"""{"inputs": "{{text}}"{{name}}}""";
            return OperatingSystem.IsWindows()
                ? $"Invoke-RestMethod {url} -Method Post -ContentType application/json -Body '{body}'"
                : $"curl -s {url} -H 'content-type: application/json' -d '{body}'";
        }

        return null;
    }

    /// <summary>Whether a text can stand in a shell's quotes and in JSON's as it is.</summary>
    private static bool IsPlain(string text) =>
        text.Length is > 0 and <= 60 && text.All(letter => !char.IsControl(letter) && letter is not ('\'' or '"' or '\\'));

    private static IEnumerable<string> Cut(string[] lines) =>
        lines.Length <= Listed ? lines : lines.Take(Listed).Append($"and {lines.Length - Listed} more");

    [LoggerMessage(Level = LogLevel.Information, Message = "{Route}: {Models}")]
    private static partial void LogRoute(ILogger logger, string route, string models);

    [LoggerMessage(Message = "{Note}")]
    private static partial void LogNote(ILogger logger, LogLevel level, string note);
}

/// <summary>For whom the console is written.</summary>
internal enum ConsoleFormat
{
    /// <summary>For people.</summary>
    Text,

    /// <summary>For machines.</summary>
    Lines,
}
