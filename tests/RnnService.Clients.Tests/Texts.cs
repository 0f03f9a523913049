using System.Text.Json;

namespace RnnService.Clients.Tests;

/// <summary>What the service itself answers, for what clients show to be compared with.</summary>
internal static class Texts
{
    /// <summary>The shipped models that go on with text, as clients list them: the usual one first.</summary>
    public static readonly IReadOnlyList<string> Writers = ["shakespeare", "english", "music", "songci"];

    /// <summary>The 60 characters that follow a text with the seed 7.</summary>
    public static async Task<string> TextAsync(this PlaygroundService service, string inputs)
    {
        JsonElement answer = await service.PostAsync("/generate", new { inputs, parameters = new { max_new_tokens = 60, seed = 7 } });
        return answer.GetProperty("generated_text").GetString()!;
    }
}
