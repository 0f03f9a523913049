using System.Text.Json;

namespace RnnService.Playground.Tests.Serving;

/// <summary>Refusals as the service words them, put in the place of an answer.</summary>
internal static class Problems
{
    /// <summary>Answers with a problem.</summary>
    public static Task RefuseAsync(this IRoute route, int status, string type, string detail, int? retryAfter = null) => route.FulfillAsync(new()
    {
        Status = status,
        ContentType = "application/problem+json",
        Headers = retryAfter is { } seconds
            ? [new("Content-Type", "application/problem+json"), new("Retry-After", $"{seconds}")]
            : [new("Content-Type", "application/problem+json")],
        Body = JsonSerializer.Serialize(new
        {
            type = "about:blank",
            title = type,
            status,
            detail,
            traceId = "4bf92f3577b34da6a3ce929d0e0e4736",
            error = detail,
            error_type = type,
        }),
    });
}
