using RnnService.Server.Batching;
using RnnService.Server.Hosting;
using RnnService.Server.Pipeline;

namespace RnnService.Server.Endpoints;

/// <summary>A request body that works as it stands: the document shows it and a test sends it.</summary>
internal sealed record RequestExample(string Json);

/// <summary>What the shipped models answer to the <see cref="RequestExample"/>: the document shows it and a test compares.</summary>
internal sealed record AnswerExample(string Text, bool IsJson = true);

/// <summary>A value for a part of the path that works as it stands.</summary>
internal sealed record PathExample(string Name, string Value, string Description);

/// <summary>What a query parameter means.</summary>
internal sealed record QueryExample(string Name, string Description);

/// <summary>A row of the status table that a route may answer.</summary>
internal sealed record MayAnswer(ProblemKind Kind);

/// <summary>The route may answer with events too.</summary>
internal sealed record AlsoStreams;

/// <summary>The route answers texts: with a list of what <paramref name="One"/> describes, in which a text can have failed.</summary>
/// <param name="One">The answer to one text.</param>
/// <param name="OrOne">Whether a text that was sent alone is answered without the list.</param>
internal sealed record AnswersTexts(Type One, bool OrOne);

/// <summary>What routes have in common.</summary>
internal static class EndpointMetadata
{
    public static RouteHandlerBuilder MayAnswer(this RouteHandlerBuilder route, params IEnumerable<ProblemKind> kinds)
    {
        foreach (ProblemKind kind in kinds) route.WithMetadata(new MayAnswer(kind));
        return route;
    }

    /// <summary>A route that computes: only until the service stops, and no longer than the request allows.</summary>
    public static RouteHandlerBuilder AsInference(this RouteHandlerBuilder route) =>
        route.MayAnswer(ProblemKind.OfInference).AddEndpointFilter(async (invocation, next) =>
        {
            HttpContext context = invocation.HttpContext;
            using Deadline deadline = Deadline.Of(context, context.RequestServices.GetRequiredService<TimeProvider>());
            context.Features.Set(deadline);
            try
            {
                context.RequestServices.GetRequiredService<Readiness>().ThrowIfStopping();
                Company company = context.RequestServices.GetRequiredService<ComputeLoop>().Company;
                string client = Client.Of(context);
                company.Enter(client);
                try
                {
                    return await next(invocation);
                }
                finally
                {
                    company.Leave(client);
                }
            }
            catch (OperationCanceledException) when (deadline.Passed)
            {
                throw Deadline.Problem();
            }
        });
}
