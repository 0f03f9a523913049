using System.Buffers.Binary;

namespace RnnService.Server.Sessions;

/// <summary>Where a text stands between two requests.</summary>
/// <param name="Model">SHA-256 of the weights that it belongs to, in hexadecimal digits.</param>
/// <param name="Position">Tokens read and generated so far.</param>
/// <param name="Expires">When it can no longer be resumed.</param>
/// <param name="Stream">The engine's state.</param>
internal sealed record SessionState(string Model, long Position, DateTimeOffset Expires, ReadOnlyMemory<byte> Stream)
{
    private const byte Version = 1;
    private const int HashBytes = 32, Header = 1 + sizeof(long) + sizeof(long) + HashBytes;

    /// <summary>Version, expiry in milliseconds since 1970, position, hash of the model, the engine's state.</summary>
    public byte[] ToBytes()
    {
        var bytes = new byte[Header + Stream.Length];
        bytes[0] = Version;
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(1), Expires.ToUnixTimeMilliseconds());
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(9), Position);
        Convert.FromHexString(Model, bytes.AsSpan(17, HashBytes), out _, out _);
        Stream.Span.CopyTo(bytes.AsSpan(Header));
        return bytes;
    }

    /// <returns>The state; null for bytes of another version of the service.</returns>
    public static SessionState? FromBytes(ReadOnlyMemory<byte> bytes)
    {
        ReadOnlySpan<byte> span = bytes.Span;
        if (span.Length < Header || span[0] != Version) return null;
        return new SessionState(
            Convert.ToHexStringLower(span.Slice(17, HashBytes)),
            BinaryPrimitives.ReadInt64LittleEndian(span[9..]),
            DateTimeOffset.FromUnixTimeMilliseconds(BinaryPrimitives.ReadInt64LittleEndian(span[1..])),
            bytes[Header..]);
    }
}
