using System.Text.Json.Serialization;

namespace RnnService.Server.Requests;

/// <summary>
/// How a problem is written. The clients of each dialect look for the sentence where their own service puts it, and show nothing but the
/// status when it is not there: so the path decides.
/// </summary>
internal sealed class ProblemForm
{
    /// <summary>RFC 9457.</summary>
    public static readonly ProblemForm Details = new("application/problem+json", typeof(Problem), Problem.From,
        (problem, session) => new StreamError { Error = problem.Message, ErrorType = problem.Kind.ErrorType, Session = session });

    /// <summary>OpenAI's.</summary>
    public static readonly ProblemForm OpenAi = new(JsonType, typeof(OpenAiProblem), (problem, _) => OpenAiProblem.From(problem),
        (problem, session) => OpenAiProblem.From(problem) with { Session = session });

    /// <summary>The Open Inference Protocol's.</summary>
    public static readonly ProblemForm OpenInference = new(JsonType, typeof(SentenceProblem), (problem, _) => SentenceProblem.From(problem),
        (problem, _) => SentenceProblem.From(problem));

    private const string JsonType = "application/json";

    private readonly Func<RequestProblem, string, object> _body;
    private readonly Func<RequestProblem, SessionAnswer?, object> _event;

    private ProblemForm(string contentType, Type type, Func<RequestProblem, string, object> body, Func<RequestProblem, SessionAnswer?, object> inStream) =>
        (ContentType, Type, _body, _event) = (contentType, type, body, inStream);

    public string ContentType { get; }

    /// <summary>What the body is, for the OpenAPI document.</summary>
    public Type Type { get; }

    /// <summary>The form in which a path's problems are written.</summary>
    public static ProblemForm Of(PathString path)
    {
        if (path.StartsWithSegments("/v1")) return OpenAi;
        if (path.StartsWithSegments("/v2")) return OpenInference;
        return path.StartsWithSegments("/models", out PathString rest) && rest.Value is ['/', .. var below]
            && below.IndexOf('/') is > 0 and var end && new PathString(below[end..]).StartsWithSegments("/v1") ? OpenAi : Details;
    }

    /// <summary>The body of an answer.</summary>
    public object Body(RequestProblem problem, string traceId) => _body(problem, traceId);

    /// <summary>The last event of a stream that fails after it began.</summary>
    /// <param name="problem">Why.</param>
    /// <param name="session">From where a later request goes on, where the stream is one that can be gone on with.</param>
    public object Event(RequestProblem problem, SessionAnswer? session = null) => _event(problem, session);
}

/// <summary>The last event of a stream that fails after it began.</summary>
internal sealed record StreamError
{
    /// <summary>What went wrong.</summary>
    public required string Error { get; init; }

    /// <summary>The kind of problem in one word.</summary>
    public required string ErrorType { get; init; }

    /// <summary>From where a later request goes on, where the request has a session and the service stops.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public SessionAnswer? Session { get; init; }
}

/// <summary>A problem as OpenAI's service writes it.</summary>
internal sealed record OpenAiProblem
{
    /// <summary>By which clients know that their key is at fault.</summary>
    private const string InvalidKey = "invalid_api_key";

    /// <summary>What is wrong.</summary>
    public required OpenAiError Error { get; init; }

    /// <summary>In the last event of a stream: from where a later request goes on, where the request has a session and the service stops.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public SessionAnswer? Session { get; init; }

    public static OpenAiProblem From(RequestProblem problem) => new()
    {
        Error = new OpenAiError
        {
            Message = problem.Message,
            Type = problem.Kind.Status switch
            {
                StatusCodes.Status401Unauthorized => "authentication_error",
                StatusCodes.Status403Forbidden => "permission_error",
                StatusCodes.Status429TooManyRequests => "rate_limit_error",
                >= StatusCodes.Status500InternalServerError => "server_error",
                _ => "invalid_request_error",
            },
            Param = problem.Errors?.Keys.FirstOrDefault(field => field.Length > 0) ?? (problem.Kind == ProblemKind.ModelNotFound ? "model" : null),
            Code = problem.Kind == ProblemKind.Unauthorized ? InvalidKey : problem.Kind.ErrorType,
        },
    };
}

/// <summary>What is wrong, as OpenAI's service says it.</summary>
internal sealed record OpenAiError
{
    /// <summary>What is wrong with this request.</summary>
    public required string Message { get; init; }

    /// <summary>Who has to do something about it: invalid_request_error, authentication_error, permission_error, rate_limit_error or server_error.</summary>
    public required string Type { get; init; }

    /// <summary>The field at fault, where there is one.</summary>
    public required string? Param { get; init; }

    /// <summary>The kind of problem in one word.</summary>
    public required string Code { get; init; }
}

/// <summary>A problem in a sentence, as the Open Inference Protocol has it.</summary>
internal sealed record SentenceProblem
{
    /// <summary>What is wrong with this request.</summary>
    public required string Error { get; init; }

    public static SentenceProblem From(RequestProblem problem) => new() { Error = problem.Message };
}
