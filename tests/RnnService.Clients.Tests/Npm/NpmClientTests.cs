using System.Text.Json;
using RnnService.Clients.Tests.Node;

namespace RnnService.Clients.Tests.Npm;

/// <summary>
/// Clients of npm, unchanged, against the service as it is shipped. Each script begins with the lines that docs/clients.md shows and ends with
/// what it saw, as JSON.
/// </summary>
public sealed class NpmClientTests(ShippedService service)
{
    /// <summary>The address that the scripts and the documentation name.</summary>
    private const string Shown = "http://localhost:8080";

    /// <summary>What parts the lines that are shown from those that look closer.</summary>
    private const string Rest = "// The rest is the tests'.\n";

    private static readonly string Folder = Path.Combine(Repository.Root, "tests", "RnnService.Clients.Tests", "Npm");

    [Fact]
    public async Task OpenAI()
    {
        JsonElement seen = await RunAsync("openai.mjs");
        string text = await service.TextAsync("ROMEO:");
        Are(seen, text, "plain", "streamed", "chat", "chatStreamed");
        Assert.Equal((60, 4), (seen.GetProperty("generated").GetInt32(), seen.GetProperty("choices").GetInt32()));
        Are(seen, "shakespeare", "model");
        Assert.Equal(Texts.Writers, seen.GetProperty("models").EnumerateArray().Select(model => model.GetString()));
        Assert.StartsWith("404 there is no model named \"nobody\"", seen.GetProperty("error").GetString(), StringComparison.Ordinal);
        Are(seen, "model_not_found", "code");
        Are(seen, "max_tokens", "param");
    }

    [Fact]
    public async Task The_AI_SDK()
    {
        JsonElement seen = await RunAsync("ai-sdk.mjs");
        Are(seen, await service.TextAsync("ROMEO:"), "chat", "chatStreamed");
        // Its completions are made of messages: a text in which somebody is named by a line of its own.
        string transcript = await service.TextAsync("user:\nROMEO:\n\nassistant:\n");
        Are(seen, transcript, "plain", "streamed");
        Assert.Equal(60, seen.GetProperty("generated").GetInt32());
        Assert.StartsWith("there is no model named \"nobody\"", seen.GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task LangChain()
    {
        JsonElement seen = await RunAsync("langchain.mjs");
        string text = await service.TextAsync("ROMEO:");
        Are(seen, text, "plain", "streamed", "chat", "chatStreamed");
        Assert.Equal([text, await service.TextAsync("JULIET:")], seen.GetProperty("batch").EnumerateArray().Select(one => one.GetString()));
        Assert.Contains("there is no model named \"nobody\"", seen.GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Hugging_Face()
    {
        JsonElement seen = await RunAsync("huggingface.mjs");
        Are(seen, await service.TextAsync("ROMEO:"), "plain", "own", "streamed", "chat", "chatStreamed");
        Assert.Equal(["positive", "negative"], seen.GetProperty("labels").EnumerateArray().Select(label => label.GetString()));
        Assert.Equal(["PROPN", "PROPN", "VERB", "ADP", "PROPN", "PUNCT"], seen.GetProperty("tags").EnumerateArray().Select(tag => tag.GetString()));
        Assert.Contains("there is no model named \"nobody\"", seen.GetProperty("error").GetString() + seen.GetProperty("body").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("openai.mjs")]
    [InlineData("ai-sdk.mjs")]
    [InlineData("langchain.mjs")]
    [InlineData("huggingface.mjs")]
    public void The_lines_in_the_documentation_are_those_that_run(string script)
    {
        string text = File.ReadAllText(Path.Combine(Folder, script));
        Repository.CompareSection("docs/clients.md", script, $"```js\n{text[..text.IndexOf(Rest, StringComparison.Ordinal)].TrimEnd()}\n```\n");
    }

    /// <summary>What a script saw of the service.</summary>
    private async Task<JsonElement> RunAsync(string script)
    {
        NodePackages packages = await NodePackages.OfAsync("Npm");
        await service.StartAsync();
        string text = await File.ReadAllTextAsync(Path.Combine(Folder, script), TestContext.Current.CancellationToken);
        string output = await packages.RunAsync(text.Replace(Shown, service.Url, StringComparison.Ordinal));
        return JsonDocument.Parse(output.TrimEnd().Split('\n')[^1]).RootElement;
    }

    private static void Are(JsonElement seen, string text, params string[] names) =>
        Assert.All(names, name => Assert.Equal((name, text), (name, seen.GetProperty(name).GetString())));
}
