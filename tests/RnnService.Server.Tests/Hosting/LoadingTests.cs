using System.Diagnostics;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using RnnService.Server.Hosting;

namespace RnnService.Server.Tests.Hosting;

/// <summary>A folder that never ends loading: a pipe that nobody writes to stands where its configuration should.</summary>
public sealed class LoadingTests
{
    private const string Text = """{"inputs": "a"}""";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_loaded_is_served_while_a_folder_hangs()
    {
        using TinyModels models = WithPipes("stuck", "stuck too", "stuck as well");
        await using var service = new TestService(models, null, ("Rnn:Loading:MaxSeconds", "3600"), ("Rnn:Http:LoadWaitSeconds", "0"));
        using HttpClient client = service.Client();
        await BecomesReadyAsync(client);
        await client.AnswerAsync("/classify", Text);
        await client.AnswerAsync("/generate", Text);
        await client.AnswerAsync("/tag", Text);
        JsonElement card = await (await client.GetAsync("/models/stuck", Cancel)).JsonAsync();
        if (card.GetProperty("status").GetString() == "broken") Assert.Skip("The folder is refused before it is opened.");
        Assert.Equal("loading", card.GetProperty("status").GetString());
        using HttpResponseMessage waited = await client.PostJsonAsync("/classify", """{"inputs": "a", "model": "stuck"}""");
        JsonElement problem = await waited.IsProblemAsync(503, "not_ready");
        Assert.Equal("the model \"stuck\" is being loaded", problem.GetProperty("detail").GetString());
    }

    [Fact]
    public async Task A_default_that_hangs_keeps_the_service_unready_until_the_limit()
    {
        using TinyModels models = WithPipes("stuck");
        await using var service = new TestService(models, null, ("Rnn:Loading:MaxSeconds", "1"), ("Rnn:Defaults:Classify", "stuck"));
        using HttpClient client = service.Client();
        await service.ReadyAsync();
        JsonElement card = await (await client.GetAsync("/models/stuck", Cancel)).JsonAsync();
        Assert.Equal("broken", card.GetProperty("status").GetString());
        using HttpResponseMessage refused = await client.PostJsonAsync("/classify", Text);
        await refused.IsProblemAsync(404, "model_not_found");
        await client.AnswerAsync("/tag", Text);
        string[] lines = [.. service.Services.GetRequiredService<StartReport>().Lines()];
        Assert.Contains(lines, line => line.StartsWith("not served stuck: ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Where_no_default_is_set_a_request_without_a_name_waits_until_the_only_model_is_known()
    {
        using TinyModels models = WithPipes("stuck");
        Directory.Delete(Path.Combine(models.Path, "ner"), recursive: true);
        await using var service = new TestService(
            models, null, ("Rnn:Defaults:Tag", ""), ("Rnn:Loading:MaxSeconds", "1"), ("Rnn:Http:LoadWaitSeconds", "3600"));
        using HttpClient client = service.Client();
        await client.AnswerAsync("/tag", Text);
        Assert.All(service.Services.GetRequiredService<ModelRegistry>().Entries, entry => Assert.NotEqual(ModelState.Loading, entry.State));
    }

    [Fact]
    public async Task A_service_that_is_asked_to_stop_does_not_wait_for_a_folder_that_hangs()
    {
        using TinyModels models = WithPipes("stuck");
        using var service = ServiceRun.Start(
            ("Rnn__ModelsPath", models.Path), ("Rnn__Loading__MaxSeconds", "3600"), ("Rnn__Http__DrainSeconds", "3600"),
            ("Rnn__Log__Format", "json"), ("Rnn__Defaults__Classify", "stuck"));
        await service.LineAsync("Model sentiment is ready");
        service.Signal("TERM");
        Assert.Equal(0, await service.ExitAsync());
    }

    private static TinyModels WithPipes(params string[] names)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no pipes among its files.");
        var models = new TinyModels();
        foreach (string name in names)
        {
            string pipe = Path.Combine(Directory.CreateDirectory(Path.Combine(models.Path, name)).FullName, "config.json");
            using Process made = Process.Start("mkfifo", [pipe]);
            made.WaitForExit();
            Assert.Equal(0, made.ExitCode);
        }

        return models;
    }

    private static async Task BecomesReadyAsync(HttpClient client)
    {
        while (!(await client.GetAsync("/health/ready", Cancel)).IsSuccessStatusCode) await Task.Yield();
    }
}
