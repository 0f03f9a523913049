using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using RnnService.AspNetCore.Models;
using RnnService.Server.Requests;

namespace RnnService.Server.Tests.Deployment;

/// <summary>Dashboard and alerts ask for what the service shows, in a language that Prometheus reads.</summary>
public sealed class MonitoringTests(SharedService shared)
{
    private const string Monitoring = "docker/deploy/kubernetes/components/monitoring";

    /// <summary>Labels that Prometheus itself adds, or a query makes.</summary>
    private static readonly string[] Added = ["instance", "job", "le"];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static string Alerts { get; } = Path.Combine(Repository.Root, Monitoring, "alerts.yaml");

    [Fact]
    public async Task Every_metric_and_label_that_is_asked_for_is_shown_by_the_service()
    {
        await using TestService service = await TestService.StartAsync(shared.Models, ("Rnn:Sessions:Store", "memory"));
        using HttpClient client = service.Client();
        // A session goes on, and a long prompt comes again.
        const string session = """{"inputs": "abc", "parameters": {"max_new_tokens": 3}, "session": {"id": "one"} }""";
        string prompt = $$"""{"inputs": "{{string.Concat(Enumerable.Repeat("abcd", 500))}}", "parameters": {"max_new_tokens": 3} }""";
        foreach (string request in new[] { session, session, prompt, prompt }) await client.AnswerAsync("/generate", request);
        await client.AnswerAsync("/classify", """{"inputs": "a"}""");
        foreach (string refused in new[] { """{"inputs": 7}""", """{"inputs": "a", "session": {"resume": "made up"} }""" })
        {
            using HttpResponseMessage answer = await client.PostJsonAsync("/generate", refused);
            Assert.Equal(4, (int)answer.StatusCode / 100);
        }

        // What no single request brings about.
        service.Services.GetRequiredService<RequestMetrics>().ConnectionRefused();
        service.Services.GetRequiredService<ModelMetrics>().Changed(ModelChange.Added);
        // A process of its own shows what belongs to one: its connections and the runtime's figures.
        using ServiceRun run = ServiceRun.Start(("Rnn__ModelsPath", shared.Models.Path), ("Rnn__Log__Format", "json"));
        using var process = new HttpClient { BaseAddress = new Uri(await run.UrlAsync()) };
        string shown = await client.GetStringAsync("/metrics", Cancel) + await process.GetStringAsync("/metrics", Cancel);
        HashSet<string> series = [.. Regex.Matches(shown, @"^(\w+)[{ ]", RegexOptions.Multiline).Select(line => line.Groups[1].Value), "up"];
        HashSet<string> labels = [.. Regex.Matches(shown, @"[{,](\w+)=""").Select(label => label.Groups[1].Value), .. Added];

        string[] queries = [.. Queries().Concat(AlertQueries())];
        Assert.True(queries.Length > 30);
        foreach (string query in queries)
        {
            string bare = Regex.Replace(query, @"""[^""]*""|\[[^\]]*\]", "");
            Assert.All(Regex.Matches(bare, @"\b(rnn|gen_ai|dotnet|kestrel|http|up)(_\w+|\b)").Select(name => name.Value), name => Assert.True(series.Contains(name), $"{name} of {query} is not shown"));
            Assert.All(Regex.Matches(bare, @"by \(([^)]*)\)").SelectMany(group => group.Groups[1].Value.Split(", ")).Concat(Regex.Matches(bare, @"[{,] ?(\w+)(=|!)").Select(label => label.Groups[1].Value)),
                label => Assert.True(labels.Contains(label), $"{label} of {query} is no label"));
        }
    }

    [Fact]
    public async Task Prometheus_reads_every_query()
    {
        Assert.SkipUnless((Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(path => File.Exists(Path.Combine(path, "promtool"))),
            "promtool is not installed: apt-get install prometheus");
        string rules = Path.GetTempFileName();
        try
        {
            string[] lines = [.. Queries().Select((query, i) => $"  - record: dashboard:{i}\n    expr: {JsonSerializer.Serialize(Filled(query))}")];
            await File.WriteAllTextAsync(rules, $"groups:\n- name: dashboard\n  rules:\n{string.Join('\n', lines)}\n", Cancel);
            foreach (string file in new[] { rules, Alerts })
            {
                using Process check = Process.Start(new ProcessStartInfo("promtool", ["check", "rules", file]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
                Task<string> said = check.StandardOutput.ReadToEndAsync(Cancel), error = check.StandardError.ReadToEndAsync(Cancel);
                await check.WaitForExitAsync(Cancel);
                Assert.True(check.ExitCode == 0, await said + await error);
            }
        }
        finally
        {
            File.Delete(rules);
        }
    }

    /// <summary>The panels' queries.</summary>
    private static IEnumerable<string> Queries()
    {
        using JsonDocument dashboard = JsonDocument.Parse(File.ReadAllText(Path.Combine(Repository.Root, Monitoring, "dashboard.json")));
        return [.. dashboard.RootElement.GetProperty("panels").EnumerateArray().Where(panel => panel.TryGetProperty("targets", out _))
            .SelectMany(panel => panel.GetProperty("targets").EnumerateArray()).Select(target => target.GetProperty("expr").GetString()!)];
    }

    private static IEnumerable<string> AlertQueries() =>
        Regex.Matches(File.ReadAllText(Alerts), @"^\s+expr: (.*)$", RegexOptions.Multiline).Select(line => line.Groups[1].Value);

    /// <summary>As Grafana fills it in.</summary>
    private static string Filled(string query) =>
        query.Replace("$__rate_interval", "1m", StringComparison.Ordinal).Replace("$instance", ".*", StringComparison.Ordinal).Replace("$model", ".*", StringComparison.Ordinal);
}
