using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using System.Text.Unicode;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;
using RnnService.Server.Options;

namespace RnnService.Server.Requests;

/// <summary>
/// Reads a request body into a record and refuses everything that the record does not describe: first the form (400), all faults of
/// it together, then the bounds (422). Thread-safe.
/// </summary>
internal sealed class RequestReader(LimitOptions limits, HttpOptions http, BodyBudget budget, LargeBodyTurns large, TimeProvider time)
{
    /// <summary>How long a request waits that there is no room for, until it is refused.</summary>
    private static readonly TimeSpan RefusalTime = TimeSpan.FromSeconds(1);

    /// <summary>How a checked body becomes a record.</summary>
    private static readonly JsonSerializerOptions Lenient = new(Json.Options)
    {
        Converters = { new JsonNumber.Signed(), new JsonNumber.Unsigned(), new JsonNumber.Floating(), new OneOrMoreConverter() },
    };

    /// <summary>The body is not JSON, as far as its content type says.</summary>
    public static RequestProblem WrongMediaType(HttpRequest request) => WrongMediaType(request,
        (request.ContentType?.StartsWith("audio/", StringComparison.OrdinalIgnoreCase) == true ? "audio/wav, at a route that takes a sound, or " : "")
        + "Content-Type: application/json, in UTF-8"
        + (request.HasFormContentType ? " (with curl: -H 'content-type: application/json')" : ""));

    /// <summary>The body is none of what the route takes.</summary>
    public static RequestProblem WrongMediaType(HttpRequest request, string expected) => new(ProblemKind.MediaType,
        $"the header Content-Type is {(request.ContentType is { Length: > 0 } type ? RequestProblem.Quoted(type) : "missing")}; expected {expected}");

    /// <exception cref="RequestProblem">The body is not what <typeparamref name="T"/> describes.</exception>
    public ValueTask<T> ReadAsync<T>(HttpRequest request, CancellationToken cancel)
    {
        CheckMediaType(request);
        return ReadAsync(request, Parse<T>, cancel);
    }

    /// <summary>Reads a body that may be more than JSON.</summary>
    /// <param name="request">The request; what its body is has been checked.</param>
    /// <param name="parse">Takes the whole body apart, the bytes of which are gone afterwards.</param>
    /// <param name="cancel">Ends waiting.</param>
    public ValueTask<T> ReadAsync<T>(HttpRequest request, Func<ReadOnlyMemory<byte>, T> parse, CancellationToken cancel)
    {
        string? encoding = BodyEncoding.NameOf(request);
        RequestFacts facts = RequestFacts.Of(request.HttpContext);
        facts.IsBodyUnread = true;
        if (request.ContentLength > limits.MaxBodyBytes) throw TooLarge();
        // Most bodies are small and have come with the head of their request: nothing is held and no clock has to run for them.
        if (encoding is null && request.ContentLength is not > BodyBudget.Free && request.BodyReader.TryRead(out ReadResult here))
        {
            if (here.IsCompleted && here.Buffer.Length <= Math.Min(BodyBudget.Free, limits.MaxBodyBytes))
                return ParseAsync(request, request.BodyReader, here.Buffer, parse, cancel);
            request.BodyReader.AdvanceTo(here.Buffer.Start);
        }

        return ReadLongerAsync(request, facts, encoding, parse, cancel);
    }

    /// <summary>Does what comes after reading, and takes as long where the body was large: making tokens of its texts.</summary>
    public ValueTask<TResult> PrepareAsync<TResult>(HttpContext context, Func<TResult> prepare, CancellationToken cancel) =>
        WorkAsync(RequestFacts.Of(context).BodyBytes, prepare, cancel);

    /// <summary>Does work that takes as long as taking a body of so many bytes apart.</summary>
    public ValueTask<TResult> WorkAsync<TResult>(long bytes, Func<TResult> work, CancellationToken cancel) => large.RunAsync(bytes, work, cancel);

