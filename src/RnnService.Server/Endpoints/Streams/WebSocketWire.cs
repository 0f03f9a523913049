using System.Buffers;
using System.Net.WebSockets;
using System.Text.Json;
using RnnService.Server.Requests;

namespace RnnService.Server.Endpoints.Streams;

/// <summary>A stream over a WebSocket: text messages are JSON, binary ones bytes, which are passed on as they come.</summary>
internal sealed class WebSocketWire(WebSocket socket, int mostBytes) : IStreamWire
{
    private const int BytesAtOnce = 8_192;

    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(BytesAtOnce);
    private Task<ValueWebSocketReceiveResult>? _receiving;

    public bool HasAnswered => true; // 101 was

    public async ValueTask<StreamPart> ReadAsync(CancellationToken cancel)
    {
        int held = 0; // of a text message
        while (true)
        {
            if (held == _buffer.Length) Grow();
            // A receive that is cancelled closes the socket: only waiting for it ends.
            _receiving ??= socket.ReceiveAsync(_buffer.AsMemory(held), CancellationToken.None).AsTask();
            ValueWebSocketReceiveResult got = await _receiving.WaitAsync(cancel);
            _receiving = null;
            switch (got.MessageType)
            {
                case WebSocketMessageType.Close: return new StreamPart(default, IsText: false, IsEnd: true);
                case WebSocketMessageType.Binary: return new StreamPart(_buffer.AsMemory(0, got.Count), IsText: false, IsEnd: false);
            }

            held += got.Count;
            if (held > mostBytes) throw new RequestProblem(ProblemKind.TooLarge, $"a message is over the limit of {mostBytes} bytes");
            if (got.EndOfMessage) return new StreamPart(_buffer.AsMemory(0, held), IsText: true, IsEnd: false);
        }
    }

    public ValueTask WriteAsync<T>(T message, CancellationToken cancel) =>
        socket.SendAsync(JsonSerializer.SerializeToUtf8Bytes(message, Json.Options), WebSocketMessageType.Text, WebSocketMessageFlags.EndOfMessage, cancel);

    public async ValueTask CloseAsync(RequestProblem? problem, CancellationToken cancel)
    {
        if (socket.State is not (WebSocketState.Open or WebSocketState.CloseReceived)) return;
        WebSocketCloseStatus status = problem?.Kind.Status switch
        {
            null => WebSocketCloseStatus.NormalClosure,
            StatusCodes.Status413PayloadTooLarge => WebSocketCloseStatus.MessageTooBig,
            StatusCodes.Status503ServiceUnavailable => WebSocketCloseStatus.EndpointUnavailable,
            >= 500 => WebSocketCloseStatus.InternalServerError,
            _ => WebSocketCloseStatus.PolicyViolation,
        };
        await socket.CloseOutputAsync(status, problem?.Kind.ErrorType, cancel);
    }

    public ValueTask DisposeAsync()
    {
        socket.Dispose();
        // A receive that is still under way may write into the buffer: it is left to the collector.
        if (_receiving is null) ArrayPool<byte>.Shared.Return(_buffer);
        return ValueTask.CompletedTask;
    }

    private void Grow()
    {
        byte[] larger = ArrayPool<byte>.Shared.Rent(_buffer.Length * 2);
        _buffer.CopyTo(larger, 0);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }
}
