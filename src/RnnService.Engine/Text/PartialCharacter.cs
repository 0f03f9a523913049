using System.Buffers;
using System.Text;

namespace RnnService.Engine.Text;

/// <summary>
/// The first bytes of a character in UTF-8 whose last is still to come: what a text of byte tokens holds back. It follows from the last three bytes of
/// the text alone, since no byte that begins a character occurs inside another. A value; the default is none.
/// </summary>
internal readonly record struct PartialCharacter
{
    /// <summary>The most bytes that can be held back.</summary>
    public const int Most = 3;

    private readonly uint _bytes; // the first in the lowest bits

    private PartialCharacter(ReadOnlySpan<byte> bytes)
    {
        Count = bytes.Length;
        for (int i = 0; i < bytes.Length; i++) _bytes |= (uint)bytes[i] << (8 * i);
    }

    /// <summary>Number of its bytes.</summary>
    public int Count { get; }

    /// <summary>The bytes.</summary>
    public byte[] ToBytes()
    {
        byte[] bytes = new byte[Count];
        for (int i = 0; i < bytes.Length; i++) bytes[i] = (byte)(_bytes >> (8 * i));
        return bytes;
    }

    /// <summary>The end of a text whose bytes end so.</summary>
    public static PartialCharacter EndOf(ReadOnlySpan<byte> bytes)
    {
        for (int count = Math.Min(Most, bytes.Length); count > 0; count--)
        {
            if (Rune.DecodeFromUtf8(bytes[^count..], out _, out _) == OperationStatus.NeedMoreData) return new PartialCharacter(bytes[^count..]);
        }

        return default;
    }

    /// <summary>The characters that bytes complete, and what they leave open. Bytes that are no character become U+FFFD.</summary>
    public (string Text, PartialCharacter Held) Append(ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<byte> all = Count == 0 ? bytes : [.. ToBytes(), .. bytes];
        PartialCharacter rest = EndOf(all);
        return (Encoding.UTF8.GetString(all[..^rest.Count]), rest);
    }
}
