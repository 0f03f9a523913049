using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace RnnService.Server.Tests.Requests;

/// <summary>What can be switched off, hosts that are allowed, and what browsers are told.</summary>
public sealed class GuardTests(SharedService shared)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("Swagger", "/swagger/index.html", "/swagger/v1/swagger.json")]
    [InlineData("Metrics", "/metrics")]
    [InlineData("Models", "/models")]
    [InlineData("Downloads", "/models/pos/onnx", "/models/pos/files/vocab.json")]
    public async Task What_is_switched_off_is_not_there(string option, params string[] routes)
    {
        await using TestService service = await TestService.StartAsync(shared.Models, ($"Rnn:Routes:{option}", "false"));
        using HttpClient client = service.Client();
        foreach (string route in routes)
        {
            using HttpResponseMessage there = await shared.Client.GetAsync(route, Cancel);
            Assert.NotEqual(HttpStatusCode.NotFound, there.StatusCode);
            using HttpResponseMessage gone = await client.GetAsync(route, Cancel);
            await gone.IsProblemAsync(404, "route_not_found");
        }

        await client.AnswerAsync("/classify", """{"inputs": "a"}""");
    }

    [Fact]
    public async Task A_model_that_is_not_described_is_still_used_at_its_address()
    {
        await using TestService service = await TestService.StartAsync(shared.Models, ("Rnn:Routes:Models", "false"));
        using HttpClient client = service.Client();
        using HttpResponseMessage gone = await client.GetAsync("/models/pos", Cancel);
        await gone.IsProblemAsync(405, "method_not_allowed");
        await client.AnswerAsync("/models/pos", """{"inputs": "a"}""");
    }

    [Theory]
    [InlineData("rnn.example.com", 200)]
    [InlineData("rnn.example.com:8080", 200)]
    [InlineData("a.example.org", 200)]
    [InlineData("example.org", 400)]
    [InlineData("rnn.example.com.evil.net", 400)]
    [InlineData("localhost", 400)]
    public async Task Only_allowed_hosts_are_answered_and_probes_always(string host, int status)
    {
        await using TestService service = await TestService.StartAsync(shared.Models, ("AllowedHosts", "rnn.example.com; *.example.org"));
        using HttpClient client = service.Client();
        using HttpRequestMessage request = Http.Post("/classify", """{"inputs": "a"}""");
        request.Headers.Host = host;
        using HttpResponseMessage answer = await client.SendAsync(request, Cancel);
        Assert.Equal(status, (int)answer.StatusCode);
        if (status == 400) await answer.IsProblemAsync(400, "malformed");
        using var probe = new HttpRequestMessage(HttpMethod.Get, "/health/live") { Headers = { Host = host } };
        using HttpResponseMessage live = await client.SendAsync(probe, Cancel);
        Assert.Equal(HttpStatusCode.OK, live.StatusCode);
    }

    [Fact]
    public async Task The_page_may_run_its_own_scripts_alone_and_stands_in_no_frame()
    {
        using HttpResponseMessage answer = await shared.Client.GetAsync("/swagger/index.html", Cancel);
        string policy = answer.Headers.GetValues("Content-Security-Policy").Single();
        string page = await answer.Content.ReadAsStringAsync(Cancel);
        MatchCollection scripts = Regex.Matches(page, "<script(?<attributes>[^>]*)>(?<text>.*?)</script>", RegexOptions.Singleline);
        string[] inline = [.. scripts.Where(script => !script.Groups["attributes"].Value.Contains("src=", StringComparison.Ordinal))
            .Select(script => script.Groups["text"].Value)];
        string hash = Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(Assert.Single(inline))));
        Assert.Contains($"script-src 'self' 'sha256-{hash}';", policy, StringComparison.Ordinal);
        Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
        Assert.DoesNotMatch(@"<[^>]+\son[a-z]+=", page);
        Assert.DoesNotMatch("(src|href)=\"(https?:)?//", page);
    }

    [Theory]
    [InlineData("GET", "/swagger/index.html")]
    [InlineData("GET", "/models")]
    [InlineData("GET", "/models/pos/files/config.json")]
    [InlineData("GET", "/nowhere")]
    [InlineData("GET", "/generate")]
    [InlineData("HEAD", "/models")]
    [InlineData("POST", "/classify")]
    [InlineData("POST", "/generate_stream")]
    [InlineData("POST", "/nowhere")]
    public async Task Every_answer_tells_browsers_what_it_is_not_for(string method, string route)
    {
        foreach (bool isSecure in new[] { false, true })
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), $"{(isSecure ? "https" : "http")}://rnn.example.com{route}");
            if (method == "POST") request.Content = new StringContent("""{"inputs": "a"}""", Encoding.UTF8, "application/json");
            using HttpResponseMessage answer = await shared.Client.SendAsync(request, Cancel);
            Assert.Equal("nosniff", Header("X-Content-Type-Options"));
            Assert.Equal("no-referrer", Header("Referrer-Policy"));
            Assert.Equal("same-origin", Header("Cross-Origin-Resource-Policy"));
            Assert.Contains("frame-ancestors 'none'", Header("Content-Security-Policy"), StringComparison.Ordinal);
            Assert.Equal(isSecure, Header("Strict-Transport-Security").Length > 0);

            string Header(string name) => answer.Headers.TryGetValues(name, out IEnumerable<string>? values) ? values.Single() : "";
        }
    }
}
