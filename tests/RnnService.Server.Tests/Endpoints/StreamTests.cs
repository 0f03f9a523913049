using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace RnnService.Server.Tests.Endpoints;

/// <summary>Streams that come, wait, go and are left alone, over HTTP.</summary>
public sealed class StreamTests(SharedService shared)
{
    private const string Endless = """{"inputs": "a", "parameters": {"max_new_tokens": 100000000, "seed": 1}}""";
    private const string Unread = """{"inputs": "a", "parameters": {"max_new_tokens": 2000, "seed": 1}}""";
    private const string Short = """{"inputs": "a", "parameters": {"max_new_tokens": 3, "seed": 1}}""";

    private static readonly (string, string)[] OneAtATime =
    [
        ("Rnn:Batching:MaxStreams", "1"), ("Rnn:Limits:MaxNewTokens", "100000000"),
        ("Rnn:Http:StreamKeepAliveSeconds", "1"), ("Rnn:Http:DrainSeconds", "1"),
    ];

    [Fact]
    public async Task A_client_that_leaves_frees_its_place_for_the_one_that_waits()
    {
        await using TestService service = await TestService.StartAsync(shared.Models, OneAtATime);
        using HttpClient client = service.Client();
        using CancellationTokenSource leave = new();
        _ = SendAsync(client, "/generate", Endless, leave.Token);
        await service.MetricBecomesAsync(1, "rnn_streams_active");
        Task<JsonElement> waiting = client.AnswerAsync("/generate", Short);
        await service.MetricBecomesAsync(1, "rnn_queue_depth");
        Assert.False(waiting.IsCompleted);
        await leave.CancelAsync();
        await waiting;
        await service.MetricBecomesAsync(0, "rnn_streams_active");
        await service.MetricBecomesAsync(0, "rnn_queue_depth");
    }

    [Fact]
    public async Task A_connection_that_is_closed_under_a_paused_stream_ends_it()
    {
        await using TestService service = await TestService.StartAsync(shared.Models, OneAtATime);
        using HttpClient client = service.Client();
        using (await SendAsync(client, "/generate_stream", Endless, TestContext.Current.CancellationToken))
            await service.MetricBecomesAsync(1, "rnn_streams_paused");
        await service.MetricBecomesAsync(0, "rnn_streams_paused");
        await service.MetricBecomesAsync(0, "rnn_streams_active");
    }

    [Fact]
    public async Task A_client_that_leaves_while_it_waits_frees_its_place_in_the_queue()
    {
        await using TestService service = await TestService.StartAsync(shared.Models, [.. OneAtATime, ("Rnn:Batching:QueueLength", "1")]);
        using HttpClient client = service.Client();
        using CancellationTokenSource leaveFirst = new(), leaveSecond = new();
        _ = SendAsync(client, "/generate", Endless, leaveFirst.Token);
        await service.MetricBecomesAsync(1, "rnn_streams_active");
        _ = SendAsync(client, "/generate", Endless, leaveSecond.Token);
        await service.MetricBecomesAsync(1, "rnn_queue_depth");
        using HttpResponseMessage refused = await client.PostJsonAsync("/generate", Short);
        await refused.IsProblemAsync(429, "overloaded");
        // Another model's queue is its own.
        await client.AnswerAsync("/generate", """{"inputs": "to be", "model": "words", "parameters": {"max_new_tokens": 2}}""");
        await client.AnswerAsync("/classify", """{"inputs": "to be"}""");

        await leaveSecond.CancelAsync();
        await service.MetricBecomesAsync(0, "rnn_queue_depth");
        Task<JsonElement> third = client.AnswerAsync("/generate", Short);
        await service.MetricBecomesAsync(1, "rnn_queue_depth");
        await leaveFirst.CancelAsync();
        await third;
    }

    [Fact]
    public async Task A_stream_that_nobody_reads_pauses_and_the_next_has_its_place()
    {
        await using TestService service = await TestService.StartAsync(shared.Models, OneAtATime);
        using HttpClient client = service.Client();
        using CancellationTokenSource leave = new();
        using HttpResponseMessage endless = await SendAsync(client, "/generate_stream", Endless, leave.Token);
        await service.MetricBecomesAsync(1, "rnn_streams_paused");
        Assert.InRange(await service.MetricAsync("rnn_output_tokens_total"), 256, double.MaxValue); // the buffer is full
        using HttpResponseMessage next = await SendAsync(client, "/generate_stream", Short, leave.Token);
        string answer = await next.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Contains("finish_reason", answer, StringComparison.Ordinal);
        await service.MetricBecomesAsync(1, "rnn_streams_paused"); // the other has not ended
        await leave.CancelAsync();
    }

