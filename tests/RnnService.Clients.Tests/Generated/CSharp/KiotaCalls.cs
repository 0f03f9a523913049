using System.Collections.Generic;
using System.Net.Http;
using System.Threading.Tasks;
using Microsoft.Kiota.Abstractions;
using Microsoft.Kiota.Abstractions.Authentication;
using Microsoft.Kiota.Abstractions.Serialization;
using Microsoft.Kiota.Http.HttpClientLibrary;
using Rnn.Kiota;
using Rnn.Kiota.Models;

namespace RnnService.Clients.Tests.Generated.CSharp;

/// <summary>Calls every operation with the client that Kiota generates; compiled together with it.</summary>
public static class Calls
{
    public static async Task RunAsync(HttpClient http)
    {
        using var adapter = new HttpClientRequestAdapter(new AnonymousAuthenticationProvider(), httpClient: http) { BaseUrl = http.BaseAddress!.AbsoluteUri.TrimEnd('/') };
        var client = new RnnClient(adapter);
        var prompt = new GenerateRequest { Inputs = "ROMEO:", Parameters = new GenerateParameters { MaxNewTokens = 2, Seed = 7, Details = true } };
        await client.Generate.PostAsync(prompt);
        await client.Generate_stream.PostAsync(prompt);
        await client.PostAsync(prompt);
        await client.Models["shakespeare"].PostAsync(new() { GenerateRequest = prompt });
        await client.Classify.PostAsync(new ClassifyRequest { Inputs = new() { String = ["a lovely film", "a dull film"] } });
        await client.Tag.PostAsync(new TagRequest { Inputs = new() { TagRequestInputsString = "Marie Curie worked in Paris." } });
        await client.Inspect.PostAsync(new InspectRequest { Model = "sentiment", Inputs = "a lovely film" });
        var completion = new CompletionRequest { Prompt = new() { CompletionRequestPromptString = "ROMEO:" }, MaxTokens = 2 };
        await client.V1.Completions.PostAsync(completion);
        await client.Models["shakespeare"].V1.Completions.PostAsync(completion);
        var chat = new ChatRequest { Messages = [new ChatMessageRequest { Role = ChatMessageRequest_role.User, Content = new() { String = "ROMEO:" } }], MaxTokens = 2 };
        await client.V1.Chat.Completions.PostAsync(chat);
        await client.Models["shakespeare"].V1.Chat.Completions.PostAsync(chat);
        await client.V1.Models.GetAsync();
        await client.Models["shakespeare"].V1.Models.GetAsync();
        await client.V1.Models["shakespeare"].GetAsync();
        await client.Models["shakespeare"].V1.Models["shakespeare"].GetAsync();
        await client.Info.GetAsync();
        var texts = new UntypedArray([new UntypedString("film")]);
        var tensors = new InferRequest { Inputs = [new InputTensorRequest { Name = "text", Shape = [1], Datatype = "BYTES", Data = texts }] };
        await client.V2.Models["sentiment"].Infer.PostAsync(tensors);
        await client.V2.Models["sentiment"].Versions["1"].Infer.PostAsync(tensors);
        await client.V2.GetAsync();
        await client.V2.Models["pos"].GetAsync();
        await client.V2.Models["pos"].Versions["1"].GetAsync();
        await client.V2.Models["pos"].Ready.GetAsync();
        await client.V2.Models["pos"].Versions["1"].Ready.GetAsync();
        await client.V2.Health.Live.GetAsync();
        await client.V2.Health.Ready.GetAsync();
        await client.Models.GetAsync();
        await client.Models["pos"].GetAsync();
        await client.Models["pos"].Files["config.json"].GetAsync();
        await client.Models["sentiment"].Onnx.GetAsync(request => request.QueryParameters.Opset = 17);
        await client.Health.Live.GetAsync();
        await client.Health.Ready.GetAsync();
        await client.Health.GetAsync();
        await client.Metrics.GetAsync();
        try { await client.Sessions["nobody"].DeleteAsync(); } catch (ApiException exception) when (exception.ResponseStatusCode < 500) { }
    }
}
