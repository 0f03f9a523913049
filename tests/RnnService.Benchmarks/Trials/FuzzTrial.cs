using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace RnnService.Benchmarks.Trials;

/// <summary>
/// Requests made from the service's own OpenAPI document and then changed, over every route, with those for sound, streams and more numbers that it has no examples of, and
/// WebSockets: none may be a fault of the service, hang, leave memory behind, or cost another client its answer.
/// </summary>
internal static class FuzzTrial
{
    private const int Requests = 20_000, Connections = 12, Seed = 20_261_128;
    private const double Patience = 20;

    private static readonly (string, string)[] Everything =
        [("Rnn__Limits__MaxNewTokens", "400"), ("Rnn__Http__DrainSeconds", "1")];

    public static async Task RunAsync(Trial trial)
    {
        using TrialModels models = TrialModels.OfAll();
        NumberRequests.AddTo(models);
        using TrialServer service = await TrialServer.StartAsync(trial, models.Path, settings: Everything);
        IReadOnlyList<Operation> operations = [.. await Operation.AllAsync(service.Port), .. NumberRequests.All];
        trial.Tell("routes", $"{operations.Count}");
        int count = trial.Count(Requests), warm = 3 * count;
        var found = new Findings();
        await SendAsync(service.Port, operations, Enumerable.Range(0, warm), new Findings());
        double before = service.Memory / Trial.Megabyte;
        using var over = new CancellationTokenSource();
        Task<(int Sent, int Answered)> steady = SocketFuzz.SteadyAsync(service.Port, over.Token);
        Task<(int Asked, int Answered)> beside = BesideAsync(service.Port, over.Token);
        await SendAsync(service.Port, operations, Enumerable.Range(warm, count), found);
        await over.CancelAsync();
        trial.Tell("answers", $"{found.Statuses}");
        trial.AtMost("5xx", found.Faults.Count, 0, "");
        foreach (string fault in found.Faults.Take(10)) Console.Error.WriteLine($"trials: fuzz: {fault}");
        trial.AtMost($"without an answer within {Patience} s", found.Hung.Count, 0, "");
        foreach (string hung in found.Hung.Take(10)) Console.Error.WriteLine($"trials: fuzz: no answer: {hung}");
        (int steps, int answeredSteps) = await steady;
        trial.AtMost("steps of a stream beside without an answer", steps - answeredSteps, 0, "");
        (int asked, int answered) = await beside;
        trial.AtMost("requests of a light client beside that were lost", asked - answered, 0, "");
        trial.AtMost($"memory after {count} requests / after {warm}", service.Memory / Trial.Megabyte / before, 1.1, "");
        Waits light = await LightClient.Generate.RunAsync(service.Port, trial.Seconds(1));
        trial.Wanted("light client afterwards", light.Answered == light.Asked ? "all answered" : "not all answered", "all answered");
        await trial.CostAsync(service);
    }

    private static async Task SendAsync(int port, IReadOnlyList<Operation> operations, IEnumerable<int> numbers, Findings found)
    {
        using var handler = new SocketsHttpHandler { MaxConnectionsPerServer = Connections, AllowAutoRedirect = false };
        using var client = new HttpClient(handler) { BaseAddress = new Uri($"http://{Trial.Here}:{port}"), Timeout = Timeout.InfiniteTimeSpan };
        await Parallel.ForEachAsync(numbers, new ParallelOptions { MaxDegreeOfParallelism = Connections }, async (number, _) =>
        {
            var random = new Random(Seed + number);
            var mutations = new Mutations(random);
            Operation operation = mutations.Pick(operations);
            if (random.Next(12) == 0) await SocketAsync(port, mutations, random, number, found);
            else if (random.Next(10) == 0) await RawAsync(port, operation, mutations, random, number, found);
            else await SendAsync(client, operation, mutations, random, number, found);
        });
    }

    private static async Task SendAsync(HttpClient client, Operation operation, Mutations mutations, Random random, int number, Findings found)
    {
        string method = random.Next(20) == 0 ? mutations.Pick("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE", "QUERY") : operation.Method;
        string path = random.Next(12) == 0 ? mutations.Path(operation.Path) : operation.Path;
        byte[]? body = operation.Type != Operation.Json ? NumberRequests.Body(operation, mutations, random)
            : operation.Bodies.Count == 0 ? null : mutations.Json(mutations.Pick(operation.Bodies));
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(client.BaseAddress + path.TrimStart('/'), new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));
        if (body is not null && method is not ("GET" or "HEAD" or "TRACE"))
        {
            request.Content = new ByteArrayContent(body);
            string type = random.Next(12) == 0 ? mutations.Pick("text/plain", "application/json; charset=utf-16", "application/octet-stream", "", "multipart/form-data; boundary=x", "audio/wav", "application/x-ndjson", ";;") : operation.Type;
            request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
            if (random.Next(25) == 0) request.Content.Headers.TryAddWithoutValidation("Content-Encoding", mutations.Pick("gzip", "br", "deflate", "identity", "gzip, gzip", "x"));
            if (random.Next(25) == 0) request.Headers.TryAddWithoutValidation("Inference-Header-Content-Length", mutations.Pick("0", "-1", "10", "999999999999", "a", $"{body.Length}"));
        }

