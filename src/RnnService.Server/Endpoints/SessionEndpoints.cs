using RnnService.Server.Requests;
using RnnService.Server.Sessions;

namespace RnnService.Server.Endpoints;

/// <summary>Forgets sessions that the service keeps.</summary>
internal static class SessionEndpoints
{
    private const string Example = "story-1", Answer = $$"""{"id": "{{Example}}", "deleted": true}""";

    public static void Map(IEndpointRouteBuilder routes)
    {
        var sessions = routes.ServiceProvider.GetRequiredService<GenerationSessions>();
        routes.MapDelete("/sessions/{id}", async (HttpContext context, string id) =>
        {
            if (!SessionName.IsId(id)) throw new RequestProblem(ProblemKind.Validation, $"the session is {RequestProblem.Quoted(id)}; expected {SessionName.ExpectedId}");
            await sessions.DeleteAsync(new SessionName(RequestFacts.Of(context).Owner, id));
            return Json.Answer(new DeletedSession { Id = id });
        })
            .WithName("deleteSession")
            .WithSummary("Forget a session")
            .WithDescription("After this the service keeps no session of this id, whether it did before or not. States that clients hold stay good until they expire.")
            .WithTags("Text")
            .WithMetadata(new PathExample("id", Example, "The id under which requests name the session."), new AnswerExample(Answer))
            .Produces<DeletedSession>()
            .MayAnswer(ProblemKind.Validation, ProblemKind.SessionsUnavailable);
    }
}

/// <summary>A session that is kept no longer.</summary>
internal sealed record DeletedSession
{
    /// <summary>Its id.</summary>
    public required string Id { get; init; }

    /// <summary>True.</summary>
    public bool Deleted { get; init; } = true;
}
