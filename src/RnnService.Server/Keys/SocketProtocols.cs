using System.Buffers.Text;
using System.Text;

namespace RnnService.Server.Keys;

/// <summary>
/// The subprotocols that a client offers with a WebSocket: what it speaks and, where it can send no header, as browsers cannot, its key. Only the former is
/// ever answered: a key stands in no answer.
/// </summary>
internal static class SocketProtocols
{
    /// <summary>What is spoken.</summary>
    public const string Plain = "rnn-stream";

    /// <summary>What stands before a key, which is written as base64url: subprotocols are made of few characters.</summary>
    public const string KeyPrefix = "key.";

    /// <summary>The subprotocol that the service chooses; null where the client offers none that it knows.</summary>
    public static string? Chosen(HttpContext context) => context.WebSockets.WebSocketRequestedProtocols.Contains(Plain) ? Plain : null;

    /// <summary>The key that is offered; empty where it cannot be read, null where there is none.</summary>
    public static string? KeyOf(HttpContext context)
    {
        if (!context.WebSockets.IsWebSocketRequest) return null;
        if (context.WebSockets.WebSocketRequestedProtocols.FirstOrDefault(one => one.StartsWith(KeyPrefix, StringComparison.Ordinal)) is not { } offered) return null;
        ReadOnlySpan<char> encoded = offered.AsSpan(KeyPrefix.Length);
        return Base64Url.IsValid(encoded) ? Encoding.UTF8.GetString(Base64Url.DecodeFromChars(encoded)) : "";
    }
}
