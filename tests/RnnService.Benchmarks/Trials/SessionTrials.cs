using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using RnnService.Benchmarks.Load;

namespace RnnService.Benchmarks.Trials;

/// <summary>Texts that go on from sealed states: of many clients, on two replicas, and on a service that is killed in between.</summary>
internal static class SessionTrials
{
    private const int Pieces = 3, TokensOfPiece = 12, Connections = 32;
    private const double MostState = 20;

    private static readonly string[] Prompts = ["ROMEO:", "JULIET:\n", "KING HENRY:", "First Citizen:\nWe are", "To be, or", "MENENIUS:"];

    /// <summary>Sessions of a key each, interleaved over two replicas.</summary>
    public static async Task ManyAsync(Trial trial)
    {
        int count = trial.Count(10_000);
        DirectoryInfo folder = Directory.CreateTempSubdirectory("rnn-trials-");
        try
        {
            Session[] sessions = [.. Enumerable.Range(0, count).Select(number => new Session(number))];
            string file = Path.Combine(folder.FullName, "keys.json");
            await File.WriteAllTextAsync(file, JsonSerializer.Serialize(new
            {
                keys = sessions.Select(session => new { name = $"client-{session.Number}", hash = $"sha256:{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(session.Key)))}" }),
            }));
            (string, string)[] settings = [("Rnn__Keys__File", file), ("Rnn__Sessions__KeysPath", Path.Combine(folder.FullName, "ring"))];
            using TrialServer one = await TrialServer.StartAsync(trial, settings: settings), other = await TrialServer.StartAsync(trial, settings: settings);
            HttpClient[] replicas = [ClientOf(one.Port), ClientOf(other.Port)];
            double from = Clock.Now;
            for (int piece = 0; piece < Pieces; piece++) await AllAsync(sessions, session => session.GoOnAsync(replicas[(session.Number + piece) % 2]));
            trial.Tell("sessions", $"{count} of as many keys, {Pieces} requests each on alternating replicas, {count * Pieces / (Clock.Now - from):F0} requests/s");
            await AllAsync(sessions, session => session.CompareAsync(replicas[session.Number % 2]));
            trial.AtMost("texts that differ from the one that is generated at once", sessions.Count(session => session.Whole != session.Text), 0, "");
            trial.AtMost("largest state", sessions.Max(session => session.State.Length) / 1e3, MostState, "kB");
            Session[] thieves = [.. sessions.Where(session => session.Number % 10 == 0)];
            int let = 0;
            await AllAsync(thieves, async session =>
            {
                if (await session.StealAsync(replicas[0], sessions[(session.Number + 1) % count].State) != HttpStatusCode.Forbidden) Interlocked.Increment(ref let);
            });
            trial.AtMost($"of {thieves.Length} states in another's hand, not refused with 403", let, 0, "");
            trial.AtMost("requests that failed", sessions.Sum(session => session.Failed), 0, "");
            await trial.CostAsync(one);
            foreach (HttpClient replica in replicas) replica.Dispose();
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>Clients that hold their states, while the service is killed under load and started again.</summary>
    public static async Task KilledAsync(Trial trial)
    {
        int count = trial.Count(400);
        DirectoryInfo ring = Directory.CreateTempSubdirectory("rnn-trials-");
        TrialServer? service = null;
        try
        {
            int port = ServiceProcess.FreePort();
            (string, string)[] settings = [("Rnn__Sessions__KeysPath", ring.FullName)];
            service = await TrialServer.StartAsync(trial, port: port, settings: settings);
            using HttpClient client = ClientOf(port);
            Session[] sessions = [.. Enumerable.Range(0, count).Select(number => new Session(number) { Retries = true })];
            int done = 0;
            var half = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            Task running = Task.Run(() => AllAsync(sessions, async session =>
            {
                for (int piece = 0; piece < Pieces; piece++)
                {
                    await session.GoOnAsync(client);
                    if (Interlocked.Increment(ref done) == count * Pieces / 2) half.SetResult();
                }
            }));
            await half.Task;
            service.Dispose(); // with the signal that no process can catch
            double from = Clock.Now;
            service = await TrialServer.StartAsync(trial, port: port, settings: settings);
            trial.Tell("killed after half of the requests; ready again after", $"{Clock.Now - from:F1} s");
            await running;
            await AllAsync(sessions, session => session.CompareAsync(client));
            trial.Tell("requests sent again", $"{sessions.Sum(session => session.Again)}");
            trial.AtMost("sessions that could not go on", sessions.Count(session => session.Failed > 0), 0, "");
            trial.AtMost("texts that differ from the undisturbed ones", sessions.Count(session => session.Whole != session.Text), 0, "");
            await trial.CostAsync(service);
        }
        finally
        {
            service?.Dispose();
            ring.Delete(recursive: true);
        }
    }

    private static HttpClient ClientOf(int port) => new(new SocketsHttpHandler { MaxConnectionsPerServer = Connections })
    {
        BaseAddress = new Uri($"http://{Trial.Here}:{port}"),
        Timeout = TimeSpan.FromSeconds(30),
    };

    private static Task AllAsync(IEnumerable<Session> sessions, Func<Session, Task> act) => Parallel.ForEachAsync(
        sessions, new ParallelOptions { MaxDegreeOfParallelism = Connections }, async (session, _) => await act(session));

    /// <summary>A client with a key and a text of its own.</summary>
    private sealed class Session(int number)
    {
        private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

        private readonly string _prompt = Prompts[number % Prompts.Length];
        private bool _begun;

        public int Number => number;

        public string Key { get; } = $"rnn_{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32))}";

        /// <summary>The sealed state after the last request.</summary>
        public string State { get; private set; } = "";

        /// <summary>The text so far, and the same generated at once.</summary>
        public string Text { get; private set; } = "";

        public string? Whole { get; private set; }

        /// <summary>Requests that were not answered as they should be.</summary>
        public int Failed { get; private set; }

        /// <summary>Requests that were sent once more.</summary>
        public int Again { get; private set; }

        /// <summary>Whether it sends again what was not answered.</summary>
        public bool Retries { get; init; }

        public async Task GoOnAsync(HttpClient client)
        {
            object session = _begun ? new { resume = State, return_state = true } : new { return_state = true };
            JsonElement? answer = await AskAsync(client, new { inputs = _begun ? "" : _prompt, parameters = new { max_new_tokens = TokensOfPiece, seed = number }, session });
            if (answer is not { } found) return;
            _begun = true;
            Text += found.GetProperty("generated_text").GetString();
            State = found.GetProperty("session").GetProperty("state").GetString()!;
        }

        public async Task CompareAsync(HttpClient client)
        {
            JsonElement? answer = await AskAsync(client, new { inputs = _prompt, parameters = new { max_new_tokens = Pieces * TokensOfPiece, seed = number } });
            Whole = answer?.GetProperty("generated_text").GetString();
        }

        public async Task<HttpStatusCode> StealAsync(HttpClient client, string state)
        {
            using HttpResponseMessage answer = await SendAsync(client, new { inputs = "", parameters = new { max_new_tokens = 1 }, session = new { resume = state } });
            return answer.StatusCode;
        }

        private async Task<JsonElement?> AskAsync(HttpClient client, object body)
        {
            const int most = 300;
            for (int attempt = 0; attempt <= (Retries ? most : 0); attempt++)
            {
                if (attempt > 0)
                {
                    Again++;
                    await Task.Delay(Pause);
                }

                try
                {
                    using HttpResponseMessage answer = await SendAsync(client, body);
                    if (answer.StatusCode == HttpStatusCode.OK) return JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement;
                }
                catch (Exception exception) when (exception is HttpRequestException or IOException or OperationCanceledException)
                {
                    // The service was killed: the state is in this client's hand.
                }
            }

            Failed++;
            return null;
        }

        private Task<HttpResponseMessage> SendAsync(HttpClient client, object body)
        {
            var request = new HttpRequestMessage(HttpMethod.Post, "/generate")
            {
                Content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(body)) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } },
            };
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Key);
            return client.SendAsync(request);
        }
    }
}
