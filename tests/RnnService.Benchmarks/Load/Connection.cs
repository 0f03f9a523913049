using System.Buffers.Text;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace RnnService.Benchmarks.Load;

/// <summary>
/// One connection of a client that costs the machine as little as possible, because it shares the processor with what it measures: a
/// bare socket that understands just the answers the service gives. Not thread-safe.
/// </summary>
internal sealed class Connection : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] _buffer = new byte[1 << 14];

    public Connection(int port)
    {
        _socket.Connect(IPAddress.Loopback, port);
    }

    /// <summary>A request that can be sent many times.</summary>
    public static byte[] Request(string route, string json)
    {
        byte[] body = Encoding.UTF8.GetBytes(json);
        string head = $"POST {route} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n";
        return [.. Encoding.ASCII.GetBytes(head), .. body];
    }

    /// <summary>Sends a request and reads its answer to the end.</summary>
    /// <param name="request">From <see cref="Request"/>.</param>
    /// <param name="arrived">Told the number of events that came together; null for an answer that is none of events.</param>
    /// <exception cref="IOException">The answer is not 200, or is cut off.</exception>
    public async Task PostAsync(ReadOnlyMemory<byte> request, Action<int>? arrived = null)
    {
        await _socket.SendAsync(request);
        int kept = 0, left = 0; // of an answer of known length
        for (bool first = true; ; first = false)
        {
            int got = await _socket.ReceiveAsync(_buffer.AsMemory(kept));
            if (got == 0) throw new IOException("the answer is cut off");
            ReadOnlyMemory<byte> read = _buffer.AsMemory(0, kept + got);
            if (first && !read.Span.StartsWith("HTTP/1.1 200"u8)) throw new IOException(Encoding.UTF8.GetString(read.Span));
            if (first) left = LengthOf(read.Span);
            if (left > 0)
            {
                if ((left -= got) == 0) return;
                continue;
            }

            // JSON has no bare line breaks: two of them end an event, and the last, empty chunk looks like nothing else.
            if (arrived is not null && read.Span.Count("\n\n"u8) is > 0 and int events) arrived(events);
            if (read.Span.EndsWith("\r\n0\r\n\r\n"u8)) return;
            // What may be the first part of one of them is looked at again; a pair of breaks is not counted twice.
            kept = read.Span.EndsWith("\n\n"u8) ? 0 : Math.Min(6, read.Length);
            if (read.Span[^kept..].LastIndexOf("\n\n"u8) is >= 0 and int pair) kept -= pair + 2;
            read.Span[^kept..].CopyTo(_buffer);
        }
    }

    /// <summary>Length of an answer with its head; 0 where it comes in chunks.</summary>
    private static int LengthOf(ReadOnlySpan<byte> answer)
    {
        ReadOnlySpan<byte> field = "\r\nContent-Length: "u8, end = "\r\n\r\n"u8;
        int head = answer.IndexOf(end), place = answer[..Math.Max(0, head)].IndexOf(field);
        if (place < 0) return 0;
        return Utf8Parser.TryParse(answer[(place + field.Length)..], out int length, out _) ? head + end.Length + length
            : throw new IOException("the answer has no length");
    }

    public void Dispose() => _socket.Dispose();
}
