using RnnService.Server.Options;
using RnnService.Server.Requests;

namespace RnnService.Server.Sessions;

/// <summary>
/// How a text hangs together with earlier and later requests. Empty where the service keeps sessions: begins one there, under an id that is answered.
/// </summary>
internal sealed record SessionParameters
{
    /// <summary>Whether the answer holds the state from which a later request goes on: sealed, for this client alone.</summary>
    public bool? ReturnState { get; init; }

    /// <summary>The state of an earlier answer: the text goes on from there. inputs may be empty then; otherwise they are read first.</summary>
    [Length(1, nameof(LimitOptions.MaxStateLength))]
    public string? Resume { get; init; }

    /// <summary>
    /// Name of a session that the service keeps, begun by its first request: the text goes on from where the last one left it. Of letters, digits, and
    /// <c>-</c>, <c>_</c>, <c>.</c>, <c>:</c> or <c>~</c> after the first.
    /// </summary>
    [Length(1, SessionName.MostId)]
    public string? Id { get; init; }

    /// <summary>
    /// The position that the session must be at, as its last answer said: so that a request sent twice goes on once. 409 when it is at another.
    /// </summary>
    [Value(0, 1L << 53)]
    public long? Position { get; init; }
}
