using RnnService.Server.Requests;

namespace RnnService.Server.Endpoints;

/// <summary>A request body that works as it stands: the document shows it and a test sends it. A route that has several names each.</summary>
internal sealed record RequestExample(string Json, string Name = "");

/// <summary>What the shipped models answer to the <see cref="RequestExample"/> of this name: the document shows it and a test compares.</summary>
internal sealed record AnswerExample(string Text, bool IsJson = true, string Name = "");

/// <summary>A value for a part of the path that works as it stands.</summary>
internal sealed record PathExample(string Name, string Value, string Description);

/// <summary>The body grows while it is answered: what a line of it is, and the types that it may have.</summary>
internal sealed record GrowingBody(Type Line, IReadOnlyList<string> Types);

/// <summary>What a query parameter means, a whole number.</summary>
internal sealed record QueryExample(string Name, string Description, int Least, int Most);

/// <summary>What a query parameter means, one of a few words.</summary>
internal sealed record QueryChoice(string Name, string Description, params string[] Words);

/// <summary>A row of the status table that a route may answer.</summary>
internal sealed record MayAnswer(ProblemKind Kind);

/// <summary>The route answers with server-sent events, or may: what the data of each is.</summary>
internal sealed record StreamsEvents(Type Event);

/// <summary>The route answers texts: with a list of what <paramref name="One"/> describes, in which a text can have failed.</summary>
/// <param name="One">The answer to one text.</param>
/// <param name="OrOne">Whether a text that was sent alone is answered without the list.</param>
/// <param name="Other">Another answer to one of them: where a request asks for more, or holds numbers.</param>
internal sealed record AnswersTexts(Type One, bool OrOne, Type? Other = null);

/// <summary>The route does what its model does: what else it takes and answers beside what it is described with.</summary>
internal sealed record AnyTask(IReadOnlyList<Type> Requests, IReadOnlyList<Type> Answers);

/// <summary>What routes have in common.</summary>
internal static class EndpointMetadata
{
    public static RouteHandlerBuilder MayAnswer(this RouteHandlerBuilder route, params IEnumerable<ProblemKind> kinds)
    {
        foreach (ProblemKind kind in kinds) route.WithMetadata(new MayAnswer(kind));
        return route;
    }

    /// <summary>Maps a route that computes: its requests go the <see cref="InferencePath"/>.</summary>
    /// <param name="routes">The routes.</param>
    /// <param name="pattern">The route.</param>
    /// <param name="answer">What it does with a request.</param>
    /// <param name="endsWithRequest">See <see cref="InferencePath.AnswerAsync"/>.</param>
    public static RouteHandlerBuilder MapInference(
        this IEndpointRouteBuilder routes, string pattern, Func<InferenceCall, Task<IResult>> answer, bool endsWithRequest = false)
    {
        // Found once: a request that asks for services makes a scope of its own.
        InferencePath path = routes.ServiceProvider.GetRequiredService<InferencePath>();
        Delegate handler = (HttpContext context) => path.AnswerAsync(context, answer, endsWithRequest);
        return routes.MapPost(pattern, handler).MayAnswer(ProblemKind.OfInference);
    }
}
