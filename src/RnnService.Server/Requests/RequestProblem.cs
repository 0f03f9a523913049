using System.Text.Json.Serialization;
using RnnService.Engine.Networks;
using RnnService.Engine.Text;

namespace RnnService.Server.Requests;

/// <summary>Ends a request with a row of the status table.</summary>
/// <param name="kind">The row.</param>
/// <param name="detail">A sentence for the caller: where, what was found, what was expected. It may quote the caller and is never logged.</param>
/// <param name="errors">Messages by field.</param>
internal sealed class RequestProblem(ProblemKind kind, string detail, IReadOnlyDictionary<string, string[]>? errors = null)
    : Exception(Listing.Cut(detail, MostDetail))
{
    /// <summary>Characters of the longest sentence: a runtime's message or the names of models may be long.</summary>
    private const int MostDetail = 1_000;

    /// <summary>Characters of a runtime's message, of which a list of texts may hold many.</summary>
    private const int MostReason = 400;

    public ProblemKind Kind { get; } = kind;

    public IReadOnlyDictionary<string, string[]>? Errors { get; } = errors;

    /// <summary>Value of Retry-After where more is known than the row of the table says; null for what it says.</summary>
    public int? RetryAfterSeconds { get; init; }

    /// <summary>Value of Accept-Encoding where the body's encoding is the problem; null where it is not.</summary>
    public string? AcceptEncoding { get; init; }

    /// <summary>A problem with one field.</summary>
    public static RequestProblem Of(ProblemKind kind, string field, string message) =>
        new(kind, $"{field}: {message}", new Dictionary<string, string[]> { [field] = [Listing.Cut(message, MostDetail)] });

    /// <summary>A fault of the service, whose log has more.</summary>
    public static RequestProblem OfFault() => new(ProblemKind.Internal, "the service failed; its log has more under this traceId");

    /// <summary>What a text is answered with that a model cannot compute, though it computes others.</summary>
    /// <param name="failure">Why not.</param>
    /// <param name="field">Where the text stands in the request.</param>
    public static RequestProblem Of(NetworkException failure, string field = "inputs") =>
        Of(ProblemKind.Validation, field, $"the model cannot compute this ({Listing.Cut(failure.Message, MostReason)}); expected another text or another length");

    /// <summary>A caller's word as it may stand in a sentence: quoted, and cut when it is long.</summary>
    public static string Quoted(string word) => $"\"{Listing.Cut(word, 100)}\"";

    /// <summary>Problems of several fields, the first of which is the sentence.</summary>
    public static RequestProblem Of(ProblemKind kind, FaultList found) =>
        new(kind, found.Faults[0].Sentence + (found.IsFull ? $" (and {found.Faults.Count - 1} faults more, perhaps others after them)" : ""),
            found.Faults.GroupBy(fault => fault.Field)
                .ToDictionary(group => group.Key, group => group.Select(fault => fault.Message).ToArray()));
}

/// <summary>What is wrong with one field.</summary>
/// <param name="Field">Its path, such as <c>parameters.stop[2]</c>; empty for the body itself.</param>
/// <param name="Message">What was found and what was expected.</param>
internal readonly record struct FieldFault(string Field, string Message)
{
    public string Sentence => Field.Length == 0 ? Message : $"{Field}: {Message}";
}

/// <summary>The body of every answer that is not a success: RFC 9457, with the two fields that existing clients look at.</summary>
internal sealed record Problem
{
    /// <summary>Names the kind of problem.</summary>
    public required string Type { get; init; }

    /// <summary>The kind of problem in words.</summary>
    public required string Title { get; init; }

    /// <summary>The HTTP status.</summary>
    public required int Status { get; init; }

    /// <summary>What is wrong with this request.</summary>
    public required string Detail { get; init; }

    /// <summary>Messages by field.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, string[]>? Errors { get; init; }

    /// <summary>Finds the request in the service's log.</summary>
    [JsonPropertyName("traceId")]
    public required string TraceId { get; init; }

    /// <summary>The same as detail.</summary>
    public required string Error { get; init; }

    /// <summary>The kind of problem in one word.</summary>
    public required string ErrorType { get; init; }

    public static Problem From(RequestProblem problem, string traceId) => new()
    {
        Type = "urn:rnn-service:problem:" + problem.Kind.ErrorType,
        Title = problem.Kind.Title,
        Status = problem.Kind.Status,
        Detail = problem.Message,
        Errors = problem.Errors,
        TraceId = traceId,
        Error = problem.Message,
        ErrorType = problem.Kind.ErrorType,
    };
}
