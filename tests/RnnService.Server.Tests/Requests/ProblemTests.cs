using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using RnnService.AspNetCore.Models;
using RnnService.Server.Requests;
using RnnService.Server.Tests.Keys;

namespace RnnService.Server.Tests.Requests;

/// <summary>Every row of the status table, brought about over HTTP.</summary>
public sealed class ProblemTests(SharedService shared) : IDisposable
{
    private const string Endless = """{"inputs": "a", "parameters": {"max_new_tokens": 100000000}}""";

    private const int ShortDeadline = 50;

    private const string Narrow = "narrow";

    private readonly KeyFixture _keys = new KeyFixture().Add(Narrow, key => key with { Models = ["ner"] });

    public void Dispose() => _keys.Dispose();

    public static TheoryData<string> Rows => [.. ProblemKind.All.Select(kind => kind.ErrorType)];

    [Theory]
    [MemberData(nameof(Rows))]
    public async Task Every_row_of_the_status_table_is_answered_as_it_says(string errorType)
    {
        ProblemKind kind = ProblemKind.All.Single(kind => kind.ErrorType == errorType);
        await using TestService? own = await ServiceFor(errorType);
        using HttpClient client = (own ?? shared.Service).Client();
        using CancellationTokenSource leave = new();
        using HttpResponseMessage answer = await Provoke(errorType, own, client, leave.Token);
        JsonElement problem = await answer.IsProblemAsync(kind.Status, kind.ErrorType);
        Assert.Equal(kind.Title, problem.GetProperty("title").GetString());
        int? retryAfter = (int?)answer.Headers.RetryAfter?.Delta?.TotalSeconds;
        Assert.Equal(kind.RetryAfterSeconds is null, retryAfter is null);
        Assert.False(retryAfter < kind.RetryAfterSeconds); // a queue that knows its speed may ask for more
        Assert.DoesNotContain("clock", problem.GetRawText(), StringComparison.Ordinal); // nothing of the inside
        Assert.Equal(problem.GetProperty("traceId").GetString(), answer.Headers.GetValues("X-Request-Id").Single());
        await leave.CancelAsync();
    }

