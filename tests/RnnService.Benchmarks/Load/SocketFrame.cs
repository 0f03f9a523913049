using System.Buffers.Binary;

namespace RnnService.Benchmarks.Load;

/// <summary>Frames that a client of a WebSocket sends (RFC 6455, 5.2).</summary>
internal static class SocketFrame
{
    /// <summary>What a frame is.</summary>
    public const int Text = 1, Binary = 2, Close = 8;

    private const int Last = 0x80, Masked = 0x80, TwoBytes = 126, EightBytes = 127;

    /// <summary>A frame; its mask is of zeros, which changes nothing.</summary>
    public static byte[] Of(int kind, ReadOnlySpan<byte> content, bool isLast = true)
    {
        byte[] length = content.Length < TwoBytes ? [(byte)(Masked | content.Length)] : content.Length <= ushort.MaxValue ? [Masked | TwoBytes, 0, 0] : [Masked | EightBytes, 0, 0, 0, 0, 0, 0, 0, 0];
        if (length.Length == 3) BinaryPrimitives.WriteUInt16BigEndian(length.AsSpan(1), (ushort)content.Length);
        if (length.Length == 9) BinaryPrimitives.WriteInt64BigEndian(length.AsSpan(1), content.Length);
        return [(byte)((isLast ? Last : 0) | kind), .. length, 0, 0, 0, 0, .. content];
    }
}
