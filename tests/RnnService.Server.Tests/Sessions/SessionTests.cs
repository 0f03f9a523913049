using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using RnnService.Server.Tests.Keys;

namespace RnnService.Server.Tests.Sessions;

/// <summary>Texts that go on over several requests, by a state in the client's hand or a session of the service, equal those of one request.</summary>
public sealed class SessionTests(SharedService shared) : IDisposable
{
    private const string Prompt = "ROMEO:";
    private const int Pieces = 10, PieceTokens = 7;

    /// <summary>What a text depends on beyond the network's state: draws, penalties, and stop strings that begin in one piece and end in another.</summary>
    private const string Options = "\"seed\": 7, \"temperature\": 0.9, \"repetition_penalty\": 1.3, \"stop\": [\"qzqzq\"]";

    private readonly DirectoryInfo _keys = Directory.CreateTempSubdirectory("rnn-keys-");

    public void Dispose() => _keys.Delete(recursive: true);

    [Theory]
    [InlineData("/generate", false)]
    [InlineData("/generate_stream", true)]
    [InlineData("/v1/completions", false)]
    [InlineData("/v1/completions", true)]
    public async Task Ten_pieces_on_alternating_replicas_are_the_text_of_one_request(string route, bool stream)
    {
        await using TestService one = await ReplicaAsync(), other = await ReplicaAsync();
        string? state = null;
        await IsWholeAsync(route, stream, [one, other], _ => Session(state), session =>
        {
            state = session["state"]!.GetValue<string>();
            Assert.InRange(state.Length, 1, 12_000);
        });
    }

