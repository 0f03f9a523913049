using System.Globalization;
using System.Text.Json;
using RnnService.Benchmarks.Load;

namespace RnnService.Benchmarks.Trials;

/// <summary>More than one replica: killed in turn, on processors of their own, and with a model that is changed on one after the other.</summary>
internal static class ReplicaTrials
{
    private const int Pieces = 10, PieceTokens = 12, ClientsOfEach = 6;
    private const string Prompt = "ROMEO:\n"; // as many tokens as characters
    private const string Tokens = "rnn_output_tokens_total";
    private const string Review = """{"inputs": "an honest and moving story"}""";

    /// <summary>Clients that send again what was cut off lose nothing, whatever replica they meet.</summary>
    public static Task KilledAsync(Trial trial) => WithToolsAsync(trial, async () =>
    {
        using Replicas replicas = await Replicas.StartAsync(trial, 2);
        using var client = new RetryingClient(replicas.Port);
        // Longer than a text is to become: whoever does not know whether the last piece was computed asks for one more.
        string whole = Text(await client.PostAsync("/generate", Piece(Prompt, 2 * Pieces * PieceTokens, "null"))), labels = Raw(await client.PostAsync("/classify", Review));
        using RetryingClient texts = new(replicas.Port), sealedStates = new(replicas.Port), sessions = new(replicas.Port);
        int wrong = 0, rounds = 0;
        double end = Clock.Now + trial.Seconds(50);
        Task killing = Task.Run(async () =>
        {
            for (; Clock.Now < end; rounds++)
            {
                replicas.Kill(rounds % 2);
                await Task.Delay(TimeSpan.FromSeconds(trial.Seconds(1)));
                await replicas.RestartAsync(rounds % 2);
                await Task.Delay(TimeSpan.FromSeconds(trial.Seconds(2)));
            }
        });
        await Task.WhenAll([killing, .. Enumerable.Range(0, ClientsOfEach).SelectMany(_ => new[] { ClassifyAsync(), ResumeAsync(), GoOnAsync() })]);
        trial.Tell("replicas killed and started again", $"{rounds}");
        texts.Tell(trial, "/classify");
        sealedStates.Tell(trial, "texts by sealed states");
        sessions.Tell(trial, "sessions in Redis");
        trial.AtMost("answers or texts that differ from the undisturbed ones", wrong, 0, "");

        async Task ClassifyAsync()
        {
            while (Clock.Now < end) Count(Raw(await texts.PostAsync("/classify", Review)) == labels);
        }

        async Task ResumeAsync()
        {
            while (Clock.Now < end)
            {
                string text = "", session = """{"return_state": true}""";
                for (int piece = 0; piece < Pieces; piece++)
                {
                    if (await sealedStates.PostAsync("/generate", Piece(piece == 0 ? Prompt : "", PieceTokens, session)) is not { } answer) return;
                    text += Text(answer);
                    session = $$"""{"return_state": true, "resume": "{{answer.GetProperty("session").GetProperty("state").GetString()}}"}""";
                }

                Count(text == whole[..(Pieces * PieceTokens)]);
            }
        }

        // A piece whose answer is lost may have been computed: the position says so, and the session goes on behind it.
        async Task GoOnAsync()
        {
            while (Clock.Now < end)
            {
                string id = Guid.NewGuid().ToString(), at = ", \"position\": 0";
                bool isBegun = false;
                for (long position = 0; position < Prompt.Length + Pieces * PieceTokens;)
                {
                    string body = Piece(isBegun ? "" : Prompt, PieceTokens, $$"""{"id": "{{id}}"{{at}}}""");
                    if (await sessions.PostAsync("/generate", body, "state_mismatch") is not { } answer) return;
                    isBegun = true;
                    if (!answer.TryGetProperty("session", out JsonElement now))
                    {
                        at = "";
                        continue;
                    }

                    position = now.GetProperty("position").GetInt64();
                    int from = (int)position - Prompt.Length - PieceTokens;
                    Count(from >= 0 && from + PieceTokens <= whole.Length && Text(answer) == whole.Substring(from, PieceTokens));
                    at = $", \"position\": {position}";
                }
            }
        }

        void Count(bool isRight)
        {
            if (!isRight) Interlocked.Increment(ref wrong);
        }
    });

