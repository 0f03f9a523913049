using System.Text;

namespace RnnService.Engine.Text;

/// <summary>
/// Cuts text into the pieces that subwords never cross, as GPT-2 does:
/// <c>'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+</c>. A word has the space before it.
/// </summary>
internal static class SubwordScanner
{
    private enum Kind
    {
        Space,
        Letter,
        Number,
        Other,
    }

    /// <summary>One past the end of the piece that begins somewhere, in UTF-16 units. Together the pieces are the text.</summary>
    public static int End(ReadOnlySpan<char> text, int start)
    {
        if (Contraction(text[start..]) is > 0 and var length) return start + length;
        int at = start;
        Kind kind = Next(text, ref at);
        if (kind == Kind.Space)
        {
            int word = at;
            Kind after = word < text.Length ? Next(text, ref word) : Kind.Space;
            if (text[start] == ' ' && after != Kind.Space) return Run(text, word, after);
            int end = Run(text, at, Kind.Space);
            // The last space of several belongs to what follows. A white space is one UTF-16 unit.
            return end < text.Length && end - start > 1 ? end - 1 : end;
        }

        return Run(text, at, kind);
    }

    private static int Run(ReadOnlySpan<char> text, int at, Kind kind)
    {
        for (int next = at; next < text.Length; at = next)
        {
            if (Next(text, ref next) != kind) break;
        }

        return at;
    }

    private static Kind Next(ReadOnlySpan<char> text, ref int at)
    {
        Rune.DecodeFromUtf16(text[at..], out Rune rune, out int units);
        at += units;
        return Rune.IsWhiteSpace(rune) ? Kind.Space : Rune.IsLetter(rune) ? Kind.Letter : Rune.IsNumber(rune) ? Kind.Number : Kind.Other;
    }

    private static int Contraction(ReadOnlySpan<char> text)
    {
        if (text.Length < 2 || text[0] != '\'') return 0;
        if (text[1] is 's' or 't' or 'm' or 'd') return 2;
        return text.Length > 2 && (text[1], text[2]) is ('r', 'e') or ('v', 'e') or ('l', 'l') ? 3 : 0;
    }
}
