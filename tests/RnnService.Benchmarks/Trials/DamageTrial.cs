using System.Net.Http.Json;
using System.Text.Json;
using RnnService.Benchmarks.Load;

namespace RnnService.Benchmarks.Trials;

/// <summary>Damaged model folders beside sound ones: each is refused with a reason, or answers as the model that it was copied from.</summary>
internal static class DamageTrial
{
    private const int Damaged = 1_000;
    private const double Tolerance = 2e-3;

    public static async Task RunAsync(Trial trial)
    {
        using var models = new TrialModels();
        var folders = new DamagedFolders(models.Path);
        folders.WriteSound();
        int count = trial.Count(Damaged);
        Dictionary<string, string> sources = Enumerable.Range(0, count).ToDictionary(seed => $"damaged-{seed}", seed => folders.WriteDamaged($"damaged-{seed}", seed));
        double from = Clock.Now;
        using TrialServer service = await TrialServer.StartAsync(trial, models.Path);
        using var client = new HttpClient { BaseAddress = new Uri($"http://{Trial.Here}:{service.Port}") };
        var beside = new Tally();
        JsonElement[] cards;
        while (true)
        {
            foreach (LightClient light in (LightClient[])[LightClient.Generate, LightClient.Classify, LightClient.Tag])
            {
                using var other = new TrialClient(service.Port, Trial.Here);
                beside.Add((await light.AskAsync(other, 10)).Status);
            }

            cards = (await client.GetFromJsonAsync<JsonElement[]>("/models"))!;
            if (!cards.Any(card => Status(card) == "loading")) break;
        }

        trial.Tell($"until all of {count} folders are judged", $"{Clock.Now - from:F1} s");
        var statuses = new Tally();
        int refused = 0, right = 0;
        var wrong = new List<string>();
        foreach (JsonElement card in cards)
        {
            string name = card.GetProperty("name").GetString()!;
            if (!sources.TryGetValue(name, out string? source)) continue;
            if (Status(card) == "broken" && card.GetProperty("reason").GetString() is { Length: > 0 } reason && !reason.Contains(models.Path, StringComparison.Ordinal)
                && !reason.Contains("fault of the service", StringComparison.Ordinal))
            {
                refused++;
            }
            else if (Status(card) == "ready" && await IsRightAsync(name, source, card.GetProperty("route").GetString()!))
            {
                right++;
            }
            else
            {
                wrong.Add(name);
            }
        }

        trial.Tell("refused with a reason / right", $"{refused} / {right}");
        trial.AtMost("neither", wrong.Count, 0, "");
        if (wrong.Count > 0) trial.Tell("such as", $"{string.Join(", ", wrong.Take(5))}");
        trial.Wanted("the shipped models meanwhile", $"{beside}", $"200 × {beside[200]}");
        trial.AtMost("5xx and no answer", statuses.Failed, 0, "");
        await trial.CostAsync(service);
        await service.TerminateAsync(trial, 32);

        async Task<bool> IsRightAsync(string name, string source, string route)
        {
            string input = JsonDocument.Parse(File.ReadAllText(Path.Combine(models.Path, source, "golden.json"))).RootElement.GetProperty("input").GetString()!;
            return IsSame(await AskAsync(name), await AskAsync(source));

            async Task<JsonElement> AskAsync(string model)
            {
                object? parameters = route == "/generate" ? new { max_new_tokens = 1, temperature = 0, details = true } : null;
                using HttpResponseMessage answer = await client.PostAsJsonAsync(route, new { model, inputs = input, parameters });
                statuses.Add((int)answer.StatusCode);
                return await answer.Content.ReadFromJsonAsync<JsonElement>();
            }
        }
    }

    private static string Status(JsonElement card) => card.GetProperty("status").GetString()!;

    /// <summary>Whether two answers agree as a golden answer and a model's do.</summary>
    private static bool IsSame(JsonElement one, JsonElement other) => one.ValueKind == other.ValueKind && one.ValueKind switch
    {
        JsonValueKind.Number => Math.Abs(one.GetDouble() - other.GetDouble()) <= Tolerance,
        JsonValueKind.Array => one.GetArrayLength() == other.GetArrayLength() && one.EnumerateArray().Zip(other.EnumerateArray()).All(pair => IsSame(pair.First, pair.Second)),
        JsonValueKind.Object => one.EnumerateObject().All(field => field.NameEquals("seed") || (other.TryGetProperty(field.Name, out JsonElement same) && IsSame(field.Value, same))),
        _ => one.ToString() == other.ToString(),
    };
}
