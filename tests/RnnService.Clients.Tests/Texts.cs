using System.Text.Json;

namespace RnnService.Clients.Tests;

/// <summary>What the service itself answers, for what clients show to be compared with.</summary>
internal static class Texts
{
    /// <summary>The 60 characters that follow a text with the seed 7.</summary>
    public static async Task<string> TextAsync(this PlaygroundService service, string inputs)
    {
        JsonElement answer = await service.PostAsync("/generate", new { inputs, parameters = new { max_new_tokens = 60, seed = 7 } });
        return answer.GetProperty("generated_text").GetString()!;
    }
}
