using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using RnnService.AspNetCore.Models;
using RnnService.AspNetCore.Scheduling;
using RnnService.Server.Hosting;
using RnnService.Server.Options;
using RnnService.Server.Requests;

namespace RnnService.Server.Tests.Hosting;

/// <summary>What is said at the start, and what happens to requests that come before the models are loaded.</summary>
public sealed class StartTests(SharedService shared)
{
    private const string Text = """{"inputs": "a"}""";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task People_are_told_in_a_few_lines()
    {
        string[] lines = [.. shared.Service.Services.GetRequiredService<StartReport>().Lines()];
        Assert.Equal(7, lines.Length);
        Assert.StartsWith("Listening on http://localhost:8080   Playground: http://localhost:8080/   Swagger UI: http://localhost:8080/swagger", lines[0], StringComparison.Ordinal);
        Assert.Equal("/generate  shakespeare (language_model); by name also words", lines[1]);
        Assert.Equal("/classify  sentiment (classifier)", lines[2]);
        Assert.Equal("/tag       pos (tagger); by name also ner", lines[3]);
        Assert.StartsWith("not served broken: ", lines[4], StringComparison.Ordinal);
        Assert.StartsWith("note       open: no key is asked for", lines[5], StringComparison.Ordinal);
        Assert.StartsWith("try        ", lines[6], StringComparison.Ordinal);
        // The call works as it stands.
        string body = lines[6][lines[6].IndexOf("'{", StringComparison.Ordinal)..].Trim('\'');
        await shared.Client.AnswerAsync("/generate", body);
    }

    [Fact]
    public async Task A_translator_beside_a_language_model_is_asked_for_by_name()
    {
        using var models = new TinyModels();
        models.AddTranslator("cab");
        await using TestService service = await TestService.StartAsync(models);
        await service.ReadyAsync();
        Assert.Contains("/generate  by name cab (translator)", service.Services.GetRequiredService<StartReport>().Lines());
        using HttpClient client = service.Client();
        JsonElement card = (await client.GetFromJsonAsync<JsonElement>("/models", TestContext.Current.CancellationToken)).EnumerateArray()
            .Single(model => model.GetProperty("name").GetString() == "cab");
        Assert.False(card.GetProperty("default").GetBoolean());
    }

