using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using RnnService.AspNetCore.Models;
using RnnService.Engine.Models;
using RnnService.Onnx.Runtime;
using RnnService.Server.Hosting;

namespace RnnService.Server.Tests.Models;

/// <summary>A folder that never ends loading, and does not hear that it should, as on a disk that hangs.</summary>
public sealed class LoadingTests : IDisposable
{
    private const string Text = """{"inputs": "a"}""";

    private readonly TinyModels _models = new();
    private readonly ManualResetEventSlim _goesOn = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _goesOn.Set();
        _models.Dispose();
    }

    [Fact]
    public async Task What_is_loaded_is_served_while_folders_hang()
    {
        await using TestService service = Start(["stuck", "stuck too", "stuck as well"], ("Rnn:Loading:MaxSeconds", "3600"), ("Rnn:Http:LoadWaitSeconds", "0"));
        using HttpClient client = service.Client();
        await BecomesReadyAsync(client);
        foreach (string route in new[] { "/classify", "/generate", "/tag" }) await client.AnswerAsync(route, Text);
        JsonElement card = await (await client.GetAsync("/models/stuck", Cancel)).JsonAsync();
        Assert.Equal("loading", card.GetProperty("status").GetString());
        using HttpResponseMessage waited = await client.PostJsonAsync("/classify", """{"inputs": "a", "model": "stuck"}""");
        JsonElement problem = await waited.IsProblemAsync(503, "not_ready");
        Assert.Equal("the model \"stuck\" is being loaded", problem.GetProperty("detail").GetString());
    }

    [Fact]
    public async Task A_default_that_hangs_keeps_the_service_unready_until_the_limit()
    {
        await using TestService service = Start(["stuck"], ("Rnn:Loading:MaxSeconds", "1"), ("Rnn:Defaults:Classify", "stuck"));
        using HttpClient client = service.Client();
        await service.ReadyAsync();
        JsonElement card = await (await client.GetAsync("/models/stuck", Cancel)).JsonAsync();
        Assert.Equal("broken", card.GetProperty("status").GetString());
        Assert.StartsWith("not loaded within 1 s", card.GetProperty("reason").GetString(), StringComparison.Ordinal);
        using HttpResponseMessage refused = await client.PostJsonAsync("/classify", Text);
        await refused.IsProblemAsync(404, "model_not_found");
        await client.AnswerAsync("/tag", Text);
        Assert.Contains(service.Services.GetRequiredService<StartReport>().Lines(),
            line => line.StartsWith("not served stuck: not loaded within 1 s", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Where_no_default_is_set_a_request_without_a_name_waits_until_the_only_model_is_known()
    {
        Directory.Delete(Path.Combine(_models.Path, "ner"), recursive: true);
        await using TestService service = Start(["stuck"], ("Rnn:Defaults:Tag", ""), ("Rnn:Loading:MaxSeconds", "1"), ("Rnn:Http:LoadWaitSeconds", "3600"));
        using HttpClient client = service.Client();
        await client.AnswerAsync("/tag", Text);
        Assert.All(service.Services.GetRequiredService<ModelRegistry>().Entries, entry => Assert.NotEqual(ModelState.Loading, entry.State));
    }

    [Fact]
    public async Task A_route_of_two_kinds_waits_for_the_second_too()
    {
        using var numbers = new TinyNumberModels();
        Directory.Move(Path.Combine(numbers.Path, "load"), Path.Combine(_models.Path, "stuck"));
        await using TestService service = Start(["stuck"], ("Rnn:Http:LoadWaitSeconds", "3600"));
        using HttpClient client = service.Client();
        await BecomesReadyAsync(client);
        Task<JsonElement> answer = client.AnswerAsync("/predict", """{"inputs": {"values": [[1, 2], [3, 4]]}}""");
        Assert.Equal(ModelState.Loading, service.Services.GetRequiredService<ModelRegistry>().Entry("stuck").State);
        _goesOn.Set();
        Assert.Equal(3, (await answer).GetProperty("forecast").GetArrayLength());
    }

    [Fact]
    public async Task A_service_that_is_asked_to_stop_does_not_wait_for_a_folder_that_hangs()
    {
        // A stop that waited for the folder would take an hour.
        await using TestService service = Start(["stuck"], ("Rnn:Loading:MaxSeconds", "3600"), ("Rnn:Http:DrainSeconds", "3600"));
        using HttpClient client = service.Client();
        await BecomesReadyAsync(client);
        await service.Services.GetRequiredService<IHost>().StopAsync(Cancel);
    }

    private static async Task BecomesReadyAsync(HttpClient client)
    {
        while (!(await client.GetAsync("/health/ready", Cancel)).IsSuccessStatusCode) await Task.Yield();
    }

    private TestService Start(string[] stuck, params (string, string)[] settings)
    {
        foreach (string name in stuck) Directory.CreateDirectory(Path.Combine(_models.Path, name));
        return new TestService(_models, services => services.AddSingleton<ModelReader>((path, cancel) =>
        {
            if (stuck.Contains(Path.GetFileName(path))) _goesOn.Wait(CancellationToken.None);
            return ModelFolder.Load(path, OnnxRuntimeNetwork.Open, cancel);
        }), settings);
    }
}
