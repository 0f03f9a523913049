using RnnService.AspNetCore.Errors;
using RnnService.Engine.Networks;

namespace RnnService.Server.Requests;

/// <summary>The row of the status table for whatever ends a request in the library below.</summary>
internal static class InferenceProblems
{
    /// <returns>The problem; null for a fault of the service.</returns>
    public static RequestProblem? Of(Exception exception) => exception switch
    {
        RequestProblem problem => problem,
        QueueFullException full => new(ProblemKind.Overloaded, full.Message) { RetryAfterSeconds = full.RetryAfterSeconds },
        QueueTimeoutException late => new(ProblemKind.WaitedTooLong, late.Message) { RetryAfterSeconds = late.RetryAfterSeconds },
        ModelNotReadyException => new(ProblemKind.NotReady, exception.Message),
        ModelNotFoundException => new(ProblemKind.ModelNotFound, exception.Message),
        ModelBrokenException broken => new(ProblemKind.ModelNotFound,
            $"the model {RequestProblem.Quoted(broken.Name)} cannot be served; /models/{broken.Name} says why; {broken.Others}"),
        ModelTaskException => RequestProblem.Of(ProblemKind.Validation, "model", exception.Message),
        NoDefaultModelException several => RequestProblem.Of(ProblemKind.Validation, "model",
            $"is required, as several models do this and none is the default; expected {several.Names}"),
        NetworkException failure => RequestProblem.Of(failure),
        _ => null,
    };
}
