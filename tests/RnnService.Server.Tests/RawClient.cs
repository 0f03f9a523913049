using System.Net;
using System.Net.Sockets;
using System.Text;

namespace RnnService.Server.Tests;

/// <summary>A connection on which a test writes the bytes it likes, as no HTTP client would.</summary>
internal sealed class RawClient : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    private RawClient()
    {
    }

    /// <param name="service">A service that listens.</param>
    /// <param name="from">The client's address, one of 127.0.0.0/8.</param>
    public static async Task<RawClient> ConnectAsync(TestService service, string from = "127.0.0.1")
    {
        var client = new RawClient();
        client._socket.Bind(new IPEndPoint(IPAddress.Parse(from), 0));
        await client._socket.ConnectAsync(IPAddress.Loopback, service.Client().BaseAddress!.Port, TestContext.Current.CancellationToken);
        return client;
    }

    /// <summary>Sends characters up to U+00FF as bytes.</summary>
    public async Task SendAsync(string text) =>
        await _socket.SendAsync(Encoding.Latin1.GetBytes(text), TestContext.Current.CancellationToken);

    public async Task SendAsync(ReadOnlyMemory<byte> bytes) => await _socket.SendAsync(bytes, TestContext.Current.CancellationToken);

    /// <summary>One whole answer, the length of which is told; the connection stays as it is.</summary>
    public Task<RawAnswer> ReadAsync() => ReadAsync(answer => answer.IsWhole);

    /// <summary>The head of an answer, and what came with it; the connection stays as it is.</summary>
    public Task<RawAnswer> ReadHeadAsync() => ReadAsync(answer => answer.Text.Contains("\r\n\r\n", StringComparison.Ordinal));

    /// <summary>All that comes until the service closes the connection; a reset may swallow what came before it.</summary>
    public Task<RawAnswer> ReadToEndAsync() => ReadAsync(_ => false);

    private async Task<RawAnswer> ReadAsync(Func<RawAnswer, bool> isEnough)
    {
        var all = new MemoryStream();
        byte[] part = new byte[65_536];
        try
        {
            while (await _socket.ReceiveAsync(part, TestContext.Current.CancellationToken) is > 0 and var count)
            {
                all.Write(part, 0, count);
                if (isEnough(new RawAnswer(Encoding.UTF8.GetString(all.ToArray())))) break;
            }
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.ConnectionReset)
        {
            // As good as closed: what was sent is not read any more.
        }

        return new RawAnswer(Encoding.UTF8.GetString(all.ToArray()));
    }

    /// <summary>Leaves, with a reset where <paramref name="hard"/> says so.</summary>
    public void Leave(bool hard)
    {
        if (hard) _socket.LingerState = new LingerOption(true, 0);
        _socket.Close();
    }

    public void Dispose() => _socket.Dispose();
}

/// <summary>The text of an answer, headers and all.</summary>
internal sealed record RawAnswer(string Text)
{
    /// <summary>Zero where there is no answer.</summary>
    public int Status => Text.StartsWith("HTTP/1.1 ", StringComparison.Ordinal) ? int.Parse(Text.AsSpan(9, 3)) : 0;

    public string Body => Text[(Text.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..];

    public bool IsWhole
    {
        get
        {
            const string header = "Content-Length: ";
            int at = Text.IndexOf(header, StringComparison.Ordinal);
            return at >= 0 && Text.Contains("\r\n\r\n", StringComparison.Ordinal)
                && Encoding.UTF8.GetByteCount(Body) >= int.Parse(Text[(at + header.Length)..].Split('\r')[0]);
        }
    }

    public bool IsClosing => Text.Contains("Connection: close\r\n", StringComparison.OrdinalIgnoreCase);
}
