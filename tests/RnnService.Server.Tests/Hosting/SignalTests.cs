using System.Net;
using System.Text.Json.Nodes;

namespace RnnService.Server.Tests.Hosting;

/// <summary>How the service ends.</summary>
public sealed class SignalTests(SharedService shared)
{
    private const string Prompt = "ROMEO:";

    private const string Text = """{"inputs": "a lovely film"}""";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Whether this process, and so what it starts, was told to ignore SIGINT, the second signal of Linux's mask.</summary>
    private static bool IgnoresInterrupts =>
        OperatingSystem.IsLinux()
        && File.ReadLines("/proc/self/status").Single(line => line.StartsWith("SigIgn:", StringComparison.Ordinal)) is { } ignored
        && (Convert.ToUInt64(ignored["SigIgn:".Length..].Trim(), 16) & 2) != 0;

    [Fact]
    public async Task After_SIGTERM_it_answers_on_and_says_that_it_is_not_ready()
    {
        using ServiceRun service = Start("600");
        using var client = new HttpClient { BaseAddress = new Uri(await service.UrlAsync()) };
        await service.LineAsync("models in ");
        service.Signal("TERM");
        await service.LineAsync("Asked to stop");

        using HttpResponseMessage ready = await client.GetAsync("/health/ready", Cancel);
        await ready.IsProblemAsync(503, "not_ready");
        using HttpResponseMessage live = await client.GetAsync("/health/live", Cancel);
        Assert.Equal(HttpStatusCode.OK, live.StatusCode);
        using HttpResponseMessage answer = await client.PostJsonAsync("/classify", Text);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.True(answer.Headers.ConnectionClose);

        // Who asks twice is in a hurry.
        service.Signal("TERM");
        Assert.Equal(0, await service.ExitAsync());
    }

    [Theory]
    [InlineData("INT", "600")]
    [InlineData("TERM", "1")]
    [InlineData("TERM", "0")]
    public async Task It_ends_in_order(string signal, string lingerSeconds)
    {
        Assert.SkipWhen(
            signal == "INT" && IgnoresInterrupts,
            "These tests were started in a shell's background, where SIGINT is ignored, and so it is by the service they start.");
        using ServiceRun service = Start(lingerSeconds);
        await service.LineAsync("models in ");
        service.Signal(signal);
        Assert.Equal(0, await service.ExitAsync());
    }

    [Fact]
    public async Task What_runs_ends_and_a_text_that_takes_longer_goes_on_in_another_process()
    {
        DirectoryInfo keys = Directory.CreateTempSubdirectory("rnn-keys-");
        (string, string)[] settings =
            [("Rnn__Sessions__KeysPath", keys.FullName), ("Rnn__Limits__MaxNewTokens", "100000000"), ("Rnn__Http__DrainSeconds", "1")];
        try
        {
            int position;
            string text, state;
            using (ServiceRun service = Start("1", settings))
            {
                using var client = new HttpClient { BaseAddress = new Uri(await service.UrlAsync()) };
                await service.LineAsync("models in ");
                // The first answers of both are there, so both have begun.
                using HttpResponseMessage longer = await StreamAsync(client, 100_000_000), shorter = await StreamAsync(client, 2_000);
                service.Signal("TERM");
                await service.LineAsync("Asked to stop");
                using HttpResponseMessage ready = await client.GetAsync("/health/ready", Cancel);
                await ready.IsProblemAsync(503, "not_ready");
                Assert.NotNull(ready.Headers.RetryAfter);

                Task<JsonNode[]> reading = EventsAsync(longer);
                JsonNode[] whole = await EventsAsync(shorter);
                Assert.Equal((2_000, "length"), (whole.Length, whole[^1]["details"]!["finish_reason"]!.GetValue<string>()));
                JsonNode[] events = await reading;
                Assert.Equal("not_ready", events[^1]["error_type"]!.GetValue<string>());
                (state, position) = (events[^1]["session"]!["state"]!.GetValue<string>(), events[^1]["session"]!["position"]!.GetValue<int>());
                text = string.Concat(events[..^1].Select(token => token["token"]!["text"]!.GetValue<string>()));
                Assert.Equal(position - Prompt.Length, events.Length - 1);
                Assert.Equal(0, await service.ExitAsync());
            }

            using ServiceRun next = Start("0", settings);
            using var other = new HttpClient { BaseAddress = new Uri(await next.UrlAsync()) };
            text += (await other.AnswerAsync("/generate", Body("", 20, $$"""{"resume": "{{state}}"}"""))).GetProperty("generated_text").GetString();
            string undisturbed = (await other.AnswerAsync("/generate", Body(Prompt, position - Prompt.Length + 20, """{"return_state": true}"""))).GetProperty("generated_text").GetString()!;
            Assert.Equal(undisturbed, text);
        }
        finally
        {
            keys.Delete(recursive: true);
        }
    }

    private static string Body(string prompt, int tokens, string session) =>
        $$$"""{"inputs": "{{{prompt}}}", "parameters": {"max_new_tokens": {{{tokens}}}, "seed": 7}, "session": {{{session}}}}""";

    private static Task<HttpResponseMessage> StreamAsync(HttpClient client, int tokens) => client.SendAsync(
        Http.Post("/generate_stream", Body(Prompt, tokens, """{"return_state": true}""")), HttpCompletionOption.ResponseHeadersRead, Cancel);

    private static async Task<JsonNode[]> EventsAsync(HttpResponseMessage answer) =>
        [.. (await answer.Content.ReadAsStringAsync(Cancel)).Split("data:", StringSplitOptions.RemoveEmptyEntries)
            .Where(message => message[0] != ':').Select(message => JsonNode.Parse(message.Split('\n')[0])!)];

    private ServiceRun Start(string lingerSeconds, params (string Key, string Value)[] settings)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows sends no signals.");
        return ServiceRun.Start(
            [("Rnn__ModelsPath", shared.Models.Path), ("Rnn__Http__LingerSeconds", lingerSeconds), ("Rnn__Log__Format", "json"), .. settings]);
    }
}
