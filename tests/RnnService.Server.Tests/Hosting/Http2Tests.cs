using System.Net;

namespace RnnService.Server.Tests.Hosting;

public sealed class Http2Tests
{
    /// <summary>HTTP/2 without encryption, which its clients have to know of; probes go on speaking HTTP/1.1 on their own port.</summary>
    [Fact]
    public async Task A_service_that_is_told_to_speaks_http2_without_encryption()
    {
        using var models = new TinyModels();
        using var listener = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        int probes = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();
        using ServiceRun run = ServiceRun.Start(
            ("Rnn__ModelsPath", models.Path), ("Kestrel__EndpointDefaults__Protocols", "Http2"), ("Rnn__Http__ProbePort", probes.ToString()));
        string url = await run.UrlAsync();
        run.ReadOn();
        CancellationToken cancel = TestContext.Current.CancellationToken;
        using var probe = new HttpClient();
        while (true)
        {
            using HttpResponseMessage ready = await probe.GetAsync($"http://127.0.0.1:{probes}/health/ready", cancel);
            Assert.Equal(HttpVersion.Version11, ready.Version);
            if (ready.IsSuccessStatusCode) break;
        }

        using var client = new HttpClient { DefaultRequestVersion = HttpVersion.Version20, DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact };
        foreach ((string route, int status) in new[] { ("/generate_stream", 200), ("/generate", 200), ("/nowhere", 404) })
        {
            using HttpResponseMessage answer = await client.PostJsonAsync(url + route, """{"inputs": "a", "parameters": {"max_new_tokens": 3}}""");
            Assert.Equal(HttpVersion.Version20, answer.Version);
            Assert.Equal(status, (int)answer.StatusCode);
            Assert.NotEmpty(await answer.Content.ReadAsStringAsync(cancel));
        }
    }
}
