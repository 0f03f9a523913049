using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using RnnService.AspNetCore.Models;
using RnnService.AspNetCore.Scheduling;

namespace RnnService.Server.Tests.Models;

/// <summary>Models that are replaced under load.</summary>
public sealed class SwapTests : IDisposable
{
    private const int Swaps = 100;

    /// <summary>What is asked, of the model that is replaced: texts of all lengths, whole and streamed.</summary>
    private static readonly (string Model, string Route, string Body)[] Questions =
    [
        ("sentiment", "/classify", """{"inputs": ["a lovely film", "a dull film"], "model": "sentiment"}"""),
        ("sentiment", "/classify", $$"""{"inputs": "{{string.Concat(Enumerable.Repeat("a dull lovely film ", 100))}}", "model": "sentiment"}"""),
        ("pos", "/tag", """{"inputs": "Marie worked in Paris", "model": "pos"}"""),
        ("shakespeare", "/generate", """{"inputs": "ROMEO:", "model": "shakespeare", "parameters": {"max_new_tokens": 30, "seed": 7}}"""),
        ("shakespeare", "/generate_stream", """{"inputs": "ROMEO:", "model": "shakespeare", "parameters": {"max_new_tokens": 200, "seed": 7}}"""),
    ];

    private readonly TinyModels _models = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _models.Dispose();

    [Fact]
    public async Task No_request_is_lost_or_mixed_in_a_hundred_swaps_and_nothing_is_left_of_the_old_models()
    {
        string[] names = [.. Questions.Select(question => question.Model).Distinct()];
        foreach (string name in names)
        {
            for (int version = 0; version < 2; version++) _models.Save(name, 100 + (ulong)version, Path.Combine(".versions", $"{name}-{version}"));
            Directory.Delete(Path.Combine(_models.Path, name), recursive: true);
        }

        foreach (string name in names) Link(name, 0);
        await using TestService service = await TestService.StartAsync(_models);
        using HttpClient client = service.Client();
        var changes = service.Services.GetRequiredService<ModelChanges>();
        var loop = service.Services.GetRequiredService<ComputeLoop>();
        string[] before = await AnswersAsync(client);
        int queues = loop.Schedulers.Length;
        foreach (string name in names) await SwapAsync(changes, name, 1);
        string[] after = await AnswersAsync(client);
        Assert.All(before.Zip(after), pair => Assert.NotEqual(pair.First, pair.Second));

        var seen = new ConcurrentDictionary<string, int>();
        using var end = new CancellationTokenSource();
        Task[] callers = [.. Enumerable.Range(0, 10).Select(caller => Task.Run(async () =>
        {
            for (int i = caller % Questions.Length; !end.IsCancellationRequested; i = (i + 1) % Questions.Length)
            {
                string answer = await AnswerAsync(client, i);
                Assert.True(answer == before[i] || answer == after[i], $"{Questions[i].Route} answers neither as the old model nor as the new one: {answer}");
                seen.AddOrUpdate(answer, 1, (_, count) => count + 1);
            }
        }))];
        var models = new List<WeakReference>();
        for (int swap = 0; swap < Swaps; swap++) models.Add(await SwapAsync(changes, names[swap % names.Length], swap / names.Length % 2));
        await end.CancelAsync();
        await Task.WhenAll(callers);
        Assert.All(before.Concat(after), answer => Assert.True(seen.ContainsKey(answer), $"nobody was answered {answer}"));

        while (changes.Retiring > 0) await Task.Yield();
        Assert.Equal(queues, loop.Schedulers.Length);
        Assert.Equal(Swaps + names.Length, await service.MetricAsync("rnn_model_changes_total", "change=\"replaced\""));
        for (int round = 0; Alive() > names.Length && round < 1_000; round++)
        {
            GC.Collect();
            await Task.Yield();
        }

        Assert.Equal(names.Length, Alive());

        int Alive() => models.Count(model => model.IsAlive);
    }

    private void Link(string name, int version)
    {
        string link = Path.Combine(_models.Path, name);
        if (Directory.Exists(link)) Directory.Delete(link);
        Directory.CreateSymbolicLink(link, Path.Combine(".versions", $"{name}-{version}"));
    }

    private async Task<WeakReference> SwapAsync(ModelChanges changes, string name, int version)
    {
        Link(name, version);
        ModelEntry entry = await changes.LoadAsync(name);
        Assert.Null(entry.Reason);
        return new WeakReference(entry.Loaded!.Model);
    }

    private static async Task<string[]> AnswersAsync(HttpClient client)
    {
        var answers = new string[Questions.Length];
        for (int i = 0; i < answers.Length; i++) answers[i] = await AnswerAsync(client, i);
        return answers;
    }

    private static async Task<string> AnswerAsync(HttpClient client, int question)
    {
        (_, string route, string body) = Questions[question];
        using HttpResponseMessage answer = await client.PostJsonAsync(route, body);
        string text = await answer.Content.ReadAsStringAsync(Cancel);
        Assert.True(answer.StatusCode == HttpStatusCode.OK, $"{route} → {(int)answer.StatusCode} {text}");
        return text;
    }
}
