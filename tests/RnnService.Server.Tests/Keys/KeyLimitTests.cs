using System.Net;
using System.Text.Json;

namespace RnnService.Server.Tests.Keys;

/// <summary>What a key may do at most, and which models it sees.</summary>
public sealed class KeyLimitTests(SharedService shared)
{
    private const string User = "user", Free = "free";

    private const string Endless = """{"inputs": "a", "parameters": {"max_new_tokens": 100000000}}""";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Requests_beyond_those_of_a_minute_are_told_when_to_come_again()
    {
        using KeyFixture keys = new KeyFixture().Add(User, key => key with { RequestsPerMinute = 2 }).Add(Free);
        await using TestService service = await TestService.StartAsync(shared.Models, keys.Setting);
        using HttpClient user = keys.Client(service, User), free = keys.Client(service, Free);
        for (int i = 0; i < 2; i++) await user.AnswerAsync("/classify", """{"inputs": "a"}""");
        using HttpResponseMessage refused = await user.PostJsonAsync("/classify", """{"inputs": "a"}""");
        JsonElement problem = await refused.IsProblemAsync(429, "overloaded");
        Assert.Equal("this key may make 2 requests a minute", problem.GetProperty("detail").GetString());
        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 30);
        // What is open counts for nobody, and others have minutes of their own.
        Assert.Equal(HttpStatusCode.OK, (await user.GetAsync("/health/live", Cancel)).StatusCode);
        for (int i = 0; i < 5; i++) await free.AnswerAsync("/classify", """{"inputs": "a"}""");
    }

    [Fact]
    public async Task Requests_at_the_same_time_are_counted_until_their_stream_ends()
    {
        using KeyFixture keys = new KeyFixture().Add(User, key => key with { ConcurrentRequests = 1 }).Add(Free);
        await using TestService service = await TestService.StartAsync(shared.Models, keys.Setting, ("Rnn:Limits:MaxNewTokens", "100000000"));
        using HttpClient user = keys.Client(service, User), free = keys.Client(service, Free);
        using var leave = new CancellationTokenSource();
        using (HttpResponseMessage stream = await user.SendAsync(Http.Post("/generate_stream", Endless), HttpCompletionOption.ResponseHeadersRead, leave.Token))
        {
            using HttpResponseMessage second = await user.PostJsonAsync("/classify", """{"inputs": "a"}""");
            JsonElement problem = await second.IsProblemAsync(429, "overloaded");
            Assert.Equal("this key may have 1 requests answered at the same time", problem.GetProperty("detail").GetString());
            Assert.NotNull(second.Headers.RetryAfter);
            await free.AnswerAsync("/classify", """{"inputs": "a"}""");
            await leave.CancelAsync();
        }

        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while ((await user.PostJsonAsync("/classify", """{"inputs": "a"}""")).StatusCode != HttpStatusCode.OK) Assert.False(patience.IsCancellationRequested);
    }

    [Fact]
    public async Task A_key_sees_its_own_models_alone()
    {
        using KeyFixture keys = new KeyFixture().Add(User, key => key with { Models = ["words", "ner", "gone"] });
        await using TestService service = await TestService.StartAsync(shared.Models, keys.Setting);
        using HttpClient user = keys.Client(service, User);
        JsonElement models = await (await user.GetAsync("/models", Cancel)).JsonAsync();
        Assert.Equal(["ner", "words"], models.EnumerateArray().Select(model => model.GetProperty("name").GetString()));
        await user.AnswerAsync("/tag", """{"inputs": "a", "model": "ner"}""");
        foreach ((string route, string body) in new[]
        {
            ("/tag", """{"inputs": "a", "model": "pos"}"""), ("/tag", """{"inputs": "a", "model": "nobody"}"""), ("/tag", """{"inputs": "a"}"""),
            ("/classify", """{"inputs": "a"}"""), ("/inspect", """{"inputs": "a", "model": "sentiment"}"""),
        })
        {
            JsonElement problem = await (await user.PostJsonAsync(route, body)).IsProblemAsync(403, "forbidden");
            Assert.EndsWith(body.Contains("model", StringComparison.Ordinal)
                ? "which this key does not allow; expected words, ner, gone" : "this key does not allow the default; expected words, ner, gone", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        }
    }
}
