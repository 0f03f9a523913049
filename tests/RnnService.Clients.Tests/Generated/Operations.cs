using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace RnnService.Clients.Tests.Generated;

/// <summary>A call that a generated client made.</summary>
internal sealed record Call(string Method, string Path, int Status);

/// <summary>The operations of the document, and whether a client called them.</summary>
internal static class Operations
{
    public static string Newer { get; } = Path.Combine(Repository.Root, "docs", "openapi.json");

    public static string Older { get; } = Path.Combine(Repository.Root, "docs", "openapi-3.0.json");

    /// <summary>What is sent sounds and streams, or answered by no shipped model.</summary>
    private static readonly string[] NotCalled = ["/transcribe", "/predict", "/stream/{name}"];

    /// <summary>Checks that every operation was called, and answered as the document says; a session that is not there is 404.</summary>
    public static void AreAllCalled(IReadOnlyCollection<Call> calls)
    {
        Assert.All(calls, call => Assert.True(call.Status == 200 || call is { Method: "DELETE", Status: >= 400 and < 500 }, call.ToString()));
        var missing = new List<string>();
        foreach ((string path, JsonNode? item) in JsonNode.Parse(File.ReadAllText(Newer))!["paths"]!.AsObject())
        {
            if (NotCalled.Contains(path)) continue;
            string pattern = $"^{Regex.Replace(path, "{[^}]+}", "[^/]+")}$";
            missing.AddRange(item!.AsObject().Select(operation => operation.Key)
                .Where(method => !calls.Any(call => call.Method.Equals(method, StringComparison.OrdinalIgnoreCase) && Regex.IsMatch(call.Path, pattern)))
                .Select(method => $"{method} {path}"));
        }

        Assert.Empty(missing);
    }

    /// <summary>Notes what a client sends and is answered.</summary>
    public sealed class Recorder() : DelegatingHandler(new SocketsHttpHandler())
    {
        public ConcurrentQueue<Call> Calls { get; } = new();

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            HttpResponseMessage answer = await base.SendAsync(request, cancellationToken);
            Calls.Enqueue(new Call(request.Method.Method, request.RequestUri!.AbsolutePath, (int)answer.StatusCode));
            return answer;
        }
    }
}
