using System.Net.Http.Json;
using System.Text.Json;
using RnnService.Server.Tests;

namespace RnnService.Playground.Tests.Serving;

/// <summary>The service as a process of its own, as it is shipped, on a free port of this machine; started by the first test that needs it.</summary>
public abstract class PlaygroundService : IDisposable
{
    private readonly Lock _starting = new();
    private Task? _started;
    private ServiceRun? _run;

    /// <summary>Where it listens, without a slash at the end.</summary>
    public string Url { get; private set; } = "";

    /// <summary>The folder of its model folders.</summary>
    protected abstract string ModelsPath { get; }

    /// <summary>Options that differ from the shipped ones.</summary>
    protected virtual IEnumerable<(string Key, string Value)> Settings => [];

    /// <summary>Starts it once, and waits until every model is loaded or broken.</summary>
    public Task StartAsync()
    {
        lock (_starting) return _started ??= RunAsync();
    }

    private async Task RunAsync()
    {
        _run = ServiceRun.Start([("Rnn__ModelsPath", ModelsPath), .. Settings]);
        Url = await _run.UrlAsync();
        _run.ReadOn();
        using var client = new HttpClient { BaseAddress = new Uri(Url) };
        while (await IsLoadingAsync(client)) await Task.Yield();
    }

    private static async Task<bool> IsLoadingAsync(HttpClient client)
    {
        JsonElement models = await client.GetFromJsonAsync<JsonElement>("/models");
        return models.EnumerateArray().Any(model => model.GetProperty("status").GetString() == "loading");
    }

    /// <summary>Its answer to a body without the page in between.</summary>
    public async Task<JsonElement> PostAsync(string route, object body)
    {
        using var client = new HttpClient { BaseAddress = new Uri(Url) };
        using HttpResponseMessage answer = await client.PostAsJsonAsync(route, body);
        return await answer.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonElement>();
    }

    /// <summary>What it answers to a GET.</summary>
    public async Task<JsonElement> GetAsync(string route)
    {
        using var client = new HttpClient { BaseAddress = new Uri(Url) };
        return await client.GetFromJsonAsync<JsonElement>(route);
    }

    /// <summary>Sends it a signal, as <c>kill</c> does.</summary>
    public void Signal(string name) => _run!.Signal(name);

    public virtual void Dispose()
    {
        GC.SuppressFinalize(this);
        _run?.Dispose();
    }
}
