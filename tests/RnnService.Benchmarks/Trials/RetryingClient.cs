using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using RnnService.Benchmarks.Load;

namespace RnnService.Benchmarks.Trials;

/// <summary>A client as one should be written: what was refused or cut off it sends again, until it is answered. Thread-safe.</summary>
internal sealed class RetryingClient(int port) : IDisposable
{
    private const double Patience = 30, Pause = 0.1;

    private readonly HttpClient _http = new(new SocketsHttpHandler { MaxConnectionsPerServer = 1_000 })
    {
        BaseAddress = new Uri($"http://{Trial.Here}:{port}"),
        Timeout = TimeSpan.FromSeconds(Patience),
    };

    private readonly Lock _lock = new();

    public int Answered { get; private set; }

    /// <summary>Requests that were sent again.</summary>
    public int Again { get; private set; }

    /// <summary>Requests without an answer after half a minute, or with one that sending again does not help.</summary>
    public int Lost { get; private set; }

    /// <summary>Seconds of the longest wait for an answer, all attempts together.</summary>
    public double Longest { get; private set; }

    /// <summary>What went wrong first, where anything was lost.</summary>
    public string? First { get; private set; }

    /// <summary>Posts until there is an answer.</summary>
    /// <param name="route">The route.</param>
    /// <param name="body">The body.</param>
    /// <param name="isEnd">A problem, by its kind, that is an answer too.</param>
    /// <param name="key">The key that it is sent with; null for none.</param>
    /// <returns>The answer; null when it was lost.</returns>
    public async Task<JsonElement?> PostAsync(string route, string body, string isEnd = "", string? key = null)
    {
        double from = Clock.Now;
        string problem;
        do
        {
            (HttpStatusCode status, string text) = await SendAsync(route, body, key);
            if (status == HttpStatusCode.OK || (isEnd.Length > 0 && text.Contains(isEnd, StringComparison.Ordinal)))
            {
                lock (_lock) (Answered, Longest) = (Answered + 1, Math.Max(Longest, Clock.Now - from));
                return JsonDocument.Parse(text).RootElement;
            }

            problem = $"{route}: {(int)status} {text[..Math.Min(200, text.Length)]}";
            bool isBusy = status == HttpStatusCode.Conflict && text.Contains("session_busy", StringComparison.Ordinal);
            if (!isBusy && status is not (0 or HttpStatusCode.TooManyRequests or >= HttpStatusCode.BadGateway)) break;
            lock (_lock) Again++;
            await Task.Delay(TimeSpan.FromSeconds(Pause));
        }
        while (Clock.Now - from < Patience);
        lock (_lock) (Lost, First) = (Lost + 1, First ?? problem);
        return null;
    }

    /// <summary>What was asked and lost.</summary>
    public void Tell(Trial trial, string what)
    {
        trial.Tell($"{what}: answered, sent again", $"{Answered}, {Again}");
        trial.Tell($"{what}: longest wait", $"{Longest:F1} s");
        trial.AtMost($"{what}: lost", Lost, 0, "");
        if (First is not null) trial.Tell($"{what}: lost first", $"{First}");
    }

    public void Dispose() => _http.Dispose();

    private async Task<(HttpStatusCode Status, string Text)> SendAsync(string route, string body, string? key)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, route) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
            if (key is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
            using HttpResponseMessage answer = await _http.SendAsync(request);
            return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or OperationCanceledException)
        {
            return (0, exception.Message);
        }
    }
}
