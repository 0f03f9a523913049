using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Metrics;

namespace RnnService.Server.Tests;

/// <summary>The whole service as it runs, in this process, with tiny models.</summary>
internal sealed class TestService : WebApplicationFactory<Program>
{
    /// <summary>How long a thing that must happen may take before the test calls it missing.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TinyModels? _models;
    private readonly (string Key, string Value)[] _settings;
    private readonly Action<IServiceCollection>? _services;
    private string? _urls;

    public TestService(TinyModels? models, Action<IServiceCollection>? services = null, params (string Key, string Value)[] settings)
    {
        (_models, _services, _settings) = (models, services, settings);
    }

    public LogCapture Logs { get; } = new();

    public static async Task<TestService> StartAsync(TinyModels models, params (string Key, string Value)[] settings)
    {
        var service = new TestService(models, null, settings);
        await service.ReadyAsync();
        return service;
    }

    /// <summary>Serves over real connections, at a free port of this machine.</summary>
    public void Listen()
    {
        // The factory's own way to name a port sets it when the service may have begun to listen.
        _urls = "http://127.0.0.1:0";
        UseKestrel();
        StartServer();
    }

    /// <summary>A client that is shown redirects as they are.</summary>
    public HttpClient Client() => CreateClient(
        new WebApplicationFactoryClientOptions { AllowAutoRedirect = false, BaseAddress = ClientOptions.BaseAddress });

    /// <summary>Waits until the service is ready and no model is being loaded any more.</summary>
    public async Task ReadyAsync()
    {
        using HttpClient client = Client();
        long started = TimeProvider.System.GetTimestamp();
        while (!(await client.GetAsync("/health/ready")).IsSuccessStatusCode)
            Assert.True(TimeProvider.System.GetElapsedTime(started) < Patience, "the service does not become ready");
        await Services.GetRequiredService<AspNetCore.Models.ModelRegistry>().WaitForAllAsync(TestContext.Current.CancellationToken).WaitAsync(Patience);
    }

    /// <summary>The value of a metric, summed over the series whose labels contain what is given; 0 when it is not there.</summary>
    public async Task<double> MetricAsync(string name, params string[] labels)
    {
        using HttpClient client = Client();
        string text = await client.GetStringAsync("/metrics");
        return text.Split('\n').Where(line =>
            line.StartsWith(name + "{", StringComparison.Ordinal) || line.StartsWith(name + " ", StringComparison.Ordinal))
            .Where(line => labels.All(label => line.Contains(label, StringComparison.Ordinal)))
            .Sum(line => double.Parse(line[(line.LastIndexOf('}') + 1)..].Trim().Split(' ')[0],
                System.Globalization.CultureInfo.InvariantCulture));
    }

    /// <summary>Waits until a metric has a value.</summary>
    public async Task MetricBecomesAsync(double value, string name, params string[] labels)
    {
        long started = TimeProvider.System.GetTimestamp();
        while (await MetricAsync(name, labels) is var found && found != value)
            Assert.True(TimeProvider.System.GetElapsedTime(started) < Patience, $"{name} is {found} and does not become {value}");
    }

    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        if (_models is not null) builder.UseSetting("Rnn:ModelsPath", _models.Path);
        if (_urls is not null) builder.UseSetting("urls", _urls);
        foreach ((string key, string value) in _settings) builder.UseSetting(key, value);
        builder.ConfigureLogging(logging => logging.ClearProviders().AddProvider(Logs).AddFilter<LogCapture>("RnnService", LogLevel.Trace));
        // All services of this process have instruments of the same names: each shows its own.
        builder.ConfigureServices(services => services.ConfigureOpenTelemetryMeterProvider((provider, metrics) => metrics.AddView(
            instrument => ReferenceEquals(instrument.Meter.Scope, provider.GetRequiredService<IMeterFactory>()) ? null
                : MetricStreamConfiguration.Drop)));
        if (_services is not null) builder.ConfigureServices(_services);
    }
}

/// <summary>Keeps all that is logged.</summary>
internal sealed class LogCapture : ILoggerProvider
{
    public ConcurrentQueue<string> Lines { get; } = new();

    public ILogger CreateLogger(string categoryName) => new Logger(Lines);

    public void Dispose()
    {
    }

    private sealed class Logger(ConcurrentQueue<string> lines) : ILogger
    {
        // Scopes hold ASP.NET's request path; the consoles of this service do not write them.
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?,
            string> formatter) =>
            lines.Enqueue($"{logLevel} {formatter(state, exception)} {Text(state)} {exception}");

        private static string Text<TState>(TState state) => state is IEnumerable<KeyValuePair<string, object?>> pairs
            ? string.Join(' ', pairs.Select(pair => $"{pair.Key}={pair.Value}"))
            : state?.ToString() ?? "";
    }
}

internal static class Http
{
    /// <summary>A POST of JSON that can still be given headers.</summary>
    public static HttpRequestMessage Post(string route, string json) =>
        new(HttpMethod.Post, route) { Content = new StringContent(json, Encoding.UTF8, "application/json") };

    public static Task<HttpResponseMessage> PostJsonAsync(this HttpClient client, string route, string json) =>
        client.PostAsync(route, new StringContent(json, Encoding.UTF8, "application/json"), TestContext.Current.CancellationToken);

    public static async Task<JsonElement> JsonAsync(this HttpResponseMessage answer) =>
        await answer.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);

    /// <summary>Posts and gives the answer, which must be a success.</summary>
    public static async Task<JsonElement> AnswerAsync(this HttpClient client, string route, string json)
    {
        using HttpResponseMessage answer = await client.PostJsonAsync(route, json);
        Assert.True(answer.StatusCode == HttpStatusCode.OK,
            $"{route} {json[..Math.Min(200, json.Length)]} → {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
        return await answer.JsonAsync();
    }

    /// <summary>Checks that an answer is a problem of this kind with everything that a problem has.</summary>
    public static async Task<JsonElement> IsProblemAsync(this HttpResponseMessage answer, int status, string errorType)
    {
        string text = await answer.Content.ReadAsStringAsync();
        Assert.True((int)answer.StatusCode == status, $"expected {status} {errorType}, found {(int)answer.StatusCode} {text}");
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        JsonElement problem = JsonDocument.Parse(text).RootElement;
        Assert.Equal(errorType, problem.GetProperty("error_type").GetString());
        Assert.Equal(status, problem.GetProperty("status").GetInt32());
        foreach (string field in new[] { "type", "title", "detail", "traceId", "error" }) Assert.False(
            string.IsNullOrEmpty(problem.GetProperty(field).GetString()), field);
        return problem;
    }
}
