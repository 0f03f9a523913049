using System.Net;
using System.Text.Json.Nodes;
using RnnService.Server.OpenApi;
using RnnService.Server.Options;
using RnnService.Server.Requests;

namespace RnnService.Server.Tests.Requests;

/// <summary>Behind a proxy, at a prefix.</summary>
public sealed class ProxyTests(SharedService shared)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>A proxy that takes the prefix away and names it, or that leaves it.</summary>
    [Theory]
    [InlineData("Proxies", "127.0.0.0/8, ::1", "")]
    [InlineData("PathBase", "/rnn", "/rnn")]
    public async Task Everything_works_under_a_prefix(string option, string value, string left)
    {
        await using TestService service = Start((option, value), ("PathBase", left));
        using HttpClient client = ClientOf(service);
        await service.ReadyAsync();
        JsonNode document = JsonNode.Parse(await (await GetAsync($"{left}{ApiDocument.Path}/{ApiDocument.Newer}")).Content.ReadAsStringAsync(Cancel))!;
        Assert.Equal("/rnn", document["servers"]![0]!["url"]!.GetValue<string>());
        // Relative to the page, which is at a path of its own.
        using HttpResponseMessage swagger = await GetAsync($"{left}/swagger/index.html");
        Assert.Contains("swagger-ui", await swagger.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        using HttpResponseMessage bare = await GetAsync($"{left}/swagger");
        Assert.Equal(HttpStatusCode.MovedPermanently, bare.StatusCode);
        Assert.Equal("http://rnn.example/rnn/swagger/index.html", new Uri(new Uri("http://rnn.example/rnn/swagger"), bare.Headers.Location!).AbsoluteUri);
        using HttpResponseMessage page = await GetAsync($"{left}/");
        Assert.Contains("href=\"playground/app.css\"", await page.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        Assert.NotNull(page.Headers.GetValues("Content-Security-Policy").Single());
        using HttpResponseMessage sent = await client.PostJsonAsync($"{left}/classify", """{"inputs": "a lovely film"}""");
        Assert.Equal(HttpStatusCode.OK, sent.StatusCode);
        using HttpResponseMessage wrong = await client.PostJsonAsync($"{left}/v2/models/pos/infer", "{");
        Assert.DoesNotContain("traceId", await wrong.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        if (left.Length == 0) return;
        using HttpResponseMessage root = await GetAsync(left);
        Assert.Equal("/rnn/", root.Headers.Location?.OriginalString);

        async Task<HttpResponseMessage> GetAsync(string route)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, route);
            request.Headers.Add("X-Forwarded-Prefix", "/rnn");
            HttpResponseMessage answer = await client.SendAsync(request, Cancel);
            Assert.True((int)answer.StatusCode < 400, $"{route} {(int)answer.StatusCode}");
            return answer;
        }
    }

    [Theory]
    [InlineData("127.0.0.1, ::1", "/rnn/swagger")]
    [InlineData("10.0.0.0/8", "/swagger")]
    [InlineData("", "/swagger")]
    public async Task Only_a_named_proxy_is_believed(string proxies, string location)
    {
        await using TestService service = Start(("Proxies", proxies), ("../Routes:Playground", "false"));
        using HttpClient client = ClientOf(service);
        await service.ReadyAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/");
        foreach ((string header, string value) in new[] { ("Prefix", "/rnn"), ("Proto", "https"), ("Host", "rnn.example"), ("For", "203.0.113.7") })
            request.Headers.Add($"X-Forwarded-{header}", value);
        using HttpResponseMessage answer = await client.SendAsync(request, Cancel);
        Assert.Equal(location, answer.Headers.Location?.OriginalString);
    }

    [Theory]
    [InlineData("Proxies", "10.0.0.0/33")]
    [InlineData("Proxies", "proxy.example")]
    [InlineData("PathBase", "rnn")]
    [InlineData("PathBase", "/rnn/")]
    [InlineData("PathBase", "/a b")]
    [InlineData("PathBase", "/a?b")]
    public void What_is_no_address_or_path_is_told_at_the_start(string option, string value)
    {
        var options = new HttpOptions { Proxies = option == "Proxies" ? value : "", PathBase = option == "PathBase" ? value : "" };
        var fault = Assert.Throws<OptionsException>(() => new Proxies(options));
        Assert.Contains($"Rnn:Http:{option}", Assert.Single(fault.Faults), StringComparison.Ordinal);
    }

    /// <summary>Shows redirects as they are, over a real connection.</summary>
    private static HttpClient ClientOf(TestService service) =>
        new(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = service.Client().BaseAddress };

    /// <summary>A real connection: only that has an address.</summary>
    private TestService Start(params (string Option, string Value)[] settings)
    {
        var service = new TestService(shared.Models, null, [.. settings.Select(one => one.Option.StartsWith("../", StringComparison.Ordinal)
            ? ($"Rnn:{one.Option[3..]}", one.Value) : ($"Rnn:Http:{one.Option}", one.Value))]);
        service.UseKestrel(port: 0);
        service.StartServer();
        return service;
    }
}
