using System.Net.WebSockets;
using Microsoft.AspNetCore.Connections;

namespace RnnService.Server.Requests;

/// <summary>What the exceptions mean with which the reading of a body ends, whether as it stands or through a decoder, or that of a WebSocket.</summary>
internal static class BodyFaults
{
    /// <summary>
    /// How Kestrel says that a connection ended in the middle of a body. The reason itself is not public, and the connection's token, which
    /// says the same, is cancelled only some microseconds later.
    /// </summary>
    private const string UnexpectedEnd = "Unexpected end of request content.";

    /// <summary>Whether a request ended because its client left.</summary>
    public static bool IsLeaving(Exception exception, HttpContext context) => exception switch
    {
        ConnectionResetException or ConnectionAbortedException => true,
        BadHttpRequestException { Message: UnexpectedEnd } => true,
        // Its connection ended, or had ended before: the service itself closes none that it still uses.
        WebSocketException { WebSocketErrorCode: WebSocketError.ConnectionClosedPrematurely or WebSocketError.InvalidState } => true,
        OperationCanceledException or IOException => context.RequestAborted.IsCancellationRequested,
        _ => false,
    };

    /// <summary>What a body is answered with that could not be read to its end.</summary>
    public static RequestProblem Problem(IOException exception) => (exception as BadHttpRequestException)?.StatusCode switch
    {
        StatusCodes.Status413PayloadTooLarge => new RequestProblem(ProblemKind.TooLarge, "the request body is over the limit"),
        StatusCodes.Status408RequestTimeout => new RequestProblem(ProblemKind.BodyTimeout, "the request body came too slowly"),
        _ => new RequestProblem(ProblemKind.Malformed, "the request body could not be read: its length or its chunks are not as they should be"),
    };

    /// <summary>What ends a WebSocket whose client did not leave.</summary>
    public static RequestProblem SocketProblem() => new(ProblemKind.Malformed, "the WebSocket could not be read: its frames are not as they should be");
}