    [Fact]
    public async Task Ten_pieces_of_a_session_kept_in_memory_are_the_text_of_one_request()
    {
        await using TestService service = await ReplicaAsync(("Rnn:Sessions:Store", "memory"));
        string? id = null;
        await IsWholeAsync("/generate", true, [service], _ => id is null ? "{}" : $$"""{"id": "{{id}}"}""", session => id = session["id"]!.GetValue<string>());
        Assert.Equal(32, id!.Length);
        Assert.Equal(1, await service.MetricAsync("rnn_sessions_stored"));
        Assert.InRange(await service.MetricAsync("rnn_sessions_bytes"), 100, 2_000);
        Assert.Equal(Pieces - 1, await service.MetricAsync("rnn_sessions_resumed_total", "from=\"store\""));
        Assert.DoesNotContain(service.Logs.Lines, line => line.Contains(id, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Ten_pieces_of_a_session_kept_in_Redis_are_the_text_of_one_request()
    {
        await using RedisServer redis = await RedisServer.StartAsync();
        (string, string)[] settings = [("Rnn:Sessions:Store", "redis"), ("Rnn:Sessions:Redis", redis.Address)];
        await using TestService one = await TestService.StartAsync(shared.Models, settings), other = await TestService.StartAsync(shared.Models, settings);
        await IsWholeAsync("/generate", false, [one, other], piece => $$"""{"id": "a", "position": {{Position(piece)}}}""", _ => { });
    }

    [Fact]
    public async Task Text_between_pieces_is_read_before_the_text_goes_on()
    {
        JsonNode first = await PostAsync(shared.Client, Prompt, 5, Session(null));
        JsonNode second = await PostAsync(shared.Client, "o be", 5, Session(first["session"]!["state"]!.GetValue<string>()));
        Assert.Equal(Prompt.Length + 5, first["session"]!["position"]!.GetValue<int>());
        Assert.Equal(Prompt.Length + 5 + 4 + 5, second["session"]!["position"]!.GetValue<int>());
        DateTimeOffset expires = DateTimeOffset.Parse(second["session"]!["expires"]!.GetValue<string>(), System.Globalization.CultureInfo.InvariantCulture);
        Assert.InRange(expires, DateTimeOffset.UtcNow.AddHours(23), DateTimeOffset.UtcNow.AddHours(25));
        JsonNode noMore = await PostAsync(shared.Client, "", 5, $$"""{"resume": "{{first["session"]!["state"]}}"}""");
        Assert.Null(noMore["session"]);
    }

    [Theory]
    [InlineData("""{"resume": "AAAA"}""", 403, "state_refused")]
    [InlineData("""{"resume": "no state at all"}""", 403, "state_refused")]
    [InlineData("""{"resume": ""}""", 422, "validation")]
    [InlineData("""{"resume": 1}""", 400, "malformed")]
    [InlineData("""{"resume": "AAAA", "id": "a"}""", 422, "validation")]
    [InlineData("""{"id": "a/b"}""", 422, "validation")]
    [InlineData("""{"id": ".."}""", 422, "validation")]
    [InlineData("""{"resume": "AAAA", "position": 9223372036854775808}""", 422, "validation")]
    [InlineData("""{"id": "a"}""", 422, "validation")]
    [InlineData("""{}""", 422, "validation")]
    [InlineData("""{"return_state": false}""", 422, "validation")]
    [InlineData("""{"return_state": true, "position": 1}""", 422, "validation")]
    [InlineData("""{"state": "AAAA"}""", 400, "malformed")]
    public async Task A_session_that_cannot_be_gone_on_with_is_refused(string session, int status, string errorType)
    {
        using HttpResponseMessage answer = await shared.Client.PostJsonAsync("/generate", Body(Prompt, 5, session));
        await answer.IsProblemAsync(status, errorType);
    }

    [Fact]
    public async Task What_is_too_long_to_be_a_state_is_not_opened()
    {
        using HttpResponseMessage answer = await shared.Client.PostJsonAsync("/generate", Body("", 5, Session(new string('A', 400_001))));
        await answer.IsProblemAsync(422, "validation");
    }

    [Fact]
    public async Task An_empty_text_needs_a_session_to_go_on_with()
    {
        using HttpResponseMessage answer = await shared.Client.PostJsonAsync("/generate", Body("", 5, Session(null)));
        Assert.Equal("inputs: is empty; expected a text", (await answer.IsProblemAsync(422, "validation")).GetProperty("detail").GetString());
    }

    [Fact]
    public async Task A_state_that_is_changed_too_old_or_of_another_model_is_refused()
    {
        var clock = new ShiftedClock();
        await using var service = new TestService(shared.Models, services => services.AddSingleton<TimeProvider>(clock));
        await service.ReadyAsync();
        using HttpClient client = service.Client();
        string state = (await PostAsync(client, Prompt, 5, Session(null)))["session"]!["state"]!.GetValue<string>();
        var bodies = new HashSet<string>();
        foreach (int i in Enumerable.Range(0, 20).Select(i => i * state.Length / 20))
        {
            char other = state[i] == 'A' ? 'B' : 'A';
            bodies.Add(await RefusedAsync(client, state[..i] + other + state[(i + 1)..], 403, "state_refused"));
            bodies.Add(await RefusedAsync(client, state[..Math.Max(1, i)], 403, "state_refused"));
        }

        Assert.Single(bodies);
        await RefusedAsync(client, state, 409, "state_mismatch", "words");
        await RefusedAsync(client, state, 409, "state_mismatch", position: 10);
        Assert.Equal(1, await service.MetricAsync("rnn_sessions_refused_total", "reason=\"state_refused\"") / 40);
        Assert.DoesNotContain(service.Logs.Lines, line => line.Contains(state[..20], StringComparison.Ordinal));
        clock.Ahead = TimeSpan.FromDays(2);
        await RefusedAsync(client, state, 410, "state_expired");
    }

    [Fact]
    public async Task What_belongs_to_one_key_is_nothing_to_another()
    {
        using KeyFixture keys = new KeyFixture().Add("one").Add("other");
        await using TestService service = await ReplicaAsync(keys.Setting, ("Rnn:Sessions:Store", "memory"));
        using HttpClient one = keys.Client(service, "one"), other = keys.Client(service, "other");
        string state = (await PostAsync(one, Prompt, 5, Session(null)))["session"]!["state"]!.GetValue<string>();
        Assert.Equal(await RefusedAsync(other, "AAAA", 403, "state_refused"), await RefusedAsync(other, state, 403, "state_refused"));
        await PostAsync(one, "", 5, Session(state));

        const string same = """{"id": "a"}""";
        Assert.Equal(11, await AtAsync(one, Prompt));
        Assert.Equal(11, await AtAsync(other, Prompt)); // its own
        using HttpResponseMessage deleted = await other.DeleteAsync("/sessions/a", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, deleted.StatusCode);
        Assert.Equal(11, await AtAsync(other, Prompt));
        Assert.Equal(16, await AtAsync(one, ""));

        async Task<int> AtAsync(HttpClient client, string text) => (await PostAsync(client, text, 5, same))["session"]!["position"]!.GetValue<int>();
    }

    [Fact]
    public async Task Of_two_requests_on_one_session_the_second_is_refused_at_once()
    {
        await using TestService service = await ReplicaAsync(("Rnn:Sessions:Store", "memory"), ("Rnn:Limits:MaxNewTokens", "100000000"));
        using HttpClient client = service.Client();
        using CancellationTokenSource leave = new();
        Task<HttpResponseMessage> endless = client.SendAsync(Http.Post("/generate", Body(Prompt, 100_000_000, """{"id": "a"}""")), leave.Token);
        await service.MetricBecomesAsync(1, "rnn_streams_active");
        using HttpResponseMessage second = await client.PostJsonAsync("/generate", Body(Prompt, 1, """{"id": "a"}"""));
        await second.IsProblemAsync(409, "session_busy");
        await leave.CancelAsync();
        await service.MetricBecomesAsync(0, "rnn_streams_active");
        // The first has given the session back as it was: there was none.
        JsonNode third;
        do third = await PostAsync(client, Prompt, 1, """{"id": "a"}""", mayBeBusy: true);
        while (third["session"] is null);
        Assert.Equal(Prompt.Length + 1, third["session"]!["position"]!.GetValue<int>());
        using HttpResponseMessage twice = await client.PostJsonAsync("/generate", Body("", 1, """{"id": "a", "position": 3}"""));
        await twice.IsProblemAsync(409, "state_mismatch");
        using HttpResponseMessage gone = await client.PostJsonAsync("/generate", Body(Prompt, 1, """{"id": "b", "position": 3}"""));
        await gone.IsProblemAsync(410, "state_expired");
    }

    [Fact]
    public async Task Without_Redis_only_requests_that_need_it_fail_and_it_comes_back()
    {
        await using RedisServer redis = await RedisServer.StartAsync();
        await using TestService service = await ReplicaAsync(("Rnn:Sessions:Store", "redis"), ("Rnn:Sessions:Redis", redis.Address));
        using HttpClient client = service.Client();
        Assert.Equal(7, (await PostAsync(client, Prompt, 1, """{"id": "a"}"""))["session"]!["position"]!.GetValue<int>());
        await redis.KillAsync();
        using HttpResponseMessage lost = await client.PostJsonAsync("/generate", Body(Prompt, 1, """{"id": "a"}"""));
        await lost.IsProblemAsync(503, "sessions_unavailable");
        Assert.NotNull(lost.Headers.RetryAfter);
        Assert.NotNull((await PostAsync(client, Prompt, 1, Session(null)))["session"]); // the keys are in the folder
        await redis.BeginAsync();
        JsonNode again;
        do again = await PostAsync(client, Prompt, 1, """{"id": "b"}""", mayBeBusy: true);
        while (again["session"] is null);
        Assert.Equal(7, again["session"]!["position"]!.GetValue<int>());
    }

    /// <summary>Asks for a text in one request and in pieces, and compares them.</summary>
    private static async Task IsWholeAsync(string route, bool stream, TestService[] replicas, Func<int, string> session, Action<JsonNode> answered)
    {
        using HttpClient first = replicas[0].Client();
        string whole = Text(await PostAsync(first, Prompt, Pieces * PieceTokens, null, route: stream ? "/generate" : route));
        string text = "";
        for (int piece = 0; piece < Pieces; piece++)
        {
            using HttpClient client = replicas[piece % replicas.Length].Client();
            JsonNode answer = await PostAsync(client, piece == 0 ? Prompt : "", PieceTokens, session(piece), stream, route);
            text += Text(answer);
            Assert.Equal(Position(piece + 1), answer["session"]!["position"]!.GetValue<int>());
            answered(answer["session"]!);
        }

        Assert.Equal(whole, text);
    }

    private static int Position(int piece) => piece == 0 ? 0 : Prompt.Length + piece * PieceTokens;

    private static string Session(string? state) =>
        state is null ? """{"return_state": true}""" : $$"""{"resume": "{{state}}", "return_state": true}""";

    private static string Body(string text, int tokens, string? session, bool stream = false) => $$"""
        {"inputs": "{{text}}", "stream": {{(stream ? "true" : "false")}}, "parameters": {"max_new_tokens": {{tokens}}, {{Options}}}
         {{(session is null ? "" : $", \"session\": {session}")}}}
        """;

    private static string CompletionBody(string text, int tokens, string? session, bool stream) => $$"""
        {"prompt": "{{text}}", "stream": {{(stream ? "true" : "false")}}, "max_tokens": {{tokens}}, {{Options}}{{(session is null ? "" : $", \"session\": {session}")}}}
        """;

    /// <summary>The answer; of a stream its last event with an object, to which the text of all is given.</summary>
    private static async Task<JsonNode> PostAsync(
        HttpClient client, string text, int tokens, string? session, bool stream = false, string route = "/generate", bool mayBeBusy = false)
    {
        bool isCompletion = route.StartsWith("/v1", StringComparison.Ordinal);
        using HttpResponseMessage answer = await client.PostJsonAsync(
            route, isCompletion ? CompletionBody(text, tokens, session, stream) : Body(text, tokens, session, stream));
        string body = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(answer.StatusCode == HttpStatusCode.OK || mayBeBusy, body);
        if (!stream) return JsonNode.Parse(body)!;
        JsonNode[] events = [.. body.Split("data:", StringSplitOptions.TrimEntries).Where(one => one.StartsWith('{')).Select(one => JsonNode.Parse(one)!)];
        if (isCompletion) events[^1]["choices"]![0]!["text"] = string.Concat(events.Select(one => one["choices"]![0]!["text"]!.GetValue<string>()));
        return events[^1];
    }

    private static string Text(JsonNode answer) => (answer["generated_text"] ?? answer["choices"]![0]!["text"])!.GetValue<string>();

    private static async Task<string> RefusedAsync(HttpClient client, string state, int status, string errorType, string model = "shakespeare", long? position = null)
    {
        string session = $$"""{"resume": "{{state}}"{{(position is null ? "" : $", \"position\": {position}")}}}""";
        using HttpResponseMessage answer = await client.PostJsonAsync("/generate", $$"""{"inputs": "", "model": "{{model}}", "session": {{session}}}""");
        JsonElement problem = await answer.IsProblemAsync(status, errorType);
        return problem.GetRawText().Replace(problem.GetProperty("traceId").GetString()!, "", StringComparison.Ordinal);
    }

    private Task<TestService> ReplicaAsync(params (string Key, string Value)[] settings) =>
        TestService.StartAsync(shared.Models, [("Rnn:Sessions:KeysPath", _keys.FullName), .. settings]);
}
