using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using RnnService.Benchmarks.Load;

namespace RnnService.Benchmarks.Trials;

/// <summary>Many connections that send something and then hold still. Disposing of them is how clients vanish: with a reset.</summary>
internal sealed class HeldSockets : IDisposable
{
    private readonly List<Socket> _sockets = [];
    private readonly List<double> _released = [];
    private readonly double _from = Clock.Now;

    private HeldSockets()
    {
    }

    /// <summary>All have connected and sent, or were refused.</summary>
    public Task Sent { get; private set; } = Task.CompletedTask;

    /// <summary>All have an answer or were closed; only those that read see it.</summary>
    public Task Released { get; private set; } = Task.CompletedTask;

    /// <summary>First answers; 0 for connections that were closed.</summary>
    public Tally Answers { get; } = new();

    /// <summary>Seconds until the last was released.</summary>
    public double LastRelease
    {
        get
        {
            lock (_released) return _released.DefaultIfEmpty(0).Max();
        }
    }

    public int ReleasedCount
    {
        get
        {
            lock (_released) return _released.Count;
        }
    }

    /// <summary>Opens them.</summary>
    /// <param name="port">The service.</param>
    /// <param name="addresses">Where they come from, in turns.</param>
    /// <param name="count">How many.</param>
    /// <param name="bytes">What each sends.</param>
    /// <param name="reads">Whether they look for an answer; otherwise they take as little from the service as a socket can.</param>
    public static HeldSockets Open(int port, string[] addresses, int count, ReadOnlyMemory<byte> bytes, bool reads)
    {
        const int Least = 4096;
        var held = new HeldSockets();
        var sent = new List<Task>();
        var released = new List<Task>();
        for (int i = 0; i < count; i++)
        {
            Socket socket = TrialClient.Open(addresses[i % addresses.Length]);
            socket.LingerState = new LingerOption(true, 0);
            if (!reads) socket.ReceiveBufferSize = Least;
            held._sockets.Add(socket);
            Task sending = SendAsync(socket, port, bytes);
            sent.Add(sending);
            if (reads) released.Add(held.ReadAsync(socket, sending));
        }

        held.Sent = Task.WhenAll(sent);
        held.Released = Task.WhenAll(released);
        return held;
    }

    /// <summary>A request whose body is shorter than it says, by ten bytes.</summary>
    public static byte[] Unfinished(string route, int length)
    {
        string head = $"POST {route} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{{\"inputs\": \"";
        return [.. Encoding.ASCII.GetBytes(head.PadRight(head.Length + length - 22, 'a'))];
    }

    public void Dispose()
    {
        foreach (Socket socket in _sockets) socket.Dispose();
    }

    private static async Task SendAsync(Socket socket, int port, ReadOnlyMemory<byte> bytes)
    {
        try
        {
            await socket.ConnectAsync(IPAddress.Loopback, port);
            while (bytes.Length > 0) bytes = bytes[await socket.SendAsync(bytes)..];
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // Refused, answered early and closed, or the trial is over.
        }
    }

    private async Task ReadAsync(Socket socket, Task sending)
    {
        byte[] buffer = new byte[512];
        int status = 0;
        try
        {
            while (!socket.Connected && !sending.IsCompleted) await Task.Delay(5);
            int got = await socket.ReceiveAsync(buffer);
            // "HTTP/1.1 408 Request Timeout"
            if (got > 12) status = int.Parse(Encoding.ASCII.GetString(buffer, 9, 3), CultureInfo.InvariantCulture);
        }
        catch (ObjectDisposedException)
        {
            return; // the trial is over
        }
        catch (SocketException error) when (error.SocketErrorCode == SocketError.OperationAborted)
        {
            return;
        }
        catch (SocketException)
        {
            // Closed by the service.
        }

        Answers.Add(status);
        lock (_released) _released.Add(Clock.Now - _from);
        socket.Dispose();
    }
}
