using System.Text.Json;
using Microsoft.AspNetCore.Mvc.Testing;

namespace RnnService.Server.Tests;

/// <summary>The C# example of docs/onnx.md: shown as it is compiled here, and doing what the page says of it.</summary>
public sealed class OnnxDocumentTests
{
    private const string Page = "docs/onnx.md";

    [Theory]
    [InlineData("StreamText")]
    [InlineData("TranslateText")]
    public void The_page_shows_the_example_that_is_compiled(string example) => Repository.CompareSection(
        Page, example, $"```csharp\n{File.ReadAllText(Path.Combine(Repository.Root, $"docs/examples/{example}.cs"))}```\n");

    [Fact]
    public async Task The_example_streams_the_services_greedy_text_character_for_character()
    {
        using var models = new ShippedModels();
        using var factory = new WebApplicationFactory<Program>();
        using var service = factory.WithWebHostBuilder(builder => builder.UseSetting("Rnn:ModelsPath", models.Path));
        using HttpClient client = service.CreateClient();
        CancellationToken cancel = TestContext.Current.CancellationToken;
        while (!(await client.GetAsync("/health/ready", cancel)).IsSuccessStatusCode) await Task.Yield();
        string file = Path.GetTempFileName();
        try
        {
            await File.WriteAllBytesAsync(file, await client.GetByteArrayAsync("/models/shakespeare/onnx", cancel), cancel);
            foreach (string prompt in new[] { "ROMEO:", "To be, or not", "Olé" })
            {
                JsonElement answer = await client.AnswerAsync("/generate", JsonSerializer.Serialize(
                    new { inputs = prompt, model = "shakespeare", parameters = new { max_new_tokens = 300, temperature = 0 } }));
                Assert.Equal(answer.GetProperty("generated_text").GetString(), string.Concat(StreamText.Greedy(file, prompt, 300)));
            }
        }
        finally
        {
            File.Delete(file);
        }
    }
}
