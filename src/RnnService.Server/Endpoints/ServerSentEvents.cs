using System.Buffers;
using System.Text.Json;
using RnnService.Server.Requests;

namespace RnnService.Server.Endpoints;

/// <summary>
/// An answer as a stream of events. The status is sent with the first of them, so that a request that fails before has its own.
/// </summary>
internal sealed class ServerSentEvents(HttpResponse response) : IDisposable
{
    public const string ContentType = "text/event-stream";

    private readonly ProblemForm _problems = ProblemForm.Of(response.HttpContext.Request.Path);

    // Writes into the response's own buffer.
    private readonly Utf8JsonWriter _json = new(
        response.BodyWriter, new JsonWriterOptions { Encoder = Json.Options.Encoder, SkipValidation = true });

    /// <summary>Whether something was written: from then on a failure is an event.</summary>
    public bool HasStarted { get; private set; }

    public string TraceId => RequestFacts.Of(response.HttpContext).TraceId;

    public bool ClientHasLeft => response.HttpContext.RequestAborted.IsCancellationRequested;

    /// <summary>Writes a comment, so that whoever carries the stream keeps it open.</summary>
    public void WriteComment()
    {
        Prepare();
        response.BodyWriter.Write(":\n\n"u8);
    }

    /// <summary>Writes an event; <see cref="FlushAsync"/> sends it.</summary>
    public void Write<T>(T message)
    {
        Begin();
        JsonSerializer.Serialize(_json, message, Json.Options);
        _json.Flush();
        _json.Reset();
        response.BodyWriter.Write("\n\n"u8);
    }

    /// <summary>Writes an event that is no JSON.</summary>
    public void WriteWord(ReadOnlySpan<byte> word)
    {
        Begin();
        response.BodyWriter.Write(word);
        response.BodyWriter.Write("\n\n"u8);
    }

    /// <summary>Sends what was written. Before the first event nothing is sent: a flush would send the headers, which are not set yet.</summary>
    public async ValueTask FlushAsync(CancellationToken cancel)
    {
        if (HasStarted) await response.BodyWriter.FlushAsync(cancel);
    }

    /// <summary>Ends the stream with an error event: the status has been sent already.</summary>
    /// <param name="problem">Why.</param>
    /// <param name="session">From where a later request goes on.</param>
    public async Task FailAsync(RequestProblem problem, SessionAnswer? session = null)
    {
        RequestFacts.Of(response.HttpContext).Failure = problem.Kind.ErrorType;
        Write(_problems.Event(problem, session));
        await FlushAsync(response.HttpContext.RequestAborted);
    }

    public void Dispose() => _json.Dispose();

    /// <summary>Begins an event. Both are right, but clients of OpenAI look for the space, and Hugging Face's service writes none.</summary>
    private void Begin()
    {
        Prepare();
        response.BodyWriter.Write(_problems == ProblemForm.OpenAi ? "data: "u8 : "data:"u8);
    }

    private void Prepare()
    {
        if (HasStarted) return;
        HasStarted = true;
        GrowingAnswer.Begin(response, $"{ContentType}; charset=utf-8");
    }
}
