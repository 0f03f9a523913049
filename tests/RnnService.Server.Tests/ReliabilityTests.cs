using System.Text;
using System.Text.Json;

namespace RnnService.Server.Tests;

/// <summary>The tables of docs/reliability.md are those of the last trials.</summary>
public sealed class ReliabilityTests
{
    private const string Results = "tests/RnnService.Benchmarks/results";

    [Fact]
    public void The_page_shows_what_the_trials_found()
    {
        using JsonDocument before = Read("before")!;
        using JsonDocument? after = Read("after");
        var text = new StringBuilder($"Before: {Origin(before)}.");
        if (after is not null) text.Append($" After: {Origin(after)}.");
        text.Append('\n');
        string[] names = [.. Trials(after).Concat(Trials(before)).Select(trial => Text(trial, "name")).Distinct()];
        Assert.NotEmpty(names);
        foreach (string name in names)
        {
            (JsonElement? old, JsonElement? now) = (Named(before, name), Named(after, name));
            text.Append($"""

                ### {name}

                {Text((now ?? old)!.Value, "attack")}

                | figure | goal | before | met | after | met |
                |---|---|---|---|---|---|

                """);
            foreach (string figure in Figures(now).Concat(Figures(old)).Select(one => Text(one, "what")).Distinct())
            {
                JsonElement? was = Figure(old, figure), isNow = Figure(now, figure);
                text.Append($"| {figure} | {Text((isNow ?? was)!.Value, "goal")} | {Cells(was)} | {Cells(isNow)} |\n");
            }
        }

        Repository.CompareSection("docs/reliability.md", "trials", text.ToString());
    }

    private static JsonDocument? Read(string label)
    {
        string file = Path.Combine(Repository.Root, Results, $"trials-{label}.json");
        return File.Exists(file) ? JsonDocument.Parse(File.ReadAllText(file)) : null;
    }

    private static string Origin(JsonDocument results) =>
        $"build {Text(results.RootElement, "build")}, {Text(results.RootElement, "date")}, {Text(results.RootElement, "machine")}";

    private static IEnumerable<JsonElement> Trials(JsonDocument? results) =>
        results is null ? [] : results.RootElement.GetProperty("trials").EnumerateArray();

    private static JsonElement? Named(JsonDocument? results, string name) =>
        Trials(results).Select(trial => (JsonElement?)trial).FirstOrDefault(trial => Text(trial!.Value, "name") == name);

    private static IEnumerable<JsonElement> Figures(JsonElement? trial) =>
        trial is { } found ? found.GetProperty("figures").EnumerateArray() : [];

    private static JsonElement? Figure(JsonElement? trial, string what) =>
        Figures(trial).Select(figure => (JsonElement?)figure).FirstOrDefault(figure => Text(figure!.Value, "what") == what);

    private static string Cells(JsonElement? figure)
    {
        if (figure is not { } one) return "– |";
        string met = one.GetProperty("met").ValueKind switch
        {
            JsonValueKind.True => "yes",
            JsonValueKind.False => "no",
            _ => "",
        };
        return $"{Text(one, "found")} | {met}";
    }

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;
}