    /// <summary>Twice the processors give nearly twice the tokens.</summary>
    public static Task ScaledAsync(Trial trial) => WithToolsAsync(trial, async () =>
    {
        double one = await RateAsync(1), two = await RateAsync(2);
        trial.Tell("tokens/s of one replica, of two", $"{one:F0}, {two:F0}");
        trial.AtLeast("two replicas / one", two / one, 1.8, "");

        async Task<double> RateAsync(int count)
        {
            using Replicas replicas = await Replicas.StartAsync(trial, count, pinned: true);
            using var client = new RetryingClient(replicas.Port);
            bool goesOn = true;
            Task[] load = [.. Enumerable.Range(0, 96).Select(_ => Task.Run(async () =>
            {
                while (goesOn) await client.PostAsync("/generate", """{"inputs": "ROMEO:", "parameters": {"max_new_tokens": 400}}""");
            }))];
            await Task.Delay(TimeSpan.FromSeconds(trial.Seconds(5))); // until what is compiled at first use is
            double from = Clock.Now, before = await SumAsync(replicas, Tokens);
            await Task.Delay(TimeSpan.FromSeconds(trial.Seconds(15)));
            double rate = (await SumAsync(replicas, Tokens) - before) / (Clock.Now - from);
            goesOn = false;
            await Task.WhenAll(load);
            trial.AtMost($"{count}: lost", client.Lost, 0, "");
            return rate;
        }
    });

    /// <summary>Nothing is lost while a model is changed on one replica after the other, and while one after the other is stopped and started.</summary>
    public static Task RollingAsync(Trial trial) => WithToolsAsync(trial, async () =>
    {
        const string swapped = "swapped";
        using TrialModels first = new(), second = new();
        TrialModels[] folders = [first, second];
        foreach (TrialModels folder in folders) folder.CopyOf("sentiment", swapped);
        using Replicas replicas = await Replicas.StartAsync(trial, 2, models: replica => folders[replica].Path, settings: ("Rnn__Loading__WatchSeconds", "1"));
        using RetryingClient changing = new(replicas.Port), restarting = new(replicas.Port);
        const string request = """{"inputs": "an honest and moving story", "model": "swapped"}""";
        int rounds = trial.Count(6);
        await UnderLoadAsync(changing, request, async () =>
        {
            for (int round = 0; round < rounds; round++)
            {
                folders[round % 2].Replace(swapped, Path.Combine(LoadModels.Shipped, "sentiment"));
                for (double from = Clock.Now; await ReplacedAsync() <= round && Clock.Now - from < 20;) await Task.Delay(50);
                await Task.Delay(TimeSpan.FromSeconds(trial.Seconds(1)));
            }
        });
        trial.AtLeast("models replaced", await ReplacedAsync(), rounds, "");
        changing.Tell(trial, "models changed in turn");
        trial.AtMost("models changed in turn: sent again", changing.Again, 0, "");
        await UnderLoadAsync(restarting, request, async () =>
        {
            for (int replica = 0; replica < 2; replica++)
            {
                await replicas.Servers[replica].TerminateAsync(trial, 30);
                await replicas.RestartAsync(replica);
                await Task.Delay(TimeSpan.FromSeconds(trial.Seconds(3)));
            }
        });
        restarting.Tell(trial, "replicas restarted in turn");

        Task<double> ReplacedAsync() => SumAsync(replicas, "rnn_model_changes_total", "change=\"replaced\"");
    });

    private static async Task UnderLoadAsync(RetryingClient client, string request, Func<Task> change)
    {
        bool goesOn = true;
        Task[] load = [.. Enumerable.Range(0, ClientsOfEach).Select(_ => Task.Run(async () =>
        {
            while (goesOn) await client.PostAsync("/classify", request);
        }))];
        await change();
        goesOn = false;
        await Task.WhenAll(load);
    }

    private static Task WithToolsAsync(Trial trial, Func<Task> run)
    {
        if (Replicas.Missing() is not { } missing) return run();
        trial.Tell("not run", $"{missing}");
        return Task.CompletedTask;
    }

    /// <summary>A counter, over all its series that hold a text and all replicas.</summary>
    private static async Task<double> SumAsync(Replicas replicas, string counter, string series = "")
    {
        using var http = new HttpClient();
        double sum = 0;
        foreach (TrialServer server in replicas.Servers)
        {
            string text = await http.GetStringAsync($"http://{Trial.Here}:{server.Port}/metrics");
            sum += text.Split('\n').Where(line => line.StartsWith(counter + "{", StringComparison.Ordinal) && line.Contains(series, StringComparison.Ordinal))
                .Sum(line => double.Parse(line[(line.LastIndexOf('}') + 1)..].Trim().Split(' ')[0], CultureInfo.InvariantCulture));
        }

        return sum;
    }

    private static string Piece(string inputs, int tokens, string session) =>
        JsonSerializer.Serialize(new { inputs, parameters = new { max_new_tokens = tokens, temperature = 0.8, seed = 7 }, session = JsonDocument.Parse(session).RootElement });

    private static string Text(JsonElement? answer) => answer?.GetProperty("generated_text").GetString() ?? "";

    private static string Raw(JsonElement? answer) => answer?.GetRawText() ?? "";
}
