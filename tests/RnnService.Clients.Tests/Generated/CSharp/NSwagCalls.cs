using System.Net.Http;
using System.Threading.Tasks;
using Rnn.NSwag;

namespace RnnService.Clients.Tests.Generated.CSharp;

/// <summary>Calls every operation with the client that NSwag generates; compiled together with it.</summary>
public static class Calls
{
    public static async Task RunAsync(HttpClient http)
    {
        var client = new RnnClient(http);
        var prompt = new GenerateRequest { Inputs = "ROMEO:", Parameters = new GenerateParameters { Max_new_tokens = 2, Seed = 7, Details = true } };
        await client.GenerateAsync(prompt);
        await ReadAsync(client.GenerateStreamAsync(prompt));
        await client.ContinueTextAsync(prompt);
        await client.CallModelAsync("shakespeare", prompt);
        await client.ClassifyAsync(new ClassifyRequest { Inputs = new[] { "a lovely film", "a dull film" } });
        await client.TagAsync(new TagRequest { Inputs = "Marie Curie worked in Paris." });
        await client.InspectAsync(new InspectRequest { Model = "sentiment", Inputs = "a lovely film" });
        var completion = new CompletionRequest { Prompt = "ROMEO:", Max_tokens = 2 };
        await client.CreateCompletionAsync(completion);
        await client.CreateCompletionOfAsync("shakespeare", completion);
        var chat = new ChatRequest { Messages = { new ChatMessageRequest { Role = "user", Content = "ROMEO:" } }, Max_tokens = 2 };
        await client.CreateChatCompletionAsync(chat);
        await client.CreateChatCompletionOfAsync("shakespeare", chat);
        await client.ListOpenAiModelsAsync();
        await client.ListOpenAiModelsOfAsync("shakespeare");
        await client.GetOpenAiModelAsync("shakespeare");
        await client.GetOpenAiModelOfAsync("shakespeare", "shakespeare");
        await client.GetInfoAsync();
        var tensors = new InferRequest { Inputs = { new InputTensorRequest { Name = "text", Shape = { 1 }, Datatype = "BYTES", Data = new object[] { "film" } } } };
        await client.InferModelAsync("sentiment", tensors);
        await client.InferModelVersionAsync("sentiment", "1", tensors);
        await client.GetServerMetadataAsync();
        await client.GetModelMetadataAsync("pos");
        await client.GetModelVersionMetadataAsync("pos", "1");
        await client.IsModelReadyAsync("pos");
        await client.IsModelVersionReadyAsync("pos", "1");
        await client.IsServerLiveAsync();
        await client.IsServerReadyAsync();
        await client.ListModelsAsync();
        await client.GetModelAsync("pos");
        await client.DownloadFileAsync("pos", "config.json");
        using (await client.DownloadOnnxAsync("sentiment", 17)) { }
        await client.IsLiveAsync();
        await client.IsReadyAsync();
        await client.IsHealthyAsync();
        await ReadAsync(client.MetricsAsync());
        try { await client.DeleteSessionAsync("nobody"); } catch (ApiException exception) when (exception.StatusCode < 500) { }
    }

    /// <summary>It takes what is text for JSON, and gives up on the answer that it has.</summary>
    private static async Task ReadAsync(Task<string> text)
    {
        try { await text; } catch (ApiException exception) when (exception.StatusCode == 200) { }
    }
}