    [Fact]
    public async Task A_wrong_model_is_told_the_kind_that_is_here()
    {
        using var models = new TinyNumberModels();
        Directory.Delete(Path.Combine(models.Path, "level"), recursive: true);
        await using var service = new TestService(null, null, ("Rnn:ModelsPath", models.Path));
        await service.ReadyAsync();
        using HttpClient client = service.Client();
        using HttpResponseMessage answer = await client.PostJsonAsync("/predict", """{"inputs": {"values": [[1, 2]]}, "model": "digits"}""");
        Assert.Contains("expected a forecaster: load", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_kind_of_model_has_its_line()
    {
        using var models = new TinyNumberModels();
        await using var service = new TestService(null, null, ("Rnn:ModelsPath", models.Path), ("Rnn:Defaults:Classify", "gestures"));
        await service.ReadyAsync();
        string[] lines = [.. service.Services.GetRequiredService<StartReport>().Lines()];
        foreach (string line in (string[])
        [
            "/classify  gestures (classifier of numbers)", "/predict   level (regressor)", "/predict   by name load (forecaster)", "/transcribe digits (transcriber)",
            "/tag       no default: requests name backwards or phases as model, or set Rnn__Defaults__Tag",
        ]) Assert.Contains(line, lines);
        Assert.DoesNotContain(lines, line => line.Contains("which is no classifier", StringComparison.Ordinal));
        Assert.DoesNotContain(lines, line => line.StartsWith("no model in", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("http://localhost:1", true)]
    [InlineData("https://127.0.0.2:1", true)]
    [InlineData("http://[::1]:1", true)]
    [InlineData("http://unix:/run/rnn.sock", true)]
    [InlineData("http://*:1", false)]
    [InlineData("http://0.0.0.0:1", false)]
    [InlineData("http://[::]:1", false)]
    [InlineData("http://10.0.0.1:1", false)]
    [InlineData("http://rnn.example.com:1", false)]
    public void An_address_that_other_machines_may_reach_is_not_local(string url, bool isLocal) => Assert.Equal(isLocal, Listeners.IsLocal(url));

    [Theory]
    [InlineData("Rnn__Log__Format", "text", "Listening on http://127.0.0.1:", "try ")]
    [InlineData("Rnn__Log__Format", "json", "{\"Timestamp\"", "models in ")]
    [InlineData("Rnn__Log__Format", "", "{\"Timestamp\"", "models in ")] // the output goes into a pipe
    [InlineData("Logging__Console__FormatterName", "systemd", "<6>", "models in ")]
    [InlineData("Logging__Console__FormatterName", "simple", "Listening on http://127.0.0.1:", "try ")]
    public async Task The_console_is_written_for_people_or_for_machines(string setting, string format, string first, string last)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(ServiceOptions).Assembly.Location]) { RedirectStandardOutput = true };
        foreach ((string key, string value) in new[]
        {
            ("Rnn__ModelsPath", shared.Models.Path), (setting, format), ("ASPNETCORE_URLS", "http://127.0.0.1:0"),
        }) start.Environment[key] = value;
        using Process process = Process.Start(start)!;
        try
        {
            string line = (await process.StandardOutput.ReadLineAsync(Cancel))!;
            Assert.StartsWith(first, line, StringComparison.Ordinal);
            while (!line.Contains(last, StringComparison.Ordinal)) line = (await process.StandardOutput.ReadLineAsync(Cancel))!;
        }
        finally
        {
            process.Kill();
        }
    }

    [Fact]
    public async Task Requests_wait_while_models_are_loaded()
    {
        await using TestService service = Unloaded("30");
        using HttpClient client = service.Client();
        (string, int)[] requests = [("/classify", 200), ("/generate", 200), ("/tag", 200)];
        Task<HttpResponseMessage>[] answers = [.. requests.Select(request => client.PostJsonAsync(request.Item1, Text)),
            client.PostJsonAsync("/tag", """{"inputs": "a", "model": "ner"}"""), client.GetAsync("/models/pos/files/vocab.json", Cancel)];
        using (HttpResponseMessage unknown = await client.PostJsonAsync("/tag", """{"inputs": "a", "model": "nobody"}"""))
            await unknown.IsProblemAsync(404, "model_not_found"); // there is nothing to wait for
        using HttpResponseMessage ready = await client.GetAsync("/health/ready", Cancel);
        await ready.IsProblemAsync(503, "not_ready");
        Assert.All(answers, answer => Assert.False(answer.IsCompleted));

        using HttpRequestMessage hurried = Http.Post("/classify", Text);
        hurried.Headers.Add(Deadline.Header, "20");
        using HttpResponseMessage late = await client.SendAsync(hurried, Cancel);
        await late.IsProblemAsync(504, "deadline");
        using CancellationTokenSource leave = new();
        Task<HttpResponseMessage> left = client.SendAsync(Http.Post("/classify", Text), leave.Token);
        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left);

        await LoadAsync(service);
        Assert.Equal([200, 200, 200, 200, 200], (await Task.WhenAll(answers)).Select(answer => (int)answer.StatusCode));
    }

    [Fact]
    public async Task They_wait_no_longer_than_the_limit_and_not_for_a_service_that_stops()
    {
        await using (TestService impatient = Unloaded("0"))
        {
            using HttpClient client = impatient.Client();
            using HttpResponseMessage refused = await client.PostJsonAsync("/classify", Text);
            await refused.IsProblemAsync(503, "not_ready");
        }

        await using TestService service = Unloaded("3600");
        using HttpClient patient = service.Client();
        Task<HttpResponseMessage> waiting = patient.PostJsonAsync("/classify", Text);
        service.Services.GetRequiredService<Readiness>().Drain();
        await (await waiting).IsProblemAsync(503, "not_ready");
    }

    /// <summary>A service that does not load its models by itself.</summary>
    private TestService Unloaded(string seconds) => new(shared.Models, services => services.Remove(
        services.Single(service => service.ServiceType == typeof(IHostedService) && service.ImplementationType == typeof(ModelLoading))),
        ("Rnn:Http:LoadWaitSeconds", seconds));

    private static Task LoadAsync(TestService service) =>
        ActivatorUtilities.CreateInstance<ModelLoading>(service.Services).StartAsync(Cancel);
}
