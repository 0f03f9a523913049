using System.Diagnostics;

namespace RnnService.Server.Requests;

/// <summary>What the log line and the metrics say about a request. Nothing here comes from its text.</summary>
internal sealed class RequestFacts
{
    /// <summary>What keys begin with, so that one that stands at a wrong place is known and not logged.</summary>
    public const string KeyPrefix = "rnn_";

    private readonly HttpContext _context;
    private string? _client, _traceId;

    private RequestFacts(HttpContext context) => _context = context;

    /// <summary>
    /// Whose turn it is in queues: the holder of the key, from however many addresses, or else the <see cref="ClientAddress"/>.
    /// </summary>
    public string Client => Owner.Length > 0 ? Owner : _client ??= ClientAddress.Of(_context);

    /// <summary>Whose data it works with, such as states that are kept: the name of its key; empty where the service has no keys.</summary>
    public string Owner { get; set; } = "";

    /// <summary>The only models that its answer may name, as its key allows no others; null for all.</summary>
    public IReadOnlyList<string>? Models { get; set; }

    /// <summary>The id that ties an answer to the log.</summary>
    public string TraceId => _traceId ??= Activity.Current?.TraceId.ToHexString() ?? _context.TraceIdentifier;

    /// <summary>Name of the model that answers; empty until one is chosen.</summary>
    public string Model { get; set; } = "";

    /// <summary>Why the request failed, in the words of the status table, or <c>cancelled</c>; null when it did not.</summary>
    public string? Failure { get; set; }

    /// <summary>Whether the body has been read in part only: what comes next on the connection is not a request then.</summary>
    public bool IsBodyUnread { get; set; }

    /// <summary>Bytes of the body, decoded; 0 until it has been read.</summary>
    public long BodyBytes { get; set; }

    /// <summary>Whether the request is a HEAD, whose answer has no body.</summary>
    public bool IsHead { get; set; }

    public static RequestFacts Of(HttpContext context)
    {
        if (context.Features.Get<RequestFacts>() is { } facts) return facts;
        facts = new RequestFacts(context);
        context.Features.Set(facts);
        return facts;
    }
}
