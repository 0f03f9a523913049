using System.Text;

namespace RnnService.Engine.Text;

/// <summary>
/// The 256 bytes as characters that can be seen, as GPT-2 has them (Radford et al. 2019): bytes that print in Latin-1 stand for themselves, the others
/// for the code points from U+0100 on, so that a space is <c>Ġ</c> and a line break <c>Ċ</c>.
/// </summary>
internal static class ByteAlphabet
{
    private static readonly char[] s_characters = Characters();
    private static readonly Dictionary<char, byte> s_bytes = Enumerable.Range(0, 256).ToDictionary(value => s_characters[value], value => (byte)value);

    /// <summary>The character that stands for a byte.</summary>
    public static char Of(byte value) => s_characters[value];

    /// <summary>The characters that stand for the bytes of a text in UTF-8.</summary>
    public static string Of(ReadOnlySpan<char> text) => Of(Utf8(text));

    /// <summary>The characters that stand for bytes.</summary>
    public static string Of(ReadOnlySpan<byte> bytes)
    {
        Span<char> characters = bytes.Length <= 256 ? stackalloc char[bytes.Length] : new char[bytes.Length];
        for (int i = 0; i < bytes.Length; i++) characters[i] = s_characters[bytes[i]];
        return new string(characters);
    }

    /// <summary>The bytes that a token stands for; null where one of its characters stands for none.</summary>
    public static byte[]? Bytes(string token)
    {
        byte[] bytes = new byte[token.Length];
        for (int i = 0; i < bytes.Length; i++)
        {
            if (!s_bytes.TryGetValue(token[i], out bytes[i])) return null;
        }

        return bytes;
    }

    /// <summary>A text in UTF-8; a lone surrogate becomes U+FFFD.</summary>
    public static byte[] Utf8(ReadOnlySpan<char> text)
    {
        byte[] bytes = new byte[Encoding.UTF8.GetByteCount(text)];
        Encoding.UTF8.GetBytes(text, bytes);
        return bytes;
    }

    private static char[] Characters()
    {
        char[] characters = new char[256];
        int next = 256;
        for (int value = 0; value < 256; value++)
        {
            bool prints = value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or >= 0xAE;
            characters[value] = (char)(prints ? value : next++);
        }

        return characters;
    }
}
