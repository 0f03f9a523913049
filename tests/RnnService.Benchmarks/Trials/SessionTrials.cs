using System.Security.Cryptography;
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
                keys = sessions.Select(session => new { name = $"client-{session.Number}", hash = KeyTrial.Hash(session.Key) }),
            }));
            (string, string)[] settings = [("Rnn__Keys__File", file), ("Rnn__Sessions__KeysPath", Path.Combine(folder.FullName, "ring"))];
            using TrialServer one = await TrialServer.StartAsync(trial, settings: settings), other = await TrialServer.StartAsync(trial, settings: settings);
            RetryingClient[] replicas = [new(one.Port), new(other.Port)];
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
                if (!await session.IsRefusedAsync(replicas[0], sessions[(session.Number + 1) % count].State)) Interlocked.Increment(ref let);
            });
            trial.AtMost($"of {thieves.Length} states in another's hand, not refused with 403", let, 0, "");
            trial.AtMost("requests that failed", replicas.Sum(replica => replica.Lost), 0, "");
            await trial.CostAsync(one);
            foreach (RetryingClient replica in replicas) replica.Dispose();
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
            using var client = new RetryingClient(port);
            Session[] sessions = [.. Enumerable.Range(0, count).Select(number => new Session(number))];
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
            trial.Tell("requests sent again", $"{client.Again}");
            trial.AtMost("sessions that could not go on", client.Lost, 0, "");
            trial.AtMost("texts that differ from the undisturbed ones", sessions.Count(session => session.Whole != session.Text), 0, "");
            await trial.CostAsync(service);
        }
        finally
        {
            service?.Dispose();
            ring.Delete(recursive: true);
        }
    }

    private static Task AllAsync(IEnumerable<Session> sessions, Func<Session, Task> act) => Parallel.ForEachAsync(
        sessions, new ParallelOptions { MaxDegreeOfParallelism = Connections }, async (session, _) => await act(session));

    /// <summary>A client with a key and a text of its own.</summary>
    private sealed class Session(int number)
    {
        private readonly string _prompt = Prompts[number % Prompts.Length];

        public int Number => number;

        public string Key { get; } = $"rnn_{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32))}";

        /// <summary>The sealed state after the last request; empty before the first.</summary>
        public string State { get; private set; } = "";

        /// <summary>The text so far, and the same generated at once.</summary>
        public string Text { get; private set; } = "";

        public string? Whole { get; private set; }

        public async Task GoOnAsync(RetryingClient client)
        {
            bool isBegun = State.Length > 0;
            object session = isBegun ? new { resume = State, return_state = true } : new { return_state = true };
            if (await AskAsync(client, isBegun ? "" : _prompt, TokensOfPiece, session) is not { } answer) return;
            Text += answer.GetProperty("generated_text").GetString();
            State = answer.GetProperty("session").GetProperty("state").GetString()!;
        }

        public async Task CompareAsync(RetryingClient client) =>
            Whole = (await AskAsync(client, _prompt, Pieces * TokensOfPiece, null))?.GetProperty("generated_text").GetString();

        /// <summary>Goes on from another's state.</summary>
        /// <returns>Whether that was refused.</returns>
        public async Task<bool> IsRefusedAsync(RetryingClient client, string state) =>
            await AskAsync(client, "", 1, new { resume = state }, "state_refused") is { } answer && answer.TryGetProperty("error_type", out _);

        private Task<JsonElement?> AskAsync(RetryingClient client, string inputs, int tokens, object? session, string isEnd = "") => client.PostAsync(
            "/generate", JsonSerializer.Serialize(new { inputs, parameters = new { max_new_tokens = tokens, seed = number }, session }), isEnd, Key);
    }
}