        if (random.Next(15) == 0) request.Headers.TryAddWithoutValidation(mutations.Pick("Authorization", "Accept", "Accept-Encoding", "Origin", "X-Request-Id", "Range", "traceparent", "X-Forwarded-Prefix", "Expect"), mutations.Pick("", "Bearer x", "*", "null", "bytes=0-1", "00-0-0-0", "/../x", new string('a', 4_000)));
        string what = $"#{number} {method} {path[..Math.Min(path.Length, 80)]}";
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(Patience));
        try
        {
            using HttpResponseMessage answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
            string text = path.StartsWith("/stream/", StringComparison.Ordinal) ? await answer.Content.ReadAsStringAsync(limit.Token) : "";
            await answer.Content.CopyToAsync(Stream.Null, limit.Token);
            found.Add((int)answer.StatusCode, what, text);
        }
        catch (OperationCanceledException)
        {
            found.Hung.Add(what);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            found.Add(0, what);
        }
    }

    /// <summary>A request whose very bytes are changed, on a connection of its own.</summary>
    private static async Task RawAsync(int port, Operation operation, Mutations mutations, Random random, int number, Findings found)
    {
        byte[] body = operation.Type != Operation.Json ? NumberRequests.Body(operation, mutations, random)
            : operation.Bodies.Count == 0 ? [] : Encoding.UTF8.GetBytes(mutations.Pick(operation.Bodies));
        string head = $"{operation.Method} {operation.Path} HTTP/1.1\r\nHost: {Trial.Here}\r\nConnection: close\r\nContent-Type: {operation.Type}\r\n"
            + $"Content-Length: {body.Length}\r\n\r\n";
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(Patience));
        try
        {
            await socket.ConnectAsync(IPAddress.Loopback, port, limit.Token);
            await socket.SendAsync(mutations.Bytes([.. Encoding.UTF8.GetBytes(head), .. body]), limit.Token);
            socket.Shutdown(SocketShutdown.Send); // what was cut off is not to be waited for
            byte[] buffer = new byte[1 << 12];
            int first = await socket.ReceiveAsync(buffer, limit.Token);
            int status = first > 12 && int.TryParse(Encoding.ASCII.GetString(buffer, 9, 3), out int read) ? read : 0;
            for (int got = first; got > 0;) got = await socket.ReceiveAsync(buffer, limit.Token);
            found.Add(status, $"#{number} raw {operation.Path}");
        }
        catch (OperationCanceledException)
        {
            found.Hung.Add($"#{number} raw {operation.Path}");
        }
        catch (SocketException)
        {
            found.Add(0, "");
        }
    }

    private static async Task SocketAsync(int port, Mutations mutations, Random random, int number, Findings found)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(Patience));
        try
        {
            (int status, string answers) = await SocketFuzz.RunAsync(port, mutations, random, limit.Token);
            found.Add(status, $"#{number} socket", answers);
        }
        catch (OperationCanceledException)
        {
            found.Hung.Add($"#{number} socket");
        }
        catch (SocketException)
        {
            found.Add(0, "");
        }
    }

    /// <summary>A light client beside, until it is told to end.</summary>
    private static async Task<(int Asked, int Answered)> BesideAsync(int port, CancellationToken stop)
    {
        int asked = 0, answered = 0;
        while (!stop.IsCancellationRequested)
        {
            Waits waits = await LightClient.Tag.RunAsync(port, 0.5);
            (asked, answered) = (asked + waits.Asked, answered + waits.Answered);
        }

        return (asked, answered);
    }

    private sealed class Findings
    {
        public Tally Statuses { get; } = new();

        public ConcurrentBag<string> Faults { get; } = [];

        public ConcurrentBag<string> Hung { get; } = [];

        /// <summary>Adds an answer.</summary>
        /// <param name="status">Its status; 0 where there was none.</param>
        /// <param name="what">What was asked.</param>
        /// <param name="messages">Messages of a stream, which tell of a fault after their status.</param>
        public void Add(int status, string what, string messages = "")
        {
            if (messages.Contains("\"status\":5", StringComparison.Ordinal)) Faults.Add($"in a stream: {what}");
            Statuses.Add(status);
            // Another version of HTTP is refused by the web server, before the service sees it.
            if (status >= 500 && status != (int)HttpStatusCode.HttpVersionNotSupported) Faults.Add($"{status} {what}");
        }
    }
}
