using RnnService.AspNetCore.Errors;
using RnnService.Engine.Networks;
using RnnService.Engine.Text;

namespace RnnService.Server.Requests;

/// <summary>The row of the status table for whatever ends a request in the library below.</summary>
internal static class InferenceProblems
{
    /// <param name="exception">What ended it.</param>
    /// <param name="models">The only models that the answer may name; null for all.</param>
    /// <returns>The problem; null for a fault of the service.</returns>
    public static RequestProblem? Of(Exception exception, IReadOnlyList<string>? models) => exception switch
    {
        RequestProblem problem => problem,
        QueueFullException full => new(ProblemKind.Overloaded, full.Message) { RetryAfterSeconds = full.RetryAfterSeconds },
        QueueTimeoutException late => new(ProblemKind.WaitedTooLong, late.Message) { RetryAfterSeconds = late.RetryAfterSeconds },
        ModelNotReadyException => new(ProblemKind.NotReady, exception.Message),
        ModelNotFoundException => new(ProblemKind.ModelNotFound, models is null ? exception.Message : $"no model that this key allows is served for this; {Allowed(models)}"),
        ModelBrokenException broken => new(ProblemKind.ModelNotFound,
            $"the model {RequestProblem.Quoted(broken.Name)} cannot be served; /models/{broken.Name} says why; {(models is null ? broken.Others : Allowed(models))}"),
        ModelTaskException => RequestProblem.Of(ProblemKind.Validation, "model", models is null ? exception.Message : $"does something else; {Allowed(models)}"),
        NoDefaultModelException several => RequestProblem.Of(ProblemKind.Validation, "model",
            models is null ? $"is required, as several models do this and none is the default; expected {several.Names}" : $"is required; {Allowed(models)}"),
        NetworkException failure => RequestProblem.Of(failure),
        _ => null,
    };

    private static string Allowed(IReadOnlyList<string> models) => $"this key allows {Listing.Of([.. models])}";
}
