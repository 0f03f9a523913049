using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using RnnService.Benchmarks.Load;

namespace RnnService.Benchmarks.Trials;

/// <summary>An answer, counted and not kept. Status 0: the connection was refused or closed, or no answer came in time.</summary>
internal readonly record struct Answer(int Status, long Bytes, double Seconds, double? RetryAfter)
{
    public string StatusText => Status == 0 ? "no answer" : $"{Status}";
}

/// <summary>How often each status came.</summary>
internal sealed class Tally
{
    private readonly ConcurrentDictionary<int, int> _counts = new();

    public int this[int status] => _counts.GetValueOrDefault(status);

    /// <summary>How many were faults of the service, or none at all.</summary>
    public int Failed => _counts.Where(pair => pair.Key is 0 or >= 500).Sum(pair => pair.Value);

    /// <summary>How many had another status.</summary>
    public int Others(int status) => _counts.Where(pair => pair.Key != status).Sum(pair => pair.Value);

    public void Add(int status) => _counts.AddOrUpdate(status, 1, (_, count) => count + 1);

    public override string ToString() => _counts.IsEmpty
        ? "none"
        : string.Join(", ", _counts.OrderBy(pair => pair.Key).Select(pair => $"{(pair.Key == 0 ? "closed or none" : pair.Key)} × {pair.Value}"));
}

/// <summary>A client with an address of its own.</summary>
internal sealed class TrialClient : IDisposable
{
    private readonly HttpClient _http;

    public TrialClient(int port, string address)
    {
        _http = new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancel) =>
            {
                Socket socket = Open(address);
                try
                {
                    await socket.ConnectAsync(IPAddress.Loopback, port, cancel);
                    return new NetworkStream(socket, ownsSocket: true);
                }
                catch
                {
                    socket.Dispose();
                    throw;
                }
            },
        })
        {
            BaseAddress = new Uri($"http://{Trial.Here}:{port}"),
            Timeout = Timeout.InfiniteTimeSpan,
        };
    }

    /// <summary>A socket that will connect from an address.</summary>
    public static Socket Open(string address)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Bind(new IPEndPoint(IPAddress.Parse(address), 0));
        return socket;
    }

    /// <summary>Posts a body, or gets a page when there is none, and reads the answer to its end.</summary>
    public async Task<Answer> SendAsync(string route, byte[]? body, double seconds, CancellationToken cancel = default)
    {
        double from = Clock.Now;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(Math.Max(0.01, seconds)));
        try
        {
            using var request = new HttpRequestMessage(body is null ? HttpMethod.Get : HttpMethod.Post, route);
            if (body is not null)
            {
                request.Content = new ByteArrayContent(body);
                request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            }

            using HttpResponseMessage answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
            await using Stream content = await answer.Content.ReadAsStreamAsync(limit.Token);
            long bytes = 0;
            byte[] buffer = new byte[1 << 15];
            while (await content.ReadAsync(buffer, limit.Token) is > 0 and int got) bytes += got;
            return new Answer((int)answer.StatusCode, bytes, Clock.Now - from, answer.Headers.RetryAfter?.Delta?.TotalSeconds);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or OperationCanceledException or SocketException)
        {
            return new Answer(0, 0, Clock.Now - from, null);
        }
    }

    public void Dispose() => _http.Dispose();
}
