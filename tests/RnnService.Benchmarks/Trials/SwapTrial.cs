using System.Collections.Concurrent;
using System.Net;
using System.Text;
using RnnService.Benchmarks.Load;
using RnnService.Engine.Models;
using RnnService.Engine.Weights;

namespace RnnService.Benchmarks.Trials;

/// <summary>
/// Models that are replaced again and again by an operator's call, under load of every kind. Every answer is one of the two that the two
/// versions give alone.
/// </summary>
internal static class SwapTrial
{
    private const int Swaps = 100, ConnectionsOfEach = 3;

    private static readonly (string Model, string Route, string Body)[] Questions =
    [
        ("sentiment", "/classify", """{"inputs": ["a lovely film", "two hours that I will never get back"]}"""),
        ("pos", "/tag", """{"inputs": "Marie Curie worked in Paris, and her husband beside her."}"""),
        ("shakespeare", "/generate", """{"inputs": "ROMEO:", "parameters": {"max_new_tokens": 40, "seed": 7}}"""),
        ("shakespeare", "/generate_stream", """{"inputs": "JULIET:", "parameters": {"max_new_tokens": 300, "seed": 7}}"""),
    ];

    public static async Task RunAsync(Trial trial)
    {
        using var models = new TrialModels();
        string[] names = [.. Questions.Select(question => question.Model).Distinct()];
        foreach (string name in names) WriteOther(Path.Combine(LoadModels.Shipped, name), Path.Combine(models.Path, ".other", name));
        using TrialServer service = await TrialServer.StartAsync(trial, models.Path, settings: ("Rnn__Routes__Repository", "true"));
        using var client = new HttpClient { BaseAddress = new Uri($"http://{Trial.Here}:{service.Port}"), Timeout = TimeSpan.FromSeconds(60) };
        string[] before = await AnswersAsync();
        foreach (string name in names) await SwapAsync(name, 1);
        string[] after = await AnswersAsync();

        var statuses = new Tally();
        var seen = new ConcurrentDictionary<string, bool>();
        int mixed = 0;
        using var end = new CancellationTokenSource();
        Task[] callers = [.. Enumerable.Range(0, ConnectionsOfEach * Questions.Length).Select(caller => Task.Run(async () =>
        {
            int i = caller % Questions.Length;
            while (!end.IsCancellationRequested)
            {
                (HttpStatusCode status, string answer) = await AskAsync(i);
                statuses.Add((int)status);
                if (status != HttpStatusCode.OK) continue;
                if (answer != before[i] && answer != after[i]) Interlocked.Increment(ref mixed);
                seen[answer] = true;
            }
        }))];
        double from = Clock.Now, warm = 0;
        int swaps = trial.Count(Swaps), refused = 0;
        for (int swap = 0; swap < swaps; swap++)
        {
            if (!await SwapAsync(names[swap % names.Length], swap / names.Length % 2)) refused++;
            if (swap == swaps / 5) warm = service.Memory;
        }

        double took = Clock.Now - from;
        await end.CancelAsync();
        await Task.WhenAll(callers);
        trial.Tell("requests meanwhile", $"{statuses} in {took:F1} s, {took / swaps * 1e3:F0} ms a swap");
        trial.AtMost($"of {swaps} swaps not done", refused, 0, "");
        trial.AtMost("requests lost (other than 200)", statuses.Others(200), 0, "");
        trial.AtMost("answers of neither version", mixed, 0, "");
        trial.Wanted("answers of both versions seen", $"{before.Concat(after).Count(seen.ContainsKey)}", $"{before.Length + after.Length}");
        trial.Tell("memory at the end / after a fifth of the swaps", $"{service.Memory / warm:F2} of {warm / Trial.Megabyte:F0} MB");
        await trial.CostAsync(service);

        async Task<string[]> AnswersAsync() => [.. await Task.WhenAll(Enumerable.Range(0, Questions.Length).Select(async i => (await AskAsync(i)).Answer))];

        async Task<(HttpStatusCode Status, string Answer)> AskAsync(int i)
        {
            try
            {
                using HttpResponseMessage answer = await client.PostAsync(Questions[i].Route, new StringContent(Questions[i].Body, Encoding.UTF8, "application/json"));
                return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
            }
            catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException)
            {
                return (0, "");
            }
        }

        async Task<bool> SwapAsync(string name, int version)
        {
            string link = Path.Combine(models.Path, name);
            Directory.Delete(link);
            Directory.CreateSymbolicLink(link, version == 0 ? Path.Combine(LoadModels.Shipped, name) : Path.Combine(models.Path, ".other", name));
            using HttpResponseMessage answer = await client.PostAsync($"/v2/repository/models/{name}/load", null);
            return answer.IsSuccessStatusCode;
        }
    }

    /// <summary>Writes a model like another with other answers.</summary>
    private static void WriteOther(string source, string target)
    {
        using TextModel model = ModelFolder.Load(source).TextModel;
        Parameter last = model.Parameters.All[^1];
        var parameters = Parameters.From((name, shape) =>
        {
            Parameter same = model.Parameters.All.Single(parameter => parameter.Name == name);
            float[] values = same.Values.ToArray();
            if (name == last.Name)
            {
                for (int i = 0; i < values.Length; i++) values[i] += 0.1f * (i + 1);
            }

            return values;
        });
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        ModelFolder.Save(target, TextModel.Create(model.Config, model.Vocabulary, parameters), ModelFolder.Load(source).Golden!.Input);
    }
}