    [Fact]
    public async Task A_stream_that_waits_is_kept_alive_with_comments()
    {
        await using TestService service = await TestService.StartAsync(shared.Models, OneAtATime);
        using HttpClient client = service.Client();
        using CancellationTokenSource leave = new();
        _ = client.SendAsync(Http.Post("/generate", Endless), leave.Token);
        await service.MetricBecomesAsync(1, "rnn_streams_active");
        using HttpResponseMessage waiting = await SendAsync(client, "/generate_stream", Short, leave.Token);
        using var reader = new StreamReader(await waiting.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
        Assert.Equal(":", await reader.ReadLineAsync(TestContext.Current.CancellationToken));
        Assert.Equal("", await reader.ReadLineAsync(TestContext.Current.CancellationToken));
        Assert.Equal(":", await reader.ReadLineAsync(TestContext.Current.CancellationToken)); // a second later
        await leave.CancelAsync();
    }

    [Fact]
    public async Task A_deadline_within_a_stream_is_its_last_event()
    {
        await using TestService service = await TestService.StartAsync(shared.Models, OneAtATime);
        using HttpClient client = service.Client();
        using HttpRequestMessage request = Http.Post("/generate_stream", Endless);
        request.Headers.Add("X-Request-Deadline-Ms", "300");
        using HttpResponseMessage answer =
            await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        List<JsonElement> events = Endpoints.GenerateTests.Events(
            await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.True(events[0].TryGetProperty("token", out _));
        Assert.Equal("deadline", events[^1].GetProperty("error_type").GetString());
        Assert.Contains("X-Request-Deadline-Ms", events[^1].GetProperty("error").GetString(), StringComparison.Ordinal);
        await service.MetricBecomesAsync(0, "rnn_streams_active");
    }

    [Fact]
    public async Task Stopping_refuses_new_work_finishes_what_runs_and_gives_up_at_the_limit()
    {
        // The drain has its limit far away until the text that ends by itself has been read: only then is there anything to give up.
        await using TestService service = await TestService.StartAsync(
            shared.Models, [.. OneAtATime, ("Rnn:Batching:MaxStreams", "2"), ("Rnn:Http:DrainSeconds", "5")]);
        using HttpClient client = service.Client();
        using HttpResponseMessage endless = await SendAsync(client, "/generate_stream", Endless, CancellationToken.None);
        // Its first token is there, so it runs; and it cannot end before it is read on, as its buffer is smaller than its text.
        using HttpResponseMessage running = await SendAsync(client, "/generate_stream", Unread, CancellationToken.None);
        service.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
        using HttpResponseMessage ready = await client.GetAsync("/health/ready", TestContext.Current.CancellationToken);
        await ready.IsProblemAsync(503, "not_ready");
        using HttpResponseMessage refused = await client.PostJsonAsync("/generate", Short);
        await refused.IsProblemAsync(503, "not_ready");
        Assert.NotNull(refused.Headers.RetryAfter);

        List<JsonElement> finished = Endpoints.GenerateTests.Events(
            await running.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.NotEmpty(finished[^1].GetProperty("generated_text").GetString()!);
        List<JsonElement> events = Endpoints.GenerateTests.Events(
            await endless.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal("not_ready", events[^1].GetProperty("error_type").GetString());
    }

    /// <summary>Streams of all lengths come and go beside it, so that its row in the batch changes and so do its neighbours.</summary>
    [Fact]
    public async Task A_seeded_text_among_63_others_is_the_text_alone()
    {
        (string Route, string Body)[] requests = [.. Enumerable.Range(0, 64).Select(seed => (
            seed % 2 == 0 ? "/generate" : "/generate_stream",
            JsonSerializer.Serialize(new
            {
                inputs = "the quick brown fox "[..(1 + seed % 20)],
                model = "shakespeare",
                parameters = new { max_new_tokens = 5 + seed * 3, seed, temperature = 0.9, top_k = seed % 3 * 8, top_p = 0.95 },
            })))];
        var alone = new List<string>();
        foreach ((string route, string body) in requests) alone.Add(await TextAsync(route, body));
        double joint = await RowsAbove16Async();
        string[] together = await Task.WhenAll(requests.Select(request => Task.Run(() => TextAsync(request.Route, request.Body))));
        Assert.Equal(alone, together);
        Assert.True(joint < await RowsAbove16Async(), "no step held more than 16 of them");

        async Task<double> RowsAbove16Async() => await shared.Service.MetricAsync("rnn_batch_rows_count", "model=\"shakespeare\"")
            - await shared.Service.MetricAsync("rnn_batch_rows_bucket", "model=\"shakespeare\"", "le=\"16\"");
    }

    [Fact]
    public async Task Mixed_requests_together_are_answered_as_each_alone()
    {
        (string Route, string Body)[] requests =
        [
            .. Enumerable.Range(0, 24).Select(seed => ("/generate", Body(new
            {
                inputs = "abcdef"[..(1 + seed % 6)],
                parameters = new { max_new_tokens = 10 + seed * 7, seed, details = true },
            }))),
            .. Enumerable.Range(0, 8).Select(seed => ("/generate_stream", Body(new
            {
                inputs = "to be",
                model = "words",
                parameters = new { max_new_tokens = 30, seed },
            }))),
            .. Enumerable.Range(0, 16).Select(index => ("/classify", Body(new
            {
                inputs = Enumerable.Range(0, 1 + index * 2).Select(words => string.Join(' ', Enumerable.Repeat("lovely film", words))),
            }))),
            .. Enumerable.Range(0, 16).Select(index => ("/tag", Body(new
            {
                inputs = string.Join(' ', Enumerable.Repeat("Marie in Paris", index)),
                model = index % 2 == 0 ? "ner" : "pos",
            }))),
        ];
        var alone = new List<string>();
        foreach ((string route, string body) in requests) alone.Add(await TextAsync(route, body));
        string[] together = await Task.WhenAll(
            requests.Concat(requests).Select(request => Task.Run(() => TextAsync(request.Route, request.Body))));
        Assert.Equal(alone.Concat(alone), together);
        // They did meet: some batch or step held more than one row.
        double single = await shared.Service.MetricAsync("rnn_batch_rows_bucket", "le=\"1\"");
        Assert.True(single < await shared.Service.MetricAsync("rnn_batch_rows_count"));

        static string Body<T>(T body) => JsonSerializer.Serialize(body);
    }

    private async Task<string> TextAsync(string route, string body)
    {
        using HttpResponseMessage answer = await shared.Client.PostJsonAsync(route, body);
        string text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(answer.IsSuccessStatusCode, text);
        return text;
    }

    private static Task<HttpResponseMessage> SendAsync(HttpClient client, string route, string body, CancellationToken cancel) =>
        client.SendAsync(Http.Post(route, body), HttpCompletionOption.ResponseHeadersRead, cancel);
}
