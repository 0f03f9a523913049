using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Primitives;
using RnnService.AspNetCore.Scheduling;
using RnnService.Server.Options;

namespace RnnService.Server.Requests;

/// <summary>What is looked at before a request reaches its route, and told to browsers with the answer.</summary>
internal static class Guards
{
    private const string Metrics = "/metrics", Health = "/health", Swagger = "/swagger", Playground = "/playground";

    /// <summary>The page runs what it comes with and asks the service; everything else loads nothing.</summary>
    private const string PlaygroundPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    /// <summary>Lets the port for probes answer probes and metrics alone, and keeps from the others what is switched off there.</summary>
    public static IApplicationBuilder UseProbeListener(this IApplicationBuilder app, HttpOptions http, RouteSwitches routes)
    {
        if (http.ProbePort == 0) return app;
        return app.Use(next => context =>
        {
            PathString path = context.Request.Path;
            bool isProbe = context.Connection.LocalPort == http.ProbePort, isMetrics = path == Metrics;
            if (isProbe ? isMetrics || path.StartsWithSegments(Health) : routes.Metrics || !isMetrics) return next(context);
            throw new RequestProblem(ProblemKind.RouteNotFound,
                isProbe ? "no such route; this port answers /health/live, /health/ready and /metrics" : "no such route");
        });
    }

    /// <summary>Refuses requests that are addressed to other hosts than those allowed; probes are answered under every name.</summary>
    public static IApplicationBuilder UseAllowedHosts(this IApplicationBuilder app, string[] hosts)
    {
        if (hosts.Contains("*")) return app;
        StringSegment[] allowed = [.. hosts.Select(host => new StringSegment(host))];
        return app.Use(next => context =>
        {
            bool isAllowed = context.Request.Path.StartsWithSegments(Health)
                || (context.Request.Host.HasValue && HostString.MatchesAny(context.Request.Host.Value, allowed));
            return isAllowed ? next(context) : throw new RequestProblem(ProblemKind.Malformed,
                $"Host: is {RequestProblem.Quoted(context.Request.Host.Value ?? "")}; expected a host that {FrameworkSettings.AllowedHosts} names");
        });
    }

    /// <summary>
    /// Tells browsers to take answers for what they say they are, pages to load nothing from elsewhere, and pages of other origins to embed
    /// nothing of here: what is asked for by their scripts is a matter of <see cref="Cors"/>.
    /// </summary>
    /// <param name="app">The pipeline.</param>
    /// <param name="script">The one script that stands in a page itself.</param>
    public static IApplicationBuilder UseBrowserHeaders(this IApplicationBuilder app, string script)
    {
        string hash = Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(script)));
        string swagger = $"default-src 'self'; script-src 'self' 'sha256-{hash}'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
            + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
        return app.Use(next => context =>
        {
            IHeaderDictionary headers = context.Response.Headers;
            headers.XContentTypeOptions = "nosniff";
            headers["Referrer-Policy"] = "no-referrer";
            headers["Cross-Origin-Resource-Policy"] = "same-origin";
            PathString path = context.Request.Path;
            headers.ContentSecurityPolicy = path.StartsWithSegments(Swagger) ? swagger
                : path == "/" || path.StartsWithSegments(Playground) ? PlaygroundPolicy
                : "default-src 'none'; frame-ancestors 'none'";
            return next(context);
        });
    }

    /// <summary>Closes connections with their answer while the service is leaving, so that clients open the next one elsewhere.</summary>
    public static IApplicationBuilder UseLeaving(this IApplicationBuilder app, Readiness readiness) => app.Use(next => context =>
    {
        if (readiness.IsLeaving && HttpProtocol.IsHttp11(context.Request.Protocol)) context.Response.Headers.Connection = "close";
        return next(context);
    });
}
