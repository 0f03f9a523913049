using RnnService.Engine.Text;
using RnnService.Server.Requests;

namespace RnnService.Server.Keys;

/// <summary>A route that runs the service rather than uses it: only keys of operators may call it.</summary>
internal sealed record OperatorRoute;

/// <summary>What a request may do by its key; in an open service everything.</summary>
internal static class KeyAccess
{
    /// <summary>The part of a route's path that is a model's name.</summary>
    private const string ModelName = "name";

    /// <summary>Marks a route as one for operators.</summary>
    public static TBuilder ForOperators<TBuilder>(this TBuilder route)
        where TBuilder : IEndpointConventionBuilder => route.WithMetadata(new OperatorRoute());

    /// <summary>Whether a request may know of the model.</summary>
    public static bool Allows(HttpContext context, string model) => ServiceKey.Of(context)?.Allows(model) ?? true;

    /// <summary>Ends a request for a model that its key does not allow, whether there is such a model or not.</summary>
    /// <param name="context">The request.</param>
    /// <param name="model">The model.</param>
    /// <param name="isDefault">Whether the request names none: then it is not told what the default is.</param>
    /// <exception cref="RequestProblem">The key does not allow it.</exception>
    public static void ThrowIfForbidden(HttpContext context, string model, bool isDefault = false)
    {
        if (ServiceKey.Of(context) is not { } key || key.Allows(model)) return;
        throw RequestProblem.Of(ProblemKind.Forbidden, "model", isDefault
            ? $"is required, as this key does not allow the default; expected {Listing.Of([.. key.Models!])}" : Sentence(key, model));
    }

    /// <summary>Why the key of a request may not call its route; null when it may.</summary>
    public static string? Refusal(HttpContext context)
    {
        ServiceKey key = ServiceKey.Of(context)!;
        if (key.Role != KeyRole.Operator && context.GetEndpoint()?.Metadata.GetMetadata<OperatorRoute>() is not null)
            return $"the role of this key is {SnakeCase.Of(key.Role)}; expected {SnakeCase.Of(KeyRole.Operator)} for this route";
        return context.Request.RouteValues[ModelName] is string model && !key.Allows(model) ? $"model: {Sentence(key, model)}" : null;
    }

    private static string Sentence(ServiceKey key, string model) =>
        $"is {RequestProblem.Quoted(model)}, which this key does not allow; expected {Listing.Of([.. key.Models!])}";
}