    /// <summary>Holds the bytes of an answer that is going to be large, until it is taken.</summary>
    /// <param name="context">Its request, whose body has been read.</param>
    /// <param name="bytes">About how large.</param>
    /// <param name="cancel">Ends waiting.</param>
    /// <exception cref="RequestProblem">The budget has no room for them.</exception>
    public Task HoldAnswerAsync(HttpContext context, long bytes, CancellationToken cancel) =>
        bytes <= BodyBudget.Free ? Task.CompletedTask : HoldLargeAnswerAsync(context, bytes, cancel);

    private Task HoldLargeAnswerAsync(HttpContext context, long bytes, CancellationToken cancel) =>
        HoldAsync(() => budget.LeaseOf(context).Add(bytes), cancel);

    /// <summary>
    /// Holds bytes, or refuses after a while: reading a body only to refuse it takes longer than that, and whoever sends the next one at once
    /// would keep the service busy.
    /// </summary>
    private async Task HoldAsync(Action hold, CancellationToken cancel)
    {
        try
        {
            hold();
        }
        catch (RequestProblem)
        {
            await Task.Delay(RefusalTime, time, cancel);
            throw;
        }
    }

    /// <summary>The whole body, which the caller gives back to the reader.</summary>
    private async Task<ReadResult> ReadAsync(PipeReader body, BodyBudget.Lease lease, CancellationToken end)
    {
        while (true)
        {
            ReadResult read = await body.ReadAsync(CancellationToken.None);
            bool isWhole = false;
            try
            {
                end.ThrowIfCancellationRequested();
                if (read.Buffer.Length > limits.MaxBodyBytes) throw TooLarge();
                lease.Grow((int)read.Buffer.Length, limits.MaxBodyBytes);
                if (read.IsCompleted)
                {
                    isWhole = true;
                    return read;
                }
            }
            finally
            {
                if (!isWhole) body.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            }
        }
    }

    /// <summary>Reads a body that is large, encoded or still on its way.</summary>
    private async ValueTask<T> ReadLongerAsync<T>(
        HttpRequest request, RequestFacts facts, string? encoding, Func<ReadOnlyMemory<byte>, T> parse, CancellationToken cancel)
    {
        BodyBudget.Lease lease = budget.LeaseOf(request.HttpContext);
        if (request.ContentLength is > BodyBudget.Free and var length) await HoldAsync(() => lease.Hold((int)length), cancel);
        using var timer = new CancellationTokenSource(TimeSpan.FromSeconds(http.BodySeconds), time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancel, timer.Token);
        // A token handed to the server's reader would leave it in the middle of a read: then the server cannot find the end of the request.
        CancellationTokenRegistration ending = end.Token.UnsafeRegister(body => ((PipeReader)body!).CancelPendingRead(), request.BodyReader);
        PipeReader? decoded = null;
        try
        {
            if (encoding is not null) decoded = await BodyEncoding.OpenAsync(request.BodyReader, encoding);
            PipeReader body = decoded ?? request.BodyReader;
            ReadResult whole = await ReadAsync(body, lease, end.Token);
            await ending.DisposeAsync();
            return await ParseAsync(request, body, whole.Buffer, parse, cancel);
        }
        catch (OperationCanceledException) when (timer.IsCancellationRequested && !cancel.IsCancellationRequested)
        {
            throw new RequestProblem(ProblemKind.BodyTimeout, $"the request body was not whole after {http.BodySeconds} seconds");
        }
        catch (Exception exception) when (facts.IsBodyUnread && encoding is not null && BodyEncoding.IsBroken(exception))
        {
            throw BodyEncoding.Broken(request);
        }
        finally
        {
            await ending.DisposeAsync();
            if (decoded is not null) await decoded.CompleteAsync();
        }
    }

