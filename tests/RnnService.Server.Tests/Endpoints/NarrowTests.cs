using System.Text.Json;
using RnnService.Engine.Kernels;
using RnnService.Engine.Models;

namespace RnnService.Server.Tests.Endpoints;

/// <summary>Models of narrow weights are served like all others.</summary>
public sealed class NarrowTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(ElementType.I8, "int8")]
    [InlineData(ElementType.BF16, "bf16")]
    public async Task A_seeded_text_is_the_same_alone_and_among_others(ElementType type, string dtype)
    {
        using var models = new TinyModels();
        ModelFolder.Save(Path.Combine(models.Path, "narrow"), models.Load("shakespeare"), "ROMEO:", type);
        await using TestService service = await TestService.StartAsync(models, ("Rnn:Batching:PromptChunk", "3"));
        using HttpClient client = service.Client();
        using HttpResponseMessage answer = await client.GetAsync("/models", Cancel);
        JsonElement card = (await answer.JsonAsync()).EnumerateArray().Single(one => one.GetProperty("name").GetString() == "narrow");
        Assert.Equal("ready", card.GetProperty("status").GetString());
        Assert.Equal(dtype, card.GetProperty("dtype").GetString());

        string[] prompts = [.. Enumerable.Range(1, 30).Select(length => TinyModels.Letters[..length])];
        string[] alone = new string[prompts.Length];
        for (int i = 0; i < prompts.Length; i++) alone[i] = await TextAsync(i);
        string[] together = await Task.WhenAll(Enumerable.Range(0, prompts.Length).Select(TextAsync));
        Assert.Equal(alone, together);
        Assert.Equal(prompts.Length, alone.Distinct().Count());

        async Task<string> TextAsync(int i) => (await client.AnswerAsync("/generate", JsonSerializer.Serialize(
            new { model = "narrow", inputs = prompts[i], parameters = new { max_new_tokens = 30 + i, seed = i } })))
            .GetProperty("generated_text").GetString()!;
    }
}