    [Fact]
    public async Task A_model_that_is_not_there_is_answered_with_those_that_are()
    {
        foreach (HttpResponseMessage answer in new[]
        {
            await shared.Client.PostJsonAsync("/generate", """{"inputs": "a", "model": "nobody"}"""),
            await shared.Client.GetAsync("/models/nobody", TestContext.Current.CancellationToken),
        })
        {
            JsonElement problem = await answer.IsProblemAsync(404, "model_not_found");
            Assert.Equal(
                "there is no model named \"nobody\"; there are: ner (tagger), pos (tagger), sentiment (classifier), "
                + "shakespeare (language_model), words (language_model)",
                problem.GetProperty("detail").GetString());
        }

        using HttpResponseMessage broken = await shared.Client.PostJsonAsync("/generate", """{"inputs": "a", "model": "broken"}""");
        Assert.Contains("/models/broken", (await broken.IsProblemAsync(404, "model_not_found")).GetProperty("detail").GetString(),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_method_is_told_the_right_one()
    {
        foreach ((HttpMethod method, string route, string allowed) in new[]
        {
            (HttpMethod.Get, "/generate", "POST"), (HttpMethod.Delete, "/tag", "POST"),
            (HttpMethod.Post, "/models", "GET, HEAD"), (HttpMethod.Post, "/metrics", "GET, HEAD"),
        })
        {
            using HttpResponseMessage answer =
                await shared.Client.SendAsync(new HttpRequestMessage(method, route), TestContext.Current.CancellationToken);
            JsonElement problem = await answer.IsProblemAsync(405, "method_not_allowed");
            Assert.Equal(allowed, string.Join(", ", answer.Content.Headers.Allow));
            Assert.Contains(allowed, problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(null)]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("application/json; charset=utf-16")]
    [InlineData("nonsense")]
    public async Task Only_JSON_in_UTF8_is_read(string? type)
    {
        using var content = new ByteArrayContent("""{"inputs": "a"}"""u8.ToArray());
        if (type is not null) content.Headers.TryAddWithoutValidation("Content-Type", type);
        using HttpResponseMessage answer = await shared.Client.PostAsync("/classify", content, TestContext.Current.CancellationToken);
        await answer.IsProblemAsync(415, "media_type");
    }

    [Fact]
    public async Task A_body_over_the_limit_is_refused_whether_or_not_its_length_is_known()
    {
        byte[] body = Encoding.UTF8.GetBytes(JsonSerializer.Serialize(new { inputs = new string('a', 2_000_000) }));
        foreach (HttpContent content in new HttpContent[] { new ByteArrayContent(body), new StreamContent(new Unseekable(body)) })
        {
            content.Headers.ContentType = new("application/json");
            using HttpResponseMessage answer = await shared.Client.PostAsync("/classify", content, TestContext.Current.CancellationToken);
            await answer.IsProblemAsync(413, "too_large");
        }
    }

    [Theory]
    [InlineData("soon", 400, "malformed")]
    [InlineData("0", 422, "validation")]
    [InlineData("3600001", 422, "validation")]
    public async Task A_deadline_must_be_a_number_within_bounds(string deadline, int status, string errorType)
    {
        using HttpRequestMessage request = Http.Post("/classify", """{"inputs": "a"}""");
        request.Headers.Add(Deadline.Header, deadline);
        using HttpResponseMessage answer = await shared.Client.SendAsync(request, TestContext.Current.CancellationToken);
        await answer.IsProblemAsync(status, errorType);
    }

    [Fact]
    public async Task A_usable_request_id_comes_back()
    {
        foreach ((string sent, bool comesBack) in new[] { ("abc-123", true), ("no spaces", false), (new string('a', 200), false) })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/health/live");
            request.Headers.Add("X-Request-Id", sent);
            using HttpResponseMessage answer = await shared.Client.SendAsync(request, TestContext.Current.CancellationToken);
            Assert.Equal(comesBack, answer.Headers.GetValues("X-Request-Id").Single() == sent);
        }
    }

    private async Task<TestService?> ServiceFor(string errorType) => errorType switch
    {
        "overloaded" => await TestService.StartAsync(shared.Models,
            ("Rnn:Batching:QueueLength", "1"), ("Rnn:Batching:MaxStreams", "1"), ("Rnn:Limits:MaxNewTokens", "100000000")),
        "queue_timeout" => await TestService.StartAsync(shared.Models,
            ("Rnn:Batching:QueueSeconds", "1"), ("Rnn:Batching:MaxStreams", "1"), ("Rnn:Limits:MaxNewTokens", "100000000")),
        "deadline" => await TestService.StartAsync(shared.Models, ("Rnn:Limits:MaxNewTokens", "100000000")),
        // Time that is over before the body has come.
        "timeout" => await TestService.StartAsync(shared.Models, ("Rnn:Http:BodySeconds", "1")),
        "unauthorized" or "forbidden" => await TestService.StartAsync(shared.Models, _keys.Setting),
        // A clock that fails stands for a fault of the service.
        "internal" => new TestService(shared.Models, services => services.AddSingleton<TimeProvider>(new BrokenClock())),
        // Without the loading the models never come.
        "not_ready" => new TestService(shared.Models, services => services.Remove(
            services.Single(service => service.ServiceType == typeof(IHostedService)
                && service.ImplementationType == typeof(ModelLoading))), ("Rnn:Http:LoadWaitSeconds", "0")),
        "state_mismatch" or "session_busy" => await TestService.StartAsync(shared.Models,
            ("Rnn:Sessions:Store", "memory"), ("Rnn:Limits:MaxNewTokens", "100000000")),
        "state_expired" => await TestService.StartAsync(shared.Models, ("Rnn:Sessions:Store", "memory")),
        "sessions_unavailable" => await TestService.StartAsync(shared.Models,
            ("Rnn:Sessions:Store", "redis"), ("Rnn:Sessions:Redis", Sessions.RedisServer.NoAddress)),
        _ => null,
    };

    private async Task<HttpResponseMessage> Provoke(string errorType, TestService? own, HttpClient client, CancellationToken leave)
    {
        switch (errorType)
        {
            case "unauthorized": return await client.GetAsync("/models", leave);
            case "forbidden": return await _keys.Client(own!, Narrow).GetAsync("/models/pos", leave);
            case "malformed": return await client.PostJsonAsync("/generate", "{");
            case "model_not_found": return await client.PostJsonAsync("/tag", """{"inputs": "a", "model": "x"}""");
            case "route_not_found": return await client.GetAsync("/nowhere", leave);
            case "method_not_allowed": return await client.GetAsync("/generate", leave);
            case "too_large": return await client.PostJsonAsync("/classify", new string(' ', 2_000_001));
            case "timeout":
                var endless = new StreamContent(new System.IO.Pipelines.Pipe().Reader.AsStream()) { Headers = { ContentType = new("application/json") } };
                return await client.PostAsync("/classify", endless, leave);
            case "media_type": return await client.PostAsync("/classify", new StringContent("{}"), leave);
            case "content_encoding":
                var encoded = new StringContent("{}", Encoding.UTF8, "application/json") { Headers = { ContentEncoding = { "zstd" } } };
                return await client.PostAsync("/classify", encoded, leave);
            case "validation": return await client.PostJsonAsync("/classify", """{"inputs": []}""");
            case "state_refused": return await client.PostJsonAsync("/generate", """{"inputs": "a", "session": {"resume": "AAAA"}}""");
            case "state_expired": return await client.PostJsonAsync("/generate", """{"inputs": "a", "session": {"id": "s", "position": 1}}""");
            case "sessions_unavailable": return await client.PostJsonAsync("/generate", """{"inputs": "a", "session": {"id": "s"}}""");
            case "state_mismatch":
                await client.AnswerAsync("/generate", """{"inputs": "a", "parameters": {"max_new_tokens": 1}, "session": {"id": "s"}}""");
                return await client.PostJsonAsync("/generate", """{"inputs": "to be", "model": "words", "session": {"id": "s"}}""");
            case "session_busy":
                _ = client.SendAsync(Http.Post("/generate", Endless[..^1] + """, "session": {"id": "s"}}"""), leave);
                await own!.MetricBecomesAsync(1, "rnn_streams_active");
                return await client.PostJsonAsync("/generate", """{"inputs": "a", "session": {"id": "s"}}""");
            case "not_ready": return await client.PostJsonAsync("/classify", """{"inputs": "a"}""");
            case "overloaded":
                // One runs, one waits, the third is one too many.
                _ = client.SendAsync(Http.Post("/generate", Endless), leave);
                await own!.MetricBecomesAsync(1, "rnn_streams_active");
                _ = client.SendAsync(Http.Post("/generate", Endless), leave);
                await own.MetricBecomesAsync(1, "rnn_queue_depth");
                return await client.PostJsonAsync("/generate", Endless);
            case "queue_timeout":
                _ = client.SendAsync(Http.Post("/generate", Endless), leave);
                await own!.MetricBecomesAsync(1, "rnn_streams_active");
                return await client.PostJsonAsync("/generate", Endless);
            default:
                using (HttpRequestMessage request = Http.Post("/generate", Endless))
                {
                    request.Headers.Add(Deadline.Header, ShortDeadline.ToString());
                    return await client.SendAsync(request, leave);
                }
        }
    }

    private sealed class BrokenClock : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            dueTime == TimeSpan.FromMilliseconds(ShortDeadline)
                ? throw new InvalidOperationException("the clock is broken")
                : base.CreateTimer(callback, state, dueTime, period);
    }

    private sealed class Unseekable(byte[] bytes) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;
    }
}
