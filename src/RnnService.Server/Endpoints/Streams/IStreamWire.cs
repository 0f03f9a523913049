using RnnService.Server.Requests;

namespace RnnService.Server.Endpoints.Streams;

/// <summary>What a client sent.</summary>
/// <param name="Bytes">Bytes, or JSON; valid until the next is read.</param>
/// <param name="IsText">Whether it is a message in JSON.</param>
/// <param name="IsEnd">Whether the client has sent everything.</param>
internal readonly record struct StreamPart(ReadOnlyMemory<byte> Bytes, bool IsText, bool IsEnd);

/// <summary>A connection that carries a stream both ways: one reader and one writer, which go on beside each other.</summary>
internal interface IStreamWire : IAsyncDisposable
{
    /// <summary>Waits for what the client sends next. A wait that is cancelled leaves the connection open for what is still to be said.</summary>
    /// <exception cref="RequestProblem">It is too large, or none that a stream takes.</exception>
    /// <exception cref="OperationCanceledException">The wait was cancelled, or the client has left.</exception>
    ValueTask<StreamPart> ReadAsync(CancellationToken cancel);

    /// <summary>Sends an answer.</summary>
    ValueTask WriteAsync<T>(T message, CancellationToken cancel);

    /// <summary>Ends the connection: nothing is sent any more.</summary>
    /// <param name="problem">Why before its time; it has been sent. Null where everything was said.</param>
    /// <param name="cancel">Ends waiting.</param>
    ValueTask CloseAsync(RequestProblem? problem, CancellationToken cancel);

    /// <summary>Whether an answer was sent: from then on a problem is a message, and no status.</summary>
    bool HasAnswered { get; }
}