    /// <summary>Takes a body apart and gives it back to its reader.</summary>
    private async ValueTask<T> ParseAsync<T>(
        HttpRequest request, PipeReader reader, ReadOnlySequence<byte> body, Func<ReadOnlyMemory<byte>, T> parse, CancellationToken cancel)
    {
        RequestFacts facts = RequestFacts.Of(request.HttpContext);
        (facts.IsBodyUnread, facts.BodyBytes) = (false, body.Length);
        try
        {
            return LargeBodyTurns.IsLarge(body.Length) ? await ParseInTurnAsync(body, parse, cancel) : parse(Whole(body));
        }
        finally
        {
            reader.AdvanceTo(body.End);
        }
    }

    private ValueTask<T> ParseInTurnAsync<T>(ReadOnlySequence<byte> body, Func<ReadOnlyMemory<byte>, T> parse, CancellationToken cancel) =>
        large.RunAsync(body.Length, () => parse(Whole(body)), cancel);

    private static ReadOnlyMemory<byte> Whole(ReadOnlySequence<byte> body) => body.IsSingleSegment ? body.First : body.ToArray();

    /// <summary>Takes JSON apart.</summary>
    /// <exception cref="RequestProblem">It is not what <typeparamref name="T"/> describes.</exception>
    public T Parse<T>(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.Span.StartsWith("\uFEFF"u8)) bytes = bytes[3..];
        if (bytes.IsEmpty) throw new RequestProblem(ProblemKind.Malformed, "the body is empty; expected a JSON object");
        if (!Utf8.IsValid(bytes.Span)) throw new RequestProblem(ProblemKind.Malformed, "the body is not UTF-8; expected JSON in UTF-8");
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(bytes);
        }
        catch (JsonException exception)
        {
            throw new RequestProblem(ProblemKind.Malformed,
                $"the body is not JSON: the fault is in line {exception.LineNumber + 1} at byte {exception.BytePositionInLine + 1}");
        }

        using (document) return Parse<T>(document.RootElement, "");
    }

    /// <summary>Takes an object apart, which may be a part of a body.</summary>
    /// <param name="element">The object.</param>
    /// <param name="path">Where it stands in the body; empty for the body itself.</param>
    /// <exception cref="RequestProblem">It is not what <typeparamref name="T"/> describes.</exception>
    public T Parse<T>(JsonElement element, string path)
    {
        RequestSchema schema = RequestSchema.Of(typeof(T));
        var check = new BodyCheck(limits, schema, path);
        check.Object(element, schema, path);
        if (check.Malformed.Faults.Count > 0) throw RequestProblem.Of(ProblemKind.Malformed, check.Malformed);
        if (check.OutOfBounds.Faults.Count > 0) throw RequestProblem.Of(ProblemKind.Validation, check.OutOfBounds);
        return element.Deserialize<T>(Lenient)!;
    }

    private RequestProblem TooLarge() =>
        new(ProblemKind.TooLarge, $"the request body is over the limit of {limits.MaxBodyBytes} bytes");

    /// <exception cref="RequestProblem">The content type is not JSON's.</exception>
    public static void CheckMediaType(HttpRequest request)
    {
        if (request.ContentType == "application/json") return;
        bool isJson = MediaTypeHeaderValue.TryParse(request.ContentType, out MediaTypeHeaderValue? type)
            && (type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase)
                || type.Suffix.Equals("json", StringComparison.OrdinalIgnoreCase))
            && IsUtf8(type.Charset);
        if (!isJson) throw WrongMediaType(request);
    }

    /// <summary>Whether a charset is UTF-8 by one of the names it goes by, a part of it, or none.</summary>
    private static bool IsUtf8(StringSegment charset)
    {
        StringSegment name = HeaderUtilities.RemoveQuotes(charset);
        return StringSegment.IsNullOrEmpty(name) || name.Equals("us-ascii", StringComparison.OrdinalIgnoreCase) || name.Equals("utf-8", StringComparison.OrdinalIgnoreCase)
            || name.Equals("utf8", StringComparison.OrdinalIgnoreCase);
    }
}
