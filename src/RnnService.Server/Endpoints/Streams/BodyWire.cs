using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Net.Http.Headers;
using RnnService.Server.Requests;

namespace RnnService.Server.Endpoints.Streams;

/// <summary>
/// A stream over one request whose body grows: lines of JSON, or bytes. The answers are lines of JSON, or events where the client accepts
/// <c>text/event-stream</c>, while the body still comes.
/// </summary>
internal sealed class BodyWire : IStreamWire
{
    public const string Lines = "application/x-ndjson";

    /// <summary>What a body may be.</summary>
    public static readonly string[] Types = [Lines, "application/json", NumberQuestion.Bytes];

    private readonly HttpContext _context;
    private readonly bool _isText;
    private readonly int _mostBytes;
    private readonly ServerSentEvents? _events;
    private SequencePosition? _taken; // of what was read last

    public BodyWire(HttpContext context, int mostBytes)
    {
        (_context, _mostBytes) = (context, mostBytes);
        _isText = context.Request.ContentType is { Length: > 0 } type && type.Contains("json", StringComparison.OrdinalIgnoreCase);
        if (context.Request.Headers.Accept.ToString().Contains(ServerSentEvents.ContentType, StringComparison.OrdinalIgnoreCase))
            _events = new ServerSentEvents(context.Response);
        // It may last as long as it likes, and be as slow: the stream has bounds of its own.
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size) size.MaxRequestBodySize = null;
        if (context.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate) rate.MinDataRate = null;
        RequestFacts.Of(context).IsBodyUnread = true;
    }

    public bool HasAnswered { get; private set; }

    private PipeReader Body => _context.Request.BodyReader;

    /// <exception cref="RequestProblem">The body is neither lines nor bytes, as far as its headers say, or does not come as it is.</exception>
    public static void CheckBody(HttpRequest request)
    {
        BodyEncoding.ThrowIfEncoded(request);
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out MediaTypeHeaderValue? type) || !Types.Contains(type.MediaType.Value, StringComparer.OrdinalIgnoreCase))
            throw RequestReader.WrongMediaType(request, $"{NumberQuestion.Bytes} or {Lines}");
    }

    public async ValueTask<StreamPart> ReadAsync(CancellationToken cancel)
    {
        if (_taken is { } taken) Body.AdvanceTo(taken);
        _taken = null;
        await using CancellationTokenRegistration ending = cancel.UnsafeRegister(body => ((PipeReader)body!).CancelPendingRead(), Body);
        while (true)
        {
            ReadResult read = await Body.ReadAsync(CancellationToken.None);
            ReadOnlySequence<byte> buffer = read.Buffer;
            if (read.IsCanceled)
            {
                Body.AdvanceTo(buffer.Start);
                cancel.ThrowIfCancellationRequested();
                continue;
            }

            if (Next(buffer, read.IsCompleted) is { } part)
            {
                if (part.IsEnd) RequestFacts.Of(_context).IsBodyUnread = false;
                return part;
            }

            Body.AdvanceTo(buffer.Start, buffer.End);
            if (buffer.Length > _mostBytes) throw new RequestProblem(ProblemKind.TooLarge, $"a line is over the limit of {_mostBytes} bytes");
        }
    }

    public async ValueTask WriteAsync<T>(T message, CancellationToken cancel)
    {
        bool isFirst = !HasAnswered;
        HasAnswered = true;
        if (_events is not null)
        {
            _events.Write(message);
        }
        else
        {
            if (isFirst) GrowingAnswer.Begin(_context.Response, Lines);
            _context.Response.BodyWriter.Write(System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(message, Json.Options));
            _context.Response.BodyWriter.Write("\n"u8);
        }

        await _context.Response.BodyWriter.FlushAsync(cancel);
    }

    public ValueTask CloseAsync(RequestProblem? problem, CancellationToken cancel) => ValueTask.CompletedTask; // with the request

    public ValueTask DisposeAsync()
    {
        // The connection is of use only to a server that can read on.
        if (_taken is { } taken) Body.AdvanceTo(taken);
        _events?.Dispose();
        return ValueTask.CompletedTask;
    }

    private StreamPart? Next(ReadOnlySequence<byte> buffer, bool isWhole)
    {
        if (buffer.IsEmpty) return isWhole ? End(buffer) : null;
        SequencePosition end = buffer.End;
        ReadOnlySequence<byte> part = buffer;
        if (_isText)
        {
            if (buffer.PositionOf((byte)'\n') is { } line) (part, end) = (buffer.Slice(0, line), buffer.GetPosition(1, line));
            else if (!isWhole) return null;
        }

        _taken = end;
        return new StreamPart(part.IsSingleSegment ? part.First : part.ToArray(), _isText, IsEnd: false);
    }

    private StreamPart End(ReadOnlySequence<byte> buffer)
    {
        _taken = buffer.End;
        return new StreamPart(default, _isText, IsEnd: true);
    }
}
