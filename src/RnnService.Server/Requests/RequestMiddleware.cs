using System.Net.WebSockets;
using Microsoft.AspNetCore.Connections.Features;
using RnnService.AspNetCore.Diagnostics;
using RnnService.Server.Options;

namespace RnnService.Server.Requests;

/// <summary>
/// Goes round every request: gives it an id, turns whatever ends it early into a row of the status table, and writes one log line and
/// the metrics. No text of a request reaches the log: exceptions are logged by type and place, because their messages may quote it.
/// </summary>
internal sealed partial class RequestMiddleware(
    RequestDelegate next, RequestMetrics metrics, FaultLog faults, TimeProvider time, ILogger<RequestMiddleware> logger)
{
    public const string RequestIdHeader = "X-Request-Id";
    private const int ClientClosedRequest = 499;

    public async Task InvokeAsync(HttpContext context)
    {
        long started = time.GetTimestamp();
        RequestFacts facts = RequestFacts.Of(context);
        string? requestId = RequestId(context);
        context.Response.Headers[RequestIdHeader] = requestId ?? facts.TraceId;
        try
        {
            await next(context);
            if (Unanswered(context) is { } problem) await AnswerAsync(context, problem);
        }
        catch (Exception exception) when (BodyFaults.IsLeaving(exception, context))
        {
            facts.Failure = "cancelled";
            if (!context.Response.HasStarted) context.Response.StatusCode = ClientClosedRequest;
            // Otherwise the server looks for the rest of the body and for another request, and logs that there is none. A connection of HTTP/2
            // has other requests.
            if (!HttpProtocol.IsHttp2(context.Request.Protocol)) context.Features.Get<IConnectionLifetimeNotificationFeature>()?.RequestClose();
            context.Abort();
        }
        catch (IOException exception) when (facts.IsBodyUnread || exception is BadHttpRequestException)
        {
            await AnswerAsync(context, BodyFaults.Problem(exception));
        }
        catch (WebSocketException)
        {
            await AnswerAsync(context, BodyFaults.SocketProblem());
        }
        catch (Exception exception) when (InferenceProblems.Of(exception, facts.Models) is { } problem)
        {
            await AnswerAsync(context, problem);
        }
        catch (Exception exception)
        {
            faults.Write(exception, facts.TraceId);
            await AnswerAsync(context, RequestProblem.OfFault());
        }

        string route = (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? "";
        TimeSpan took = time.GetElapsedTime(started);
        metrics.Request(route, facts.Model, context.Response.StatusCode, facts.Failure, took);
        LogRequest(logger, MethodOf(context), route.Length > 0 ? route : PathOf(context), facts.Model,
            context.Response.StatusCode, facts.Failure ?? "", took.TotalMilliseconds, facts.TraceId, requestId ?? "");
    }

    /// <summary>
    /// Writes a problem as the answer, unless an answer has begun; then the connection is cut so that nobody takes a part for the whole.
    /// </summary>
    private static async Task AnswerAsync(HttpContext context, RequestProblem problem)
    {
        RequestFacts.Of(context).Failure = problem.Kind.ErrorType;
        if (context.Response.HasStarted)
        {
            context.Abort();
            return;
        }

        context.Response.StatusCode = problem.Kind.Status;
        if ((problem.RetryAfterSeconds ?? problem.Kind.RetryAfterSeconds) is { } seconds) context.Response.Headers.RetryAfter = seconds.ToString();
        if (problem.AcceptEncoding is { } encodings) context.Response.Headers.AcceptEncoding = encodings;
        // What is left of a body is not waited for but cut off with its connection: a client must not send its next request there.
        if (RequestFacts.Of(context).IsBodyUnread || problem.Kind == ProblemKind.TooLarge) context.Response.Headers.Connection = "close";
        ProblemForm form = ProblemForm.Of(context.Request.Path);
        await Json.WriteAsync(context, form.Body(problem, RequestFacts.Of(context).TraceId), form.ContentType);
    }

    /// <summary>What routing alone refused: it sets a status and leaves the body empty.</summary>
    private static RequestProblem? Unanswered(HttpContext context)
    {
        if (context.Response.HasStarted || context.Response.ContentLength > 0 || context.Response.ContentType is not null) return null;
        return context.Response.StatusCode switch
        {
            StatusCodes.Status400BadRequest => new RequestProblem(ProblemKind.Malformed, "the request cannot be read"),
            StatusCodes.Status404NotFound => new RequestProblem(ProblemKind.RouteNotFound,
                context.RequestServices.GetRequiredService<RouteSwitches>().Swagger ? "no such route; /swagger shows those there are" : "no such route"),
            StatusCodes.Status405MethodNotAllowed => new RequestProblem(ProblemKind.MethodNotAllowed, $"this route answers {Allowed(context)}"),
            StatusCodes.Status415UnsupportedMediaType => RequestReader.WrongMediaType(context.Request),
            _ => null,
        };
    }

    /// <summary>The methods of a route, as routing knows them and <see cref="HeadRequests"/> adds to them.</summary>
    private static string Allowed(HttpContext context)
    {
        string allowed = context.Response.Headers.Allow.ToString();
        if (allowed.StartsWith(HttpMethods.Get, StringComparison.Ordinal))
            context.Response.Headers.Allow = allowed = $"{HttpMethods.Get}, {HttpMethods.Head}{allowed[HttpMethods.Get.Length..]}";
        return allowed;
    }

    private static string MethodOf(HttpContext context) => context.Request.Method is "GET" or "HEAD" or "POST" or "OPTIONS" or "CONNECT"
        ? context.Request.Method : "other";

    /// <summary>
    /// The path of a request that no route takes, so that the log shows what was looked for. Only what looks like a path: from the first
    /// other letter on it could be somebody's text.
    /// </summary>
    private static string PathOf(HttpContext context)
    {
        const int most = 80;
        string path = context.Request.Path.Value ?? "";
        if (path.Contains(RequestFacts.KeyPrefix, StringComparison.OrdinalIgnoreCase)) return "…"; // an address that somebody put a key into
        int end = 0;
        while (end < Math.Min(path.Length, most) && (char.IsAsciiLetterOrDigit(path[end]) || path[end] is '/' or '.' or '-' or '_')) end++;
        return end == path.Length ? path : path[..end] + "…";
    }

    /// <summary>The id that the client gave its request, where it can stand in a header and in the log.</summary>
    private static string? RequestId(HttpContext context)
    {
        string given = context.Request.Headers[RequestIdHeader].ToString();
        bool usable = given.Length is > 0 and <= 128
            && given.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' or '.');
        return usable ? given : null;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Method} {Route} {Model} {Status} {Failure} {Milliseconds:0.0} ms {TraceId} {RequestId}")]
    private static partial void LogRequest(
        ILogger logger, string method, string route, string model, int status, string failure, double milliseconds, string traceId,
        string requestId);
}
