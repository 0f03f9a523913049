using System.Text;

namespace RnnService.Server.Tests.Requests;

/// <summary>What no client library sends, byte by byte: whatever comes, it is the client's fault, and the service goes on.</summary>
public sealed class RawRequestTests(SharedService shared)
{
    private const string Close = "Host: a\r\nConnection: close\r\n";
    private const string End = " HTTP/1.1\r\n" + Close + "\r\n";
    private const string Typed = "POST /classify HTTP/1.1\r\n" + Close + "Content-Type: ";
    private const string Post = Typed + "application/json\r\n";
    private const string Chunked = Post + "Transfer-Encoding: chunked\r\n\r\n";
    private const string Empty = "Content-Length: 0\r\n\r\n";

    /// <summary>Who answers: the service, with a problem as its body; or Kestrel itself, which lets nobody write a body to these.</summary>
    private enum By
    {
        Service,
        Kestrel,
    }

    private static readonly (int Status, By Who, string Request)[] Refused =
    [
        // Chunks.
        (400, By.Service, Chunked + "ffffffffffffffff\r\na"),
        (400, By.Service, Chunked + "7fffffffffffffff\r\na"),
        (400, By.Service, Chunked + "ffffffff\r\na"),
        (400, By.Service, Chunked + "zz\r\na"),
        (400, By.Service, Chunked + "-1\r\na"),
        (400, By.Service, Chunked + "1\r\naX\r\n"),
        (400, By.Service, Chunked + "\r\n\r\n"),
        (400, By.Service, Chunked + "0\r\nbad trailer\r\n\r\n"),
        (400, By.Service, Chunked + $"0\r\nT: {new string('x', 100_000)}\r\n\r\n"),
        (400, By.Service, Chunked + "0\r\n\r\n"),
        (400, By.Service, Post + "Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
        (400, By.Service, Post + "Content-Encoding: br\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n"),
        (400, By.Service, Post + "Content-Encoding: deflate\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n"),
        (400, By.Service, Post + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
        // Lengths.
        (413, By.Service, Post + "Content-Length: 9223372036854775807\r\n\r\n{"),
        (400, By.Service, Post + "\r\n"),
        (400, By.Service, Post + Empty),
        (400, By.Service, Post + "Expect: never\r\n" + Empty),
        (405, By.Service, "POST /health/live HTTP/1.1\r\n" + Close + "Content-Length: 3000000\r\n\r\n{"),
        (400, By.Kestrel, Post + "Content-Length: a\r\n\r\n"),
        (400, By.Kestrel, Post + "Content-Length: -1\r\n\r\n"),
        (400, By.Kestrel, Post + "Content-Length: 99999999999999999999\r\n\r\n"),
        (400, By.Kestrel, Post + "Content-Length: 1\r\nContent-Length: 2\r\n\r\n{}"),
        (400, By.Kestrel, Post + "Content-Length: 1, 1\r\n\r\n{}"),
        (400, By.Kestrel, Post + "Transfer-Encoding: gzip\r\n\r\n"),
        // Headers.
        (400, By.Service, Post + "X-Request-Deadline-Ms: \u00c3\u00a4\r\n" + Empty),
        (400, By.Service, Post + $"X-Request-Deadline-Ms: {new string('9', 20_000)}\r\n" + Empty),
        (400, By.Service, Post + "X-Request-Deadline-Ms: 1\r\nX-Request-Deadline-Ms: 2\r\n" + Empty),
        (400, By.Service, Post + "X-Request-Id: \u00c3\u00a4\r\n" + Empty),
        (415, By.Service, Post + $"Content-Encoding: {new string('z', 20_000)}\r\n" + Empty),
        (400, By.Service, Post + "Content-Encoding: gzip\r\n" + Empty),
        (400, By.Service, Post + "Content-Encoding: deflate\r\nContent-Length: 1\r\n\r\nx"),
        (415, By.Service, Typed + new string('t', 20_000) + "\r\nContent-Length: 2\r\n\r\n{}"),
        (415, By.Service, Typed + "multipart/form-data; boundary=\r\nContent-Length: 2\r\n\r\n{}"),
        (415, By.Service, "POST /classify HTTP/1.1\r\n" + Close + "Content-Length: 2\r\n\r\n{}"),
        (431, By.Kestrel, Post + $"X: {new string('x', 40_000)}\r\n\r\n"),
        (431, By.Kestrel, Post + string.Concat(Enumerable.Range(0, 200).Select(i => $"X{i}: 1\r\n")) + "\r\n"),
        (400, By.Kestrel, "GET / HTTP/1.1\r\n\r\n"),
        (400, By.Kestrel, "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
        (400, By.Kestrel, "GET / HTTP/1.1\r\nHost: a b\r\n\r\n"),
        (400, By.Kestrel, "GET / HTTP/1.1\r\nHost a\r\n\r\n"),
        (400, By.Kestrel, "GET / HTTP/1.1\r\n Host: a\r\n\r\n"),
        (400, By.Kestrel, "GET / HTTP/1.1\r\nHost: a\r\nX\0Y: 1\r\n\r\n"),
        (400, By.Kestrel, "GET / HTTP/1.1\r\nHost: a\r\nX: \u00ff\u00fe\r\n\r\n"),
        // Lines and paths.
        (414, By.Kestrel, "GET /" + new string('a', 10_000) + End),
        (400, By.Kestrel, "GARBAGE\r\n\r\n"),
        (400, By.Kestrel, "\0\0\0\0\r\n\r\n"),
        (400, By.Kestrel, "\u0016\u0003\u0001\u0002\0\u0001\0\r\n\r\n"),
        (400, By.Kestrel, "GET /\r\n\r\n"),
        (505, By.Kestrel, "GET / HTTP/9.9\r\nHost: a\r\n\r\n"),
        (505, By.Kestrel, "GET / HTTP/2.0\r\nHost: a\r\n\r\n"),
        (400, By.Kestrel, "GET /%00" + End),
        (400, By.Kestrel, "CONNECT a:1" + End),
        (400, By.Kestrel, "GET http://b/health/live" + End),
        (405, By.Kestrel, "GET *" + End),
        (404, By.Service, "GET /%zz" + End),
        (404, By.Service, "GET /%" + End),
        (404, By.Service, "GET //" + End),
        (404, By.Service, "GET /../../etc/passwd" + End),
        (404, By.Service, "GET /models/%ED%A0%80" + End),
        (404, By.Service, "GET /models/%c0%af" + End),
        (404, By.Service, "GET /models/%2e%2e%2f%2e%2e" + End),
        (404, By.Service, "GET /models/%F0%9F%98%80" + End),
        (404, By.Service, "GET /models/a%0d%0ab" + End),
        (404, By.Service, "GET /models/" + new string('m', 7_000) + End),
        (404, By.Service, "GET /models/shakespeare/files/" + new string('m', 7_000) + End),
        (404, By.Service, "GET /models/shakespeare/files/..%2fx" + End),
        (422, By.Service, "GET /models/shakespeare/onnx?opset=%zz" + End),
        (422, By.Service, "GET /models/shakespeare/onnx?opset=1&opset=2" + End),
        (422, By.Service, "GET /models/shakespeare/onnx?opset=" + End),
        (422, By.Service, "GET /models/shakespeare/onnx?opset=%00" + End),
        (422, By.Service, "GET /models/shakespeare/onnx?opset=" + new string('9', 7_000) + End),
        (404, By.Service, "GET /swagger/nothing" + End),
        (404, By.Service, "GET /swagger/v2/swagger.json" + End),
        (404, By.Service, "POST /swagger/index.html" + End),
        (405, By.Service, "OPTIONS *" + End),
        (405, By.Service, "OPTIONS /classify" + End),
        (405, By.Service, "TRACE /classify" + End),
        (405, By.Service, "BREW /classify" + End),
        (405, By.Service, "GET http://a/classify" + End),
        (405, By.Service, "HEAD /classify" + End),
        (404, By.Service, "HEAD /nowhere" + End),
    ];

    [Fact]
    public async Task Whatever_comes_is_refused_in_few_bytes_and_the_log_stays_calm()
    {
        await using var service = new TestService(shared.Models);
        service.Listen();
        await service.ReadyAsync();
        service.Logs.Lines.Clear();
        foreach ((int status, By who, string request) in Refused)
        {
            string shown = Encoding.UTF8.GetString(Encoding.Latin1.GetBytes($"{request[..Math.Min(40, request.Length)]}…{request[^Math.Min(60, request.Length)..]}"));
            using RawClient client = await RawClient.ConnectAsync(service);
            await client.SendAsync(request);
            RawAnswer answer = await client.ReadAsync();
            Assert.True(answer.Status == status, $"expected {status} for {shown}: {answer.Text}");
            Assert.True(answer.Text.Length < 2_000, $"{answer.Text.Length} bytes for {shown}");
            Assert.True(who == By.Service == answer.Text.Contains("Content-Type: application/problem+json\r\n", StringComparison.Ordinal), $"{shown}: {answer.Text}");
        }

        Assert.DoesNotContain(service.Logs.Lines, line => !line.StartsWith("Information", StringComparison.Ordinal));
        using HttpClient after = service.Client();
        await after.AnswerAsync("/classify", """{"inputs": "to be"}""");
    }

    [Theory]
    [InlineData(Chunked + "f;a=b\r\n{\"inputs\": \"a\"}\r\n0\r\nT: a\r\n\r\n")]
    [InlineData(Post + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\nf\r\n{\"inputs\": \"a\"}\r\n0\r\n\r\n")]
    [InlineData("GET /models/shakespeare/onnx HTTP/1.1\r\n" + Close + "If-None-Match: \"\r\n\r\n")]
    [InlineData("GET /models/shakespeare/files/vocab.json HTTP/1.1\r\n" + Close + "Range: bytes=99999999999999999999-\r\nIf-Modified-Since: never\r\nIf-Range: x\r\n\r\n")]
    [InlineData("GET /health/live HTTP/1.1\r\n" + Close + "Accept-Encoding: \u00c3\u00a4;q=x, gzip;q=9e999\r\nAccept: */;q=\r\n\r\n")]
    [InlineData("GET /health/live HTTP/1.1\r\n" + Close + "Transfer-Encoding: chunked\r\n\r\nzz\r\n")]
    public async Task What_is_odd_but_harmless_is_answered(string request)
    {
        await using var service = new TestService(shared.Models);
        service.Listen();
        await service.ReadyAsync();
        using RawClient client = await RawClient.ConnectAsync(service);
        await client.SendAsync(request);
        Assert.Equal(200, (await client.ReadAsync()).Status);
    }
}
