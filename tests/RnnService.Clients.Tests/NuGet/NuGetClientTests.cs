using System.ClientModel;
using Betalgo.Ranul.OpenAI;
using Betalgo.Ranul.OpenAI.Managers;
using Betalgo.Ranul.OpenAI.ObjectModels.RequestModels;
using Betalgo.Ranul.OpenAI.ObjectModels.ResponseModels;
using Microsoft.Extensions.AI;
using OpenAI;
using OpenAI.Chat;

namespace RnnService.Clients.Tests.NuGet;

/// <summary>
/// Clients of NuGet, unchanged, against the service as it is shipped. What stands between a line that names a part of docs/clients.md and the next
/// empty line is what that part shows.
/// </summary>
public sealed class NuGetClientTests(ShippedService shipped)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_client_of_OpenAI()
    {
        string service = await UrlAsync(), expected = await shipped.TextAsync("ROMEO:");
        // docs: OpenAI
        var client = new OpenAIClient(new ApiKeyCredential("none"), new OpenAIClientOptions { Endpoint = new Uri(service + "/v1") });
        ChatClient chat = client.GetChatClient("shakespeare");
        ChatCompletion answer = await chat.CompleteChatAsync(["ROMEO:"], new ChatCompletionOptions { MaxOutputTokenCount = 60, Seed = 7 });
        Console.WriteLine(answer.Content[0].Text);

        Assert.Equal(expected, answer.Content[0].Text);
        Assert.Equal((OpenAI.Chat.ChatFinishReason.Length, 60), (answer.FinishReason, answer.Usage.OutputTokenCount));
        string streamed = "";
        await foreach (StreamingChatCompletionUpdate update in chat.CompleteChatStreamingAsync(
            ["ROMEO:"], new ChatCompletionOptions { MaxOutputTokenCount = 60, Seed = 7 }, Cancel))
            streamed += string.Concat(update.ContentUpdate.Select(part => part.Text));
        Assert.Equal(expected, streamed);
        Assert.Equal(Texts.Writers, (await client.GetOpenAIModelClient().GetModelsAsync(Cancel)).Value.Select(model => model.Id));
        var fault = await Assert.ThrowsAsync<ClientResultException>(() => client.GetChatClient("nobody").CompleteChatAsync(["ROMEO:"], cancellationToken: Cancel));
        Assert.Equal(404, fault.Status);
        Assert.Contains("there is no model named \"nobody\"", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Microsoft_Extensions_AI()
    {
        string service = await UrlAsync(), expected = await shipped.TextAsync("ROMEO:");
        // docs: Microsoft.Extensions.AI.OpenAI
        IChatClient chat = new ChatClient("shakespeare", new ApiKeyCredential("none"), new OpenAIClientOptions { Endpoint = new Uri(service + "/v1") }).AsIChatClient();
        ChatResponse answer = await chat.GetResponseAsync("ROMEO:", new ChatOptions { MaxOutputTokens = 60, Seed = 7 });
        Console.WriteLine(answer.Text);

        Assert.Equal(expected, answer.Text);
        string streamed = "";
        await foreach (ChatResponseUpdate update in chat.GetStreamingResponseAsync("ROMEO:", new ChatOptions { MaxOutputTokens = 60, Seed = 7 }, Cancel))
            streamed += update.Text;
        Assert.Equal(expected, streamed);
        var fault = await Assert.ThrowsAsync<ClientResultException>(() => chat.GetResponseAsync("ROMEO:", new ChatOptions { MaxOutputTokens = 1_000_000_000 }, Cancel));
        Assert.Contains("is 1000000000; expected", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_client_of_Betalgo()
    {
        string service = await UrlAsync();
        // docs: Betalgo.Ranul.OpenAI
        var client = new OpenAIService(new OpenAIOptions { ApiKey = "none", BaseDomain = service });
        CompletionCreateResponse answer = await client.Completions.CreateCompletion(
            new CompletionCreateRequest { Model = "shakespeare", Prompt = "ROMEO:", MaxTokens = 60, Temperature = 0 });
        Console.WriteLine(answer.Choices[0].Text);

        string expected = (await shipped.PostAsync("/generate", new { inputs = "ROMEO:", parameters = new { max_new_tokens = 60, temperature = 0 } }))
            .GetProperty("generated_text").GetString()!;
        Assert.Equal(expected, answer.Choices[0].Text);
        string streamed = "";
        await foreach (CompletionCreateResponse piece in client.Completions.CreateCompletionAsStream(
            new CompletionCreateRequest { Model = "shakespeare", Prompt = "ROMEO:", MaxTokens = 60, Temperature = 0 }, cancellationToken: Cancel))
            streamed += piece.Choices[0].Text;
        Assert.Equal(expected, streamed);
        ChatCompletionCreateResponse spoken = await client.ChatCompletion.CreateCompletion(new ChatCompletionCreateRequest
        {
            Model = "shakespeare",
            Messages = [Betalgo.Ranul.OpenAI.ObjectModels.RequestModels.ChatMessage.FromUser("ROMEO:")],
            MaxTokens = 60,
            Seed = 7,
        }, cancellationToken: Cancel);
        Assert.Equal(await shipped.TextAsync("ROMEO:"), spoken.Choices[0].Message.Content);
        Assert.Equal(Texts.Writers, (await client.Models.ListModel(Cancel)).Models.Select(model => model.Id));
        CompletionCreateResponse fault = await client.Completions.CreateCompletion(new CompletionCreateRequest { Model = "nobody", Prompt = "ROMEO:" }, cancellationToken: Cancel);
        Assert.Contains("there is no model named \"nobody\"", fault.Error!.Message, StringComparison.Ordinal);
        Assert.Equal("model_not_found", fault.Error.Code);
    }

    [Theory]
    [InlineData("OpenAI")]
    [InlineData("Microsoft.Extensions.AI.OpenAI")]
    [InlineData("Betalgo.Ranul.OpenAI")]
    public void The_lines_in_the_documentation_are_those_that_run(string package)
    {
        string[] source = File.ReadAllLines(Path.Combine(Repository.Root, "tests", "RnnService.Clients.Tests", "NuGet", "NuGetClientTests.cs"));
        IEnumerable<string> lines = source.SkipWhile(line => line.Trim() != $"// docs: {package}").Skip(1).TakeWhile(line => line.Length > 0).Select(line => line[8..]);
        Repository.CompareSection("docs/clients.md", package, $"```csharp\nstring service = \"http://localhost:8080\";\n{string.Join('\n', lines)}\n```\n");
    }

    private async Task<string> UrlAsync()
    {
        await shipped.StartAsync();
        return shipped.Url;
    }
}
