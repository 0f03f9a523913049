using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using RnnService.Benchmarks.Load;

namespace RnnService.Benchmarks.Trials;

/// <summary>WebSockets of <c>/stream</c> whose handshakes, frames and messages are changed, and one beside them that is as it should be.</summary>
internal static class SocketFuzz
{
    private const int MostWait = 500;

    /// <summary>Opens one, sends a few frames, and leaves.</summary>
    /// <returns>The handshake's status, 0 where there is none, and what came after it.</returns>
    public static async Task<(int Status, string Answers)> RunAsync(int port, Mutations mutations, Random random, CancellationToken limit)
    {
        string model = mutations.Pick([NumberRequests.Digits, .. NumberRequests.Names]);
        string query = mutations.Pick("", "?format=f32le", "?format=s16le", "?rate=16000", "?format=s16le&rate=8000", "?format=mp3&rate=-1");
        byte[] handshake = Encoding.ASCII.GetBytes($"GET /stream/{model}{query} HTTP/1.1\r\nHost: {Trial.Here}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            + $"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{mutations.Pick("", "Sec-WebSocket-Protocol: rnn-stream, key.eA\r\n", "Sec-WebSocket-Protocol: key.!\r\n", "Origin: null\r\n")}\r\n");
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, port, limit);
        Task<string> answers = AllAsync(socket, limit);
        bool leaves = random.Next(5) == 0; // without a word
        try
        {
            await socket.SendAsync(random.Next(6) == 0 ? mutations.Bytes(handshake) : handshake, limit);
            foreach (string line in NumberRequests.StreamOf(model).Split('\n'))
            {
                byte[] frame = Frame(mutations, random, line);
                await socket.SendAsync(random.Next(8) == 0 ? mutations.Bytes(frame) : frame, limit);
            }

            // Half a connection is none to the web server: it would be cut off before it is answered.
            if (leaves) socket.LingerState = new LingerOption(true, 0);
            else await socket.SendAsync(SocketFrame.Of(SocketFrame.Close, []), limit);
        }
        catch (SocketException)
        {
            // The service has ended it; what it said is there still.
        }

        // A frame that was changed may leave the service waiting for its rest.
        if (!leaves) await Task.WhenAny(answers, Task.Delay(MostWait, limit));
        socket.Close();
        string all = await answers;
        return (all.Length > 12 && int.TryParse(all.AsSpan(9, 3), out int status) ? status : 0, all);
    }

    /// <summary>A stream of which every step has to be answered, step after step, until it is told to end.</summary>
    /// <returns>How many steps were sent and how many were answered.</returns>
    public static async Task<(int Sent, int Answered)> SteadyAsync(int port, CancellationToken stop)
    {
        using var socket = new ClientWebSocket();
        await socket.ConnectAsync(new Uri($"ws://{Trial.Here}:{port}/stream/phases"), CancellationToken.None);
        int sent = 0;
        Task<int> answered = AnswersAsync(socket);
        for (; !stop.IsCancellationRequested && !answered.IsCompleted; sent++)
        {
            await SendAsync(socket, """{"values": [[0.5, 1]]}""");
            await Task.Delay(20, CancellationToken.None);
        }

        await SendAsync(socket, """{"end": true}""");
        return (sent, await answered);
    }

    /// <summary>All that comes until the connection ends, however it does.</summary>
    private static async Task<string> AllAsync(Socket socket, CancellationToken limit)
    {
        var all = new StringBuilder();
        byte[] buffer = new byte[1 << 14];
        try
        {
            for (int got; (got = await socket.ReceiveAsync(buffer, limit)) > 0;) all.Append(Encoding.Latin1.GetString(buffer, 0, got));
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // Cut off: by either.
        }

        return all.ToString();
    }

    private static async Task<int> AnswersAsync(ClientWebSocket socket)
    {
        byte[] buffer = new byte[1 << 14];
        int steps = 0;
        while (true)
        {
            WebSocketReceiveResult got = await socket.ReceiveAsync(buffer, CancellationToken.None);
            if (got.MessageType == WebSocketMessageType.Close) return steps;
            string message = Encoding.UTF8.GetString(buffer, 0, got.Count);
            if (message.StartsWith("{\"steps\":", StringComparison.Ordinal)) steps = int.Parse(message.AsSpan(9, message.IndexOf(',') - 9));
        }
    }

    private static Task SendAsync(ClientWebSocket socket, string message) =>
        socket.SendAsync(Encoding.UTF8.GetBytes(message), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);

    /// <summary>A frame of a line or of bytes.</summary>
    private static byte[] Frame(Mutations mutations, Random random, string line)
    {
        (int kind, byte[] content) = random.Next(3) switch
        {
            0 => (SocketFrame.Binary, new byte[random.Next(0, 900)]),
            1 => (SocketFrame.Text, mutations.Json(line)),
            _ => (SocketFrame.Text, Encoding.UTF8.GetBytes(line)),
        };
        if (random.Next(10) == 0) kind = mutations.Pick(0, 3, 8, 9, 10, 15);
        return SocketFrame.Of(kind, content, isLast: random.Next(6) > 0);
    }
}
