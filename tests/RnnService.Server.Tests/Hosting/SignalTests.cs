using System.Net;

namespace RnnService.Server.Tests.Hosting;

/// <summary>How the service ends.</summary>
public sealed class SignalTests(SharedService shared)
{
    private const string Text = """{"inputs": "a lovely film"}""";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

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
        using ServiceRun service = Start(lingerSeconds);
        await service.LineAsync("models in ");
        service.Signal(signal);
        Assert.Equal(0, await service.ExitAsync());
    }

    private ServiceRun Start(string lingerSeconds)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows sends no signals.");
        return ServiceRun.Start(
            ("Rnn__ModelsPath", shared.Models.Path), ("Rnn__Http__LingerSeconds", lingerSeconds), ("Rnn__Log__Format", "json"));
    }
}
