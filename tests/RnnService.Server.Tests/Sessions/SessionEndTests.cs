using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using RnnService.AspNetCore.Models;
using RnnService.Engine.Generation;
using RnnService.Engine.Models;

namespace RnnService.Server.Tests.Sessions;

/// <summary>Whatever becomes of a service, a text goes on at another as if nothing had happened.</summary>
public sealed class SessionEndTests(SharedService shared) : IDisposable
{
    private const string Prompt = "ROMEO:";
    private const int More = 20;

    private readonly DirectoryInfo _keys = Directory.CreateTempSubdirectory("rnn-keys-");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _keys.Delete(recursive: true);

    /// <summary>Completions keep back what may begin a stop string: not so from who goes on elsewhere.</summary>
    [Fact]
    public async Task A_completion_that_a_stopping_service_does_not_end_goes_on_at_another()
    {
        (string, string)[] settings = [("Rnn:Sessions:KeysPath", _keys.FullName), ("Rnn:Limits:MaxNewTokens", "100000000"), ("Rnn:Http:DrainSeconds", "0")];
        await using TestService stopping = await TestService.StartAsync(shared.Models, settings), other = await TestService.StartAsync(shared.Models, settings);
        using HttpClient client = stopping.Client(), next = other.Client();
        string stops = string.Join(", ", TinyModels.Letters.Distinct().Where(char.IsLetter).Take(4).Select(letter => $"\"{letter}qzqzqzq\""));
        using HttpRequestMessage request = Http.Post("/v1/completions", $$$"""
            {"prompt": "{{{Prompt}}}", "max_tokens": 100000000, "seed": 7, "stream": true, "stop": [{{{stops}}}], "session": {"return_state": true}}
            """);
        using HttpResponseMessage answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancel);
        using var events = new StreamReader(await answer.Content.ReadAsStreamAsync(Cancel));
        string text = "";
        JsonNode? last = null;
        Task? stopped = null;
        while (await events.ReadLineAsync(Cancel) is { } line)
        {
            if (!line.StartsWith("data:", StringComparison.Ordinal)) continue;
            last = JsonNode.Parse(line["data:".Length..])!;
            text += last["choices"]?[0]!["text"]!.GetValue<string>();
            stopped ??= stopping.Services.GetRequiredService<IHost>().StopAsync(Cancel);
        }

        await stopped!;
        Assert.Equal("not_ready", last!["error"]!["code"]!.GetValue<string>());
        JsonNode session = last["session"]!;
        int read = session["position"]!.GetValue<int>() - Prompt.Length;
        Assert.Equal(read, text.Length);
        text += await GoOnAsync(next, session["state"]!.GetValue<string>());
        Assert.Equal(Whole(read + More), text);
    }

    [Fact]
    public async Task After_a_kill_holders_of_states_go_on()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows sends no signals.");
        string state;
        using (ServiceRun killed = Start())
        {
            using var client = new HttpClient { BaseAddress = new Uri(await killed.UrlAsync()) };
            JsonElement first = await client.AnswerAsync("/generate", Body(Prompt, 5, """{"return_state": true}"""));
            state = first.GetProperty("session").GetProperty("state").GetString()!;
            killed.Signal("KILL");
        }

        using ServiceRun again = Start();
        using var next = new HttpClient { BaseAddress = new Uri(await again.UrlAsync()) };
        Assert.Equal(Whole(5 + More)[5..], await GoOnAsync(next, state));
    }

    [Fact]
    public async Task A_text_goes_on_with_the_weights_that_it_began_with_and_with_no_others()
    {
        using var models = new TinyModels();
        await using TestService service = await TestService.StartAsync(models, ("Rnn:Sessions:Store", "memory"));
        using HttpClient client = service.Client();
        var changes = service.Services.GetRequiredService<ModelChanges>();
        JsonElement first = await client.AnswerAsync("/generate", Body(Prompt, 5, """{"id": "a", "return_state": true}"""));
        string state = first.GetProperty("session").GetProperty("state").GetString()!;
        models.Save("shakespeare", 33);
        await changes.LoadAsync("shakespeare");
        foreach (string session in new[] { $$"""{"resume": "{{state}}"}""", """{"id": "a"}""" })
        {
            using HttpResponseMessage refused = await client.PostJsonAsync("/generate", Body("", More, session));
            await refused.IsProblemAsync(409, "state_mismatch");
        }

        models.Save("shakespeare", 1);
        await changes.LoadAsync("shakespeare");
        Assert.Equal(Whole(5 + More)[5..], await GoOnAsync(client, state));
    }

    /// <summary>A key ring that nobody shares ends with its process: a state of it is then as good as a forged one.</summary>
    [Fact]
    public async Task Without_a_place_for_keys_states_are_good_for_one_process()
    {
        await using TestService other = await TestService.StartAsync(shared.Models);
        using HttpClient client = other.Client();
        JsonElement first = await shared.Client.AnswerAsync("/generate", Body(Prompt, 5, """{"return_state": true}"""));
        string state = first.GetProperty("session").GetProperty("state").GetString()!;
        using HttpResponseMessage refused = await client.PostJsonAsync("/generate", Body("", More, $$"""{"resume": "{{state}}"}"""));
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
    }

    private static async Task<string> GoOnAsync(HttpClient client, string state) =>
        (await client.AnswerAsync("/generate", Body("", More, $$"""{"resume": "{{state}}"}"""))).GetProperty("generated_text").GetString()!;

    private static string Body(string text, int tokens, string session) =>
        $$"""{"inputs": "{{text}}", "parameters": {"max_new_tokens": {{tokens}}, "seed": 7}, "session": {{session}}}""";

    private string Whole(int tokens) => string.Concat(((LanguageModel)shared.Models.Load("shakespeare"))
        .Generate(Prompt, new GenerationOptions { MaxNewTokens = tokens, Seed = 7 }).Select(token => token.Token.Text));

    private ServiceRun Start() => ServiceRun.Start(
        ("Rnn__ModelsPath", shared.Models.Path), ("Rnn__Sessions__KeysPath", _keys.FullName), ("Rnn__Log__Format", "json"));
}
