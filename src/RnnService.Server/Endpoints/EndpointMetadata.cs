using RnnService.Server.Batching;
using RnnService.Server.Hosting;
using RnnService.Server.Pipeline;

namespace RnnService.Server.Endpoints;

/// <summary>A request body that works as it stands: the document shows it and a test sends it.</summary>
internal sealed record RequestExample(string Json);

/// <summary>A value for a part of the path that works as it stands.</summary>
internal sealed record PathExample(string Name, string Value, string Description);

/// <summary>What a query parameter means.</summary>
internal sealed record QueryExample(string Name, string Description);

/// <summary>A row of the status table that a route may answer.</summary>
internal sealed record MayAnswer(ProblemKind Kind);

/// <summary>The route may answer with events too.</summary>
internal sealed record AlsoStreams;

/// <summary>The route may answer with another form of JSON too.</summary>
internal sealed record AlsoLists(Type Type);

/// <summary>What routes have in common.</summary>
internal static class EndpointMetadata
{
    public static RouteHandlerBuilder MayAnswer(this RouteHandlerBuilder route, params IEnumerable<ProblemKind> kinds)
    {
        foreach (ProblemKind kind in kinds) route.WithMetadata(new MayAnswer(kind));
        return route;
    }

    /// <summary>A route that computes: only when the service is ready, and no longer than the request allows.</summary>
    public static RouteHandlerBuilder AsInference(this RouteHandlerBuilder route) =>
        route.MayAnswer(ProblemKind.OfInference).AddEndpointFilter(async (invocation, next) =>
        {
            HttpContext context = invocation.HttpContext;
            context.RequestServices.GetRequiredService<Readiness>().Demand();
            using Deadline deadline = Deadline.Of(context, context.RequestServices.GetRequiredService<TimeProvider>());
            context.Features.Set(deadline);
            ComputeLoop loop = context.RequestServices.GetRequiredService<ComputeLoop>();
            loop.Enter();
            try
            {
                return await next(invocation);
            }
            catch (OperationCanceledException) when (deadline.Passed)
            {
                throw Deadline.Problem();
            }
            finally
            {
                loop.Leave();
            }
        });
}
