using System.Text.Json.Nodes;

namespace RnnService.Benchmarks.Trials;

/// <summary>A route of the service with what it takes.</summary>
/// <param name="Method">The method.</param>
/// <param name="Path">The path, filled in.</param>
/// <param name="Bodies">Bodies that work.</param>
internal sealed record Operation(string Method, string Path, IReadOnlyList<string> Bodies)
{
    public const string Json = "application/json";

    /// <summary>The type of its body.</summary>
    public string Type { get; init; } = Json;

    /// <summary>Every route of the document with a body that works.</summary>
    public static async Task<IReadOnlyList<Operation>> AllAsync(int port)
    {
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(20) };
        JsonNode document = JsonNode.Parse(await client.GetStringAsync($"http://{Trial.Here}:{port}/swagger/v1/swagger.json"))!;
        var operations = new List<Operation>();
        foreach ((string path, JsonNode? item) in document["paths"]!.AsObject())
        {
            foreach ((string method, JsonNode? operation) in item!.AsObject())
            {
                if (operation is not JsonObject described) continue;
                string filled = path;
                foreach (JsonNode? parameter in described["parameters"]?.AsArray() ?? [])
                    filled = filled.Replace($"{{{parameter!["name"]}}}", $"{parameter["example"]}", StringComparison.Ordinal);
                JsonObject? content = described["requestBody"]?["content"]?.AsObject();
                operations.Add(new Operation(method.ToUpperInvariant(), filled, [.. Examples(content?.FirstOrDefault().Value)]));
            }
        }

        return operations;
    }

    private static IEnumerable<string> Examples(JsonNode? media)
    {
        if (media?["example"] is { } one) yield return one.ToJsonString();
        foreach ((_, JsonNode? named) in media?["examples"]?.AsObject() ?? [])
        {
            if (named?["value"] is { } value) yield return value.ToJsonString();
        }
    }
}
