using System.IO.Compression;
using System.Net;
using System.Text;
using System.Threading.Channels;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using RnnService.Server.Requests;

namespace RnnService.Server.Tests.Requests;

/// <summary>Bodies that never come to their end: over real connections, with a clock that the test moves.</summary>
public sealed class SlowBodyTests(SharedService shared)
{
    private const int BodySeconds = 17;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("length")]
    [InlineData("chunks")]
    [InlineData("gzip")]
    [InlineData("deflate")]
    public async Task A_body_that_stops_short_is_408_and_its_connection_is_closed(string kind)
    {
        var clock = new BodyClock();
        await using TestService service = await StartAsync(clock);
        using RawClient client = await RawClient.ConnectAsync(service);
        service.Logs.Lines.Clear();
        await client.SendAsync(Unfinished(kind, 100));
        await clock.FireAsync();
        RawAnswer answer = await client.ReadAsync();
        Assert.Equal(408, answer.Status);
        Assert.True(answer.IsClosing);
        Assert.Contains("\"error_type\":\"timeout\"", answer.Body, StringComparison.Ordinal);
        Assert.Contains($"the request body was not whole after {BodySeconds} seconds", answer.Body, StringComparison.Ordinal);
        await service.MetricBecomesAsync(1, "rnn_request_failures_total", "reason=\"timeout\"");
        if (kind == "length") await client.ReadToEndAsync(); // what is left is awaited for five seconds, so that the answer arrives
        NothingIsWrong(service);
        using HttpClient after = service.Client();
        await after.AnswerAsync("/classify", """{"inputs": "to be"}""");
    }

    [Theory]
    [InlineData("length")]
    [InlineData("chunks")]
    [InlineData("gzip")]
    public async Task A_client_holds_half_of_the_bytes_at_most_and_others_get_in(string kind)
    {
        var clock = new BodyClock();
        // Each takes 40,000 bytes of 100,000, or 65,536 of 150,000 where its length is told by nothing.
        await using TestService service = await StartAsync(clock,
            ("Rnn:Limits:MaxBodyBytesAltogether", kind == "length" ? "100000" : "150000"), ("Rnn:Limits:MaxBodyBytes", "70000"));
        using RawClient first = await RawClient.ConnectAsync(service);
        await first.SendAsync(Unfinished(kind, 40_000));
        BodyBudget budget = service.Services.GetRequiredService<BodyBudget>();
        await EventuallyAsync(() => Task.FromResult(budget.Held >= 40_000));

        Assert.Equal(budget.Held, await service.MetricAsync("rnn_request_body_held_bytes"));
        using RawClient second = await RawClient.ConnectAsync(service);
        await second.SendAsync(Unfinished(kind, 40_000));
        RawAnswer refused = await second.ReadAsync();
        Assert.Equal(429, refused.Status);
        Assert.True(refused.IsClosing);
        Assert.Contains("Retry-After: ", refused.Text, StringComparison.Ordinal);
        Assert.Contains("\"error_type\":\"overloaded\"", refused.Body, StringComparison.Ordinal);

        // Small ones are read whatever is held, and another client's large ones too.
        using HttpClient small = service.Client();
        await small.AnswerAsync("/classify", """{"inputs": "to be"}""");
        using RawClient other = await RawClient.ConnectAsync(service, "127.0.0.2");
        await other.SendAsync(Whole(40_000));
        Assert.Equal(200, (await other.ReadAsync()).Status);

        // What is given up comes back.
        await clock.FireAsync();
        Assert.Equal(408, (await first.ReadAsync()).Status);
        await EventuallyAsync(async () =>
        {
            using RawClient third = await RawClient.ConnectAsync(service);
            await third.SendAsync(Whole(40_000));
            return (await third.ReadAsync()).Status == 200;
        });
    }

    [Theory]
    [InlineData("length", true)]
    [InlineData("length", false)]
    [InlineData("chunks", true)]
    [InlineData("chunks", false)]
    [InlineData("gzip", true)]
    [InlineData("gzip", false)]
    public async Task A_client_that_leaves_in_the_middle_is_no_failure(string kind, bool hard)
    {
        var clock = new BodyClock();
        await using TestService service = await StartAsync(clock);
        service.Logs.Lines.Clear();
        for (int round = 0; round < 5; round++)
        {
            using RawClient client = await RawClient.ConnectAsync(service);
            await client.SendAsync(Unfinished(kind, 40_000));
            await clock.WaitedAsync();
            client.Leave(hard);
            await service.MetricBecomesAsync(round + 1, "rnn_request_failures_total", "reason=\"cancelled\"");
        }

        Assert.Equal(5, await service.MetricAsync("rnn_requests_total", "code=\"499\"", "route=\"/classify\""));
        Assert.Equal(0, await service.MetricAsync("rnn_request_failures_total", "route=\"/classify\"", "reason=\"malformed\""));
        NothingIsWrong(service);
        Assert.Equal(0, service.Services.GetRequiredService<BodyBudget>().Held);
    }

    [Fact]
    public async Task A_body_below_the_least_rate_is_408_with_the_usual_body()
    {
        await using var service = new TestService(shared.Models, services => services.Configure<KestrelServerOptions>(
            kestrel => kestrel.Limits.MinRequestBodyDataRate = new MinDataRate(1e9, TimeSpan.FromSeconds(1.01))));
        service.Listen();
        await service.ReadyAsync();
        using RawClient client = await RawClient.ConnectAsync(service);
        await client.SendAsync(Unfinished("length", 100));
        RawAnswer answer = await client.ReadAsync();
        Assert.Equal(408, answer.Status);
        Assert.Contains("the request body came too slowly", answer.Body, StringComparison.Ordinal);
    }

    /// <summary>Bodies that nobody reads yet are not paid for: a thousand connections may hold as many buffers.</summary>
    [Fact]
    public async Task A_connection_buffers_little_that_nobody_reads()
    {
        await using TestService service = await StartAsync(new BodyClock());
        Assert.Equal(65_536, service.Services.GetRequiredService<IOptions<SocketTransportOptions>>().Value.MaxReadBufferSize);
        Assert.Equal(65_536, service.Services.GetRequiredService<IOptions<KestrelServerOptions>>().Value.Limits.MaxRequestBufferSize);
    }

    [Fact]
    public async Task A_large_answer_is_paid_for_until_it_is_taken_and_one_request_alone_is_always_answered()
    {
        await using TestService service = await TestService.StartAsync(
            shared.Models, ("Rnn:Limits:MaxBodyBytes", "50000"), ("Rnn:Limits:MaxBodyBytesAltogether", "100000"));
        BodyBudget budget = service.Services.GetRequiredService<BodyBudget>();
        var other = new DefaultHttpContext();
        BodyBudget.Lease held = budget.LeaseOf(other);
        held.Add(40_000);
        Assert.Equal(40_000, budget.Held);
        string body = $$"""{"inputs": "{{string.Concat(Enumerable.Repeat("a ", 1_000))}}"}"""; // 2 kB, answered with more than 100
        using HttpClient client = service.Client();
        using HttpResponseMessage refused = await client.PostJsonAsync("/tag", body);
        await refused.IsProblemAsync(429, "overloaded");
        held.Dispose();
        await client.AnswerAsync("/tag", body);
        Assert.Equal(0, budget.Held);
    }

    [Theory]
    [InlineData("::ffff:10.1.2.3", "10.1.2.3")]
    [InlineData("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::")]
    [InlineData("10.1.2.3", "10.1.2.3")]
    public void A_client_is_an_address_or_a_network(string address, string client) =>
        Assert.Equal(client, ClientAddress.Of(IPAddress.Parse(address)));

    private async Task<TestService> StartAsync(BodyClock clock, params (string, string)[] settings)
    {
        var service = new TestService(shared.Models, services => services.AddSingleton<TimeProvider>(clock),
            [("Rnn:Http:BodySeconds", $"{BodySeconds}"), .. settings]);
        service.Listen();
        await service.ReadyAsync();
        return service;
    }

    private static void NothingIsWrong(TestService service) =>
        Assert.DoesNotContain(service.Logs.Lines, line => !line.StartsWith("Information", StringComparison.Ordinal));

    /// <summary>The head of a request and a body of so many bytes without its end.</summary>
    private static byte[] Unfinished(string kind, int bytes)
    {
        byte[] body = Encoding.ASCII.GetBytes("{\"inputs\": \"a\"" + new string(' ', bytes - 14));
        byte[] sent = Encoded(kind, body);
        string length = kind == "chunks" ? "Transfer-Encoding: chunked" : $"Content-Length: {sent.Length + 10}";
        string encoding = kind is "gzip" or "deflate" ? $"\r\nContent-Encoding: {kind}" : "";
        return [.. Encoding.ASCII.GetBytes($"{Head}{length}{encoding}\r\n\r\n"), .. sent];
    }

    private static byte[] Whole(int bytes) => Encoding.ASCII.GetBytes(
        $"{Head}Connection: close\r\nContent-Length: {bytes}\r\n\r\n{{\"inputs\": \"a\"{new string(' ', bytes - 15)}}}");

    private static byte[] Encoded(string kind, byte[] body)
    {
        if (kind == "length") return body;
        if (kind == "chunks") return [.. Encoding.ASCII.GetBytes($"{body.Length:x}\r\n"), .. body, .. "\r\n"u8];
        using var result = new MemoryStream();
        using Stream encoder = kind == "gzip" ? new GZipStream(result, CompressionLevel.Fastest) : new ZLibStream(result, CompressionLevel.Fastest);
        encoder.Write(body);
        encoder.Flush();
        return result.ToArray();
    }

    private static async Task EventuallyAsync(Func<Task<bool>> happens)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!await happens())
        {
            patience.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    private const string Head = "POST /classify HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";

    /// <summary>A clock whose timers for bodies go off when the test says so.</summary>
    private sealed class BodyClock : TimeProvider
    {
        private readonly Channel<Timer> _made = Channel.CreateUnbounded<Timer>();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            if (dueTime != TimeSpan.FromSeconds(BodySeconds)) return base.CreateTimer(callback, state, dueTime, period);
            var timer = new Timer(() => callback(state));
            _made.Writer.TryWrite(timer);
            return timer;
        }

        /// <summary>Waits until a body is being read.</summary>
        public async Task<Timer> WaitedAsync() => await _made.Reader.ReadAsync(Cancel);

        /// <summary>Lets the time of the body pass that was begun first.</summary>
        public async Task FireAsync() => (await WaitedAsync()).Fire();

        public sealed class Timer(Action fire) : ITimer
        {
            public void Fire() => fire();

            public bool Change(TimeSpan dueTime, TimeSpan period) => true;

            public void Dispose()
            {
            }

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }
}
