namespace RnnService.Engine.Generation.Grammars;

/// <summary>
/// A range of code points as sequences of ranges of bytes: the texts of one character whose bytes lie in them. After Pike's and Cox's way in RE2 and
/// Rust's utf8-ranges: a range is cut where the number of bytes changes, and where a byte but the last would not run through all of its values.
/// </summary>
internal static class Utf8Ranges
{
    private static readonly int[] s_lastOfLength = [0x7F, 0x7FF, 0xFFFF, 0x10FFFF];

    /// <summary>The sequences of a range, without surrogates.</summary>
    public static IEnumerable<(byte First, byte Last)[]> Of(int first, int last)
    {
        const int firstSurrogate = 0xD800, lastSurrogate = 0xDFFF;
        if (first < firstSurrogate && last >= firstSurrogate) return Of(first, firstSurrogate - 1).Concat(Of(firstSurrogate, last));
        if (first >= firstSurrogate && first <= lastSurrogate) return last > lastSurrogate ? Of(lastSurrogate + 1, last) : [];
        foreach (int end in s_lastOfLength)
        {
            if (first <= end && last > end) return Of(first, end).Concat(Of(end + 1, last));
        }

        for (int i = 1; i < 4 && last > s_lastOfLength[0]; i++)
        {
            int low = (1 << (6 * i)) - 1; // the bits of the last i bytes
            if ((first & ~low) == (last & ~low)) continue;
            if ((first & low) != 0) return Of(first, first | low).Concat(Of((first | low) + 1, last));
            if ((last & low) != low) return Of(first, (last & ~low) - 1).Concat(Of(last & ~low, last));
        }

        return [[.. Bytes(first).Zip(Bytes(last))]];
    }

    private static byte[] Bytes(int codePoint) => codePoint switch
    {
        <= 0x7F => [(byte)codePoint],
        <= 0x7FF => [(byte)(0xC0 | codePoint >> 6), Rest(codePoint, 0)],
        <= 0xFFFF => [(byte)(0xE0 | codePoint >> 12), Rest(codePoint, 1), Rest(codePoint, 0)],
        _ => [(byte)(0xF0 | codePoint >> 18), Rest(codePoint, 2), Rest(codePoint, 1), Rest(codePoint, 0)],
    };

    private static byte Rest(int codePoint, int at) => (byte)(0x80 | (codePoint >> (6 * at) & 0x3F));
}
