using System.IO.Compression;
using System.Net;
using System.Text.Json;
using RnnService.Server.Options;
using RnnService.Server.Requests;

namespace RnnService.Server.Tests.Requests;

/// <summary>HEAD, other origins, and answers that are compressed.</summary>
public sealed class AnswerHeaderTests(SharedService shared)
{
    private const string Origin = "http://localhost:5173";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string> Pages =>
    [
        "/", "/health/live", "/health/ready", "/models", "/models/pos", "/models/pos/onnx", "/models/pos/files/vocab.json", "/metrics",
        "/swagger/index.html", "/swagger/v1/swagger.json",
    ];

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task HEAD_is_answered_as_GET_without_a_body(string page)
    {
        using HttpResponseMessage get = await shared.Client.GetAsync(page, Cancel);
        using HttpResponseMessage head = await shared.Client.SendAsync(new HttpRequestMessage(HttpMethod.Head, page), Cancel);
        Assert.Equal(HttpStatusCode.OK, head.StatusCode);
        Assert.Empty(await head.Content.ReadAsByteArrayAsync(Cancel));
        Assert.Equal(get.Content.Headers.ContentType, head.Content.Headers.ContentType);
        Assert.Equal(get.Headers.ETag, head.Headers.ETag);
        // An ONNX file is not written for its head; what the others would send is known.
        if (page.StartsWith("/models", StringComparison.Ordinal) && !page.EndsWith("/onnx", StringComparison.Ordinal))
            Assert.Equal(get.Content.Headers.ContentLength, head.Content.Headers.ContentLength);
    }

    [Theory]
    [InlineData("/nowhere", 404)]
    [InlineData("/models/nobody", 404)]
    [InlineData("/generate", 405)]
    public async Task HEAD_is_refused_where_GET_is(string page, int status)
    {
        using HttpResponseMessage head = await shared.Client.SendAsync(new HttpRequestMessage(HttpMethod.Head, page), Cancel);
        Assert.Equal(status, (int)head.StatusCode);
        Assert.Empty(await head.Content.ReadAsByteArrayAsync(Cancel));
    }

    [Fact]
    public async Task Over_a_real_connection_HEAD_leaves_nothing_behind()
    {
        await using var service = new TestService(shared.Models);
        service.Listen();
        await service.ReadyAsync();
        using HttpClient client = service.Client();
        foreach (string page in Pages.Select(row => row.Data))
        {
            using HttpResponseMessage head = await client.SendAsync(new HttpRequestMessage(HttpMethod.Head, page), Cancel);
            Assert.Equal(HttpStatusCode.OK, head.StatusCode);
            await client.AnswerAsync("/classify", """{"inputs": "a"}"""); // on the same connection
        }
    }

    [Fact]
    public async Task Other_origins_are_let_in_where_they_are_named_and_nowhere_else()
    {
        await using TestService service =
            await TestService.StartAsync(shared.Models, ("Rnn:Http:CorsOrigins", $"https://example.org, {Origin}/"));
        using HttpClient open = service.Client();
        using HttpResponseMessage preflight = await open.SendAsync(Preflight(Origin), Cancel);
        Assert.Equal(HttpStatusCode.NoContent, preflight.StatusCode);
        Assert.Equal(Origin, Header(preflight, "Access-Control-Allow-Origin"));
        Assert.Contains("POST", Header(preflight, "Access-Control-Allow-Methods"), StringComparison.Ordinal);
        Assert.Equal("authorization,content-type", Header(preflight, "Access-Control-Allow-Headers"));
        using HttpResponseMessage stranger = await open.SendAsync(Preflight("http://evil.example"), Cancel);
        Assert.Null(Header(stranger, "Access-Control-Allow-Origin"));

        // Answers, streams and problems alike.
        foreach ((string route, string body, int status) in new[]
        {
            ("/generate", """{"inputs": "a", "parameters": {"max_new_tokens": 2}}""", 200),
            ("/generate_stream", """{"inputs": "a", "parameters": {"max_new_tokens": 2}}""", 200),
            ("/classify", "{", 400), ("/nowhere", "{}", 404),
        })
        {
            using HttpRequestMessage request = Http.Post(route, body);
            request.Headers.Add("Origin", Origin);
            using HttpResponseMessage answer = await open.SendAsync(request, Cancel);
            Assert.Equal(status, (int)answer.StatusCode);
            Assert.Equal(Origin, Header(answer, "Access-Control-Allow-Origin"));
            Assert.Equal("X-Request-Id,X-Rnn-Warning,Retry-After", Header(answer, "Access-Control-Expose-Headers"));
        }

        using HttpResponseMessage closed = await shared.Client.SendAsync(Preflight(Origin), Cancel);
        await closed.IsProblemAsync(405, "method_not_allowed");
        Assert.Null(Header(closed, "Access-Control-Allow-Origin"));
    }

    [Theory]
    [InlineData("http://localhost:5173/app", 1)]
    [InlineData("localhost:5173, example.org", 2)]
    [InlineData("*", 0)]
    [InlineData("", 0)]
    [InlineData("https://example.org,http://localhost:1", 0)]
    public void An_origin_is_a_scheme_and_a_host(string option, int wrong)
    {
        OptionsException? found = Record.Exception(() => Cors.Of(option)) as OptionsException;
        Assert.Equal(wrong, found?.Faults.Count ?? 0);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    public async Task A_large_answer_is_compressed_where_that_is_asked_for(string encoding)
    {
        string large = JsonSerializer.Serialize(new { inputs = Enumerable.Repeat("a lovely film", 60) });
        byte[] plain = await (await shared.Client.PostJsonAsync("/classify", large)).Content.ReadAsByteArrayAsync(Cancel);
        using HttpResponseMessage answer = await AskAsync("/classify", large);
        Assert.Equal(encoding, answer.Content.Headers.ContentEncoding.Single());
        byte[] small = await answer.Content.ReadAsByteArrayAsync(Cancel);
        Assert.True(small.Length < plain.Length / 2);
        using Stream decoded = encoding == "gzip"
            ? new GZipStream(new MemoryStream(small), CompressionMode.Decompress)
            : new BrotliStream(new MemoryStream(small), CompressionMode.Decompress);
        using var whole = new MemoryStream();
        await decoded.CopyToAsync(whole, Cancel);
        Assert.Equal(plain, whole.ToArray());

        // Small answers and streams are not.
        using HttpResponseMessage little = await AskAsync("/classify", """{"inputs": "a"}""");
        using HttpResponseMessage stream = await AskAsync("/generate_stream", """{"inputs": "a", "parameters": {"max_new_tokens": 100}}""");
        Assert.Empty(little.Content.Headers.ContentEncoding);
        Assert.Empty(stream.Content.Headers.ContentEncoding);

        Task<HttpResponseMessage> AskAsync(string route, string body)
        {
            HttpRequestMessage request = Http.Post(route, body);
            request.Headers.Add("Accept-Encoding", encoding);
            return shared.Client.SendAsync(request, Cancel);
        }
    }

    private static HttpRequestMessage Preflight(string origin)
    {
        var request = new HttpRequestMessage(HttpMethod.Options, "/generate");
        request.Headers.Add("Origin", origin);
        request.Headers.Add("Access-Control-Request-Method", "POST");
        request.Headers.Add("Access-Control-Request-Headers", "authorization,content-type");
        return request;
    }

    private static string? Header(HttpResponseMessage answer, string name) =>
        answer.Headers.TryGetValues(name, out IEnumerable<string>? values) ? string.Join(',', values) : null;
}
