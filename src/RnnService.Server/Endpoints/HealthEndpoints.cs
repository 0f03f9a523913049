using System.Reflection;
using RnnService.AspNetCore.Models;
using RnnService.AspNetCore.Scheduling;
using RnnService.Server.Keys;
using RnnService.Server.Requests;

namespace RnnService.Server.Endpoints;

/// <summary>What a probe is told.</summary>
internal sealed record HealthAnswer
{
    /// <summary>live or ready.</summary>
    public required string Status { get; init; }
}

/// <summary>Answers probes and scrapes.</summary>
internal static class HealthEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/health/live", (ComputeLoop loop) =>
            {
                ThrowIfStuck(loop);
                return Json.Answer(new HealthAnswer { Status = "live" });
            })
            .WithName("isLive")
            .WithSummary("Whether the process works")
            .WithDescription("No longer when one turn of computing takes longer than any should: then only a new start helps.")
            .WithTags("Health")
            .AllowAnonymous()
            .Produces<HealthAnswer>()
            .MayAnswer(ProblemKind.NotReady);
        routes.MapGet("/health/ready", Ready).WithName("isReady").Describe();
        // Where the servers are asked that clients of Hugging Face know.
        routes.MapGet("/health", Ready).WithName("isHealthy").Describe();
    }

    public static void MapMetrics(IEndpointRouteBuilder routes) =>
        routes.MapPrometheusScrapingEndpoint("/metrics")
            .WithName("metrics")
            .WithSummary("What the service measures")
            .WithDescription("Prometheus' text format.")
            .WithTags("Health")
            .ForOperators()
            // The exporter maps a bare delegate; these let the OpenAPI document see it and other methods be answered with 405.
            .WithMetadata(((Delegate)Metrics).GetMethodInfo(), new HttpMethodMetadata(["GET"]))
            .WithMetadata(new ProducesResponseTypeMetadata(StatusCodes.Status200OK, typeof(string), ["text/plain"]));

    private static void Describe(this RouteHandlerBuilder ready) => ready
        .WithSummary("Whether requests are answered")
        .WithDescription("Ready when at least one model is served and no default is being loaded, until the service is asked to stop.")
        .WithTags("Health")
        .AllowAnonymous()
        .Produces<HealthAnswer>()
        .MayAnswer(ProblemKind.NotReady);

    private static IResult Ready(ModelRegistry registry, ComputeLoop loop)
    {
        ThrowIfNotReady(registry, loop);
        return Json.Answer(new HealthAnswer { Status = "ready" });
    }

    /// <exception cref="RequestProblem">A turn of computing takes longer than any should.</exception>
    public static void ThrowIfStuck(ComputeLoop loop)
    {
        if (loop.IsStuck) throw new RequestProblem(ProblemKind.NotReady, ComputeLoop.StuckSentence);
    }

    /// <exception cref="RequestProblem">Requests are not answered.</exception>
    public static void ThrowIfNotReady(ModelRegistry registry, ComputeLoop loop)
    {
        ThrowIfStuck(loop);
        if (registry.NotReady is { } reason)
            throw new RequestProblem(ProblemKind.NotReady, reason == ModelSet.NothingServed ? $"{reason}; /models says why" : reason);
    }

    private static string Metrics() => "";
}
