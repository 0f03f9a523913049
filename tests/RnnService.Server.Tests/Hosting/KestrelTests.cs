using System.Net;

namespace RnnService.Server.Tests.Hosting;

/// <summary>What only a real server and a real connection show.</summary>
public sealed class KestrelTests(SharedService shared)
{
    private const string Endless = """{"inputs": "a", "parameters": {"max_new_tokens": 100000000, "seed": 1}}""";

    [Fact]
    public async Task A_connection_that_is_closed_ends_its_stream()
    {
        await using TestService service = Start(("Rnn:Limits:MaxNewTokens", "100000000"));
        CancellationToken cancel = TestContext.Current.CancellationToken;
        using HttpClient client = service.Client();
        await service.ReadyAsync();
        using (HttpResponseMessage stream = await client.SendAsync(
            Http.Post("/generate_stream", Endless), HttpCompletionOption.ResponseHeadersRead, cancel))
        {
            using var reader = new StreamReader(await stream.Content.ReadAsStreamAsync(cancel));
            Assert.StartsWith("data:{\"index\":1,", await reader.ReadLineAsync(cancel), StringComparison.Ordinal);
            // It may be ahead of its reader by now, and catch up between two looks.
            long started = TimeProvider.System.GetTimestamp();
            while (await service.MetricAsync("rnn_streams_active") + await service.MetricAsync("rnn_streams_paused") == 0)
                Assert.True(TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromSeconds(60), "the stream is neither active nor paused");
        }

        await service.MetricBecomesAsync(0, "rnn_streams_active");
        await service.MetricBecomesAsync(0, "rnn_streams_paused");
    }

    [Fact]
    public async Task A_body_over_the_limit_is_refused_and_the_service_goes_on()
    {
        await using TestService service = Start(("Rnn:Limits:MaxBodyBytes", "1000"));
        using HttpClient client = service.Client();
        await service.ReadyAsync();
        for (int round = 0; round < 50; round++) // a client that went on with the refused connection would soon be cut off
        {
            using HttpResponseMessage refused = await client.PostJsonAsync("/classify", $$"""{"inputs": "{{new string('a', 200_000)}}"}""");
            await refused.IsProblemAsync((int)HttpStatusCode.RequestEntityTooLarge, "too_large");
            Assert.DoesNotContain("Server", refused.Headers.Select(header => header.Key));
            await client.AnswerAsync("/classify", """{"inputs": "to be"}""");
        }
    }

    private TestService Start(params (string, string)[] settings)
    {
        var service = new TestService(shared.Models, null, settings);
        service.Listen();
        return service;
    }
}
