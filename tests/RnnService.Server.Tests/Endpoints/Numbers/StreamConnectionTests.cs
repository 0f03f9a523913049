using System.Net;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using RnnService.AspNetCore.Models;
using RnnService.AspNetCore.Scheduling;
using RnnService.Server.Endpoints.Streams;
using RnnService.Server.Requests;

namespace RnnService.Server.Tests.Endpoints.Numbers;

/// <summary>What carries streams of numbers: how it begins, and how it breaks.</summary>
public sealed class StreamConnectionTests(NumberService shared) : IClassFixture<NumberService>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_body_that_is_compressed_is_refused_as_it_is_read_while_it_comes()
    {
        var body = new StringContent("""{"end": true}""", Encoding.UTF8, "application/x-ndjson") { Headers = { ContentEncoding = { "gzip" } } };
        using HttpResponseMessage answer = await shared.Client.PostAsync("/stream/gestures", body, Cancel);
        JsonElement problem = await answer.IsProblemAsync(415, "content_encoding");
        Assert.StartsWith("the content encoding is \"gzip\"; expected no header Content-Encoding", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal("identity", answer.Headers.GetValues("Accept-Encoding").Single());
        using HttpResponseMessage plain = await shared.Client.PostAsync(
            "/stream/gestures", new StringContent("""{"end": true}""", Encoding.UTF8, "application/x-ndjson") { Headers = { ContentEncoding = { "identity" } } }, Cancel);
        Assert.Equal(HttpStatusCode.OK, plain.StatusCode);
    }

    [Theory]
    [InlineData("audio/pcm", "\"audio/pcm\"")]
    [InlineData("text/plain", "\"text/plain\"")]
    [InlineData(";;", "\";;\"")]
    [InlineData(null, "missing")]
    public async Task A_body_that_is_neither_lines_nor_bytes_is_told_what_the_route_takes(string? type, string found)
    {
        using var body = new ByteArrayContent([]);
        if (type is not null) body.Headers.TryAddWithoutValidation("Content-Type", type);
        using HttpResponseMessage answer = await shared.Client.PostAsync("/stream/digits", body, Cancel);
        Assert.Equal($"the header Content-Type is {found}; expected application/octet-stream or application/x-ndjson",
            (await answer.IsProblemAsync(415, "media_type")).GetProperty("detail").GetString());
    }

    [Theory]
    [InlineData("text/event-stream", "text/event-stream")]
    [InlineData("*/*", "application/x-ndjson")]
    public async Task Nobody_between_keeps_or_gathers_answers_that_grow(string accept, string type)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/stream/gestures") { Content = new StringContent("""{"end": true}""", Encoding.UTF8, "application/x-ndjson") };
        request.Headers.Accept.ParseAdd(accept);
        using HttpResponseMessage answer = await shared.Client.SendAsync(request, Cancel);
        Assert.Equal(type, answer.Content.Headers.ContentType?.MediaType);
        Assert.True(answer.Headers.CacheControl is { NoCache: true });
        Assert.Equal("no", answer.Headers.GetValues("X-Accel-Buffering").Single());
    }

    [Theory]
    [InlineData("""{"end": true}""")]
    [InlineData("{\"end\": true}\nleft over")]
    public async Task A_connection_goes_on_after_a_stream_that_its_last_message_ended(string body)
    {
        string post = $"POST /stream/gestures HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\nContent-Length: {body.Length}\r\n";
        using RawClient client = await RawClient.ConnectAsync(shared.Service);
        await client.SendAsync($"{post}\r\n{body}{post}Connection: close\r\n\r\n{body}");
        string answers = (await client.ReadToEndAsync().WaitAsync(Patience, Cancel)).Text;
        Assert.Equal(2, answers.Split("\"final\":true").Length - 1);
    }

    [Fact]
    public async Task A_client_that_breaks_the_protocol_or_leaves_is_no_fault_of_the_service()
    {
        const string open = "GET /stream/phases HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        using RawClient wrong = await RawClient.ConnectAsync(shared.Service), gone = await RawClient.ConnectAsync(shared.Service);
        await wrong.SendAsync(open);
        Assert.Equal(101, (await wrong.ReadHeadAsync().WaitAsync(Patience, Cancel)).Status);
        await wrong.SendAsync("\u0081\u0005hello"); // a client's frames are masked
        await wrong.ReadToEndAsync().WaitAsync(Patience, Cancel);
        await gone.SendAsync(open);
        await shared.Service.MetricBecomesAsync(1, "rnn_number_streams_open");
        gone.Leave(hard: true);
        await shared.Service.MetricBecomesAsync(0, "rnn_number_streams_open");
        await shared.Service.MetricBecomesAsync(1, "rnn_request_failures_total", "reason=\"malformed\"");
        await shared.Service.MetricBecomesAsync(1, "rnn_request_failures_total", "reason=\"cancelled\"");
        Assert.DoesNotContain(shared.Service.Logs.Lines, line => line.StartsWith("Error", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_is_read_from_is_let_go_only_once_nobody_reads_from_it()
    {
        var served = (ServedNumbers)await shared.Service.Services.GetRequiredService<ModelRegistry>().EnterAsync("gestures", Cancel);
        using NumberStream stream = served.Streams!.Open("client", Cancel, () => { });
        var wire = new BrokenWire();
        var input = new StreamInput(served, new StreamFormat(false, 0), shared.Service.Services.GetRequiredService<RequestReader>());
        var session = new StreamSession(wire, stream, input, StreamOutput.Of(served), Patience, TimeProvider.System);
        Exception? fault = await session.RunAsync(CancellationToken.None, Cancel).WaitAsync(Patience, Cancel);
        served.Uses.Leave();
        Assert.Same(wire.Fault, fault);
        Assert.False(wire.IsRead);
    }

    /// <summary>Over HTTP/2 a WebSocket begins with CONNECT.</summary>
    [Fact]
    public async Task Over_http2_a_socket_is_opened_too()
    {
        await using var service = new TestService(null, null, ("Rnn:ModelsPath", shared.Models.Path), ("Kestrel:EndpointDefaults:Protocols", "Http2"));
        service.Listen();
        await service.Services.GetRequiredService<ModelRegistry>().WaitForAllAsync(Cancel).WaitAsync(Patience, Cancel);
        using var handler = new HttpMessageInvoker(new SocketsHttpHandler());
        using var socket = new ClientWebSocket();
        (socket.Options.HttpVersion, socket.Options.HttpVersionPolicy) = (HttpVersion.Version20, HttpVersionPolicy.RequestVersionExact);
        await socket.ConnectAsync(new UriBuilder(new Uri(service.ClientOptions.BaseAddress, "/stream/gestures")) { Scheme = "ws" }.Uri, handler, Cancel);
        await socket.SendAsync("""{"values": [[1, 2, 3]], "end": true}"""u8.ToArray(), WebSocketMessageType.Text, endOfMessage: true, Cancel);
        byte[] buffer = new byte[1000];
        ValueWebSocketReceiveResult got = await socket.ReceiveAsync(buffer.AsMemory(), Cancel).AsTask().WaitAsync(Patience, Cancel);
        Assert.Equal(1, JsonDocument.Parse(buffer.AsMemory(0, got.Count)).RootElement.GetProperty("steps").GetInt32());
    }

    /// <summary>One that takes a message and breaks at the answer, and whose reading ends a while after it is cancelled.</summary>
    private sealed class BrokenWire : IStreamWire
    {
        private readonly TaskCompletionSource _isBroken = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private bool _hasSent;

        public Exception Fault { get; } = new IOException("broken");

        /// <summary>Whether somebody waits for what comes next.</summary>
        public bool IsRead { get; private set; }

        public bool HasAnswered => false;

        public async ValueTask<StreamPart> ReadAsync(CancellationToken cancel)
        {
            if (!_hasSent)
            {
                _hasSent = true;
                return new StreamPart("""{"values": [[1, 2, 3]]}"""u8.ToArray(), IsText: true, IsEnd: false);
            }

            IsRead = true;
            try
            {
                await Task.Delay(Timeout.Infinite, cancel);
            }
            finally
            {
                await _isBroken.Task;
                await Task.Yield();
                IsRead = false;
            }

            throw new InvalidOperationException("nothing comes");
        }

        public ValueTask WriteAsync<T>(T message, CancellationToken cancel)
        {
            _isBroken.TrySetResult();
            return ValueTask.FromException(Fault);
        }

        public ValueTask CloseAsync(RequestProblem? problem, CancellationToken cancel) => ValueTask.CompletedTask;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
