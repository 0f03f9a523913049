using RnnService.Server.Options;
using RnnService.Server.Requests;

namespace RnnService.Server.Endpoints.Streams;

/// <summary>
/// Which pages may open a WebSocket. Browsers let every page do so, and only say whose it is: what CORS forbids for requests the service has to forbid
/// here itself.
/// </summary>
internal static class SocketOrigin
{
    /// <exception cref="RequestProblem">A page of another origin asks that the operator did not let in.</exception>
    public static void ThrowIfForeign(HttpContext context, HttpOptions http)
    {
        string origin = context.Request.Headers.Origin.ToString();
        if (origin.Length == 0) return; // no browser
        bool isOwn = Uri.TryCreate(origin, UriKind.Absolute, out Uri? page) && string.Equals(page.Authority, context.Request.Host.Value, StringComparison.OrdinalIgnoreCase);
        if (isOwn || http.CorsOrigins.Split(',', StringSplitOptions.TrimEntries).Any(one => one == "*" || string.Equals(one.TrimEnd('/'), origin, StringComparison.OrdinalIgnoreCase))) return;
        throw new RequestProblem(ProblemKind.Forbidden, "the page that asks is of another origin; expected this service's own, or one of Http:CorsOrigins");
    }
}
