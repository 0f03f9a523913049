using System.Buffers;

namespace RnnService.Engine.Text;

/// <summary>Finds web and e-mail addresses. Every search looks at each character a bounded number of times.</summary>
internal static class Links
{
    private const int LongestScheme = 10;
    private static readonly SearchValues<char> NotInAddress = SearchValues.Create("<>\"'`|{}\\^");

    /// <summary>The first address that begins at or after an offset; false when there is none.</summary>
    /// <param name="text">Text without white space.</param>
    /// <param name="from">Where to look from; what comes before belongs to another token.</param>
    /// <param name="start">Where the address begins.</param>
    /// <param name="end">One past its last character; sentence punctuation after it is not part of it.</param>
    public static bool TryFind(ReadOnlySpan<char> text, int from, out int start, out int end)
    {
        for (int i = from; i < text.Length; i++)
        {
            bool found = text[i] switch
            {
                ':' => TryScheme(text, from, i, out start, out end),
                'w' or 'W' => TryBareHost(text, from, i, out start, out end),
                '@' => TryMail(text, from, i, out start, out end),
                _ => Nothing(out start, out end),
            };
            if (found) return true;
        }

        return Nothing(out start, out end);
    }

    /// <summary>Where an address that begins before an offset ends.</summary>
    /// <param name="text">Text without white space.</param>
    /// <param name="at">An offset inside the address.</param>
    public static int AddressEnd(ReadOnlySpan<char> text, int at)
    {
        int end = at, open = 0;
        for (; end < text.Length; end++)
        {
            char c = text[end];
            if (char.IsAscii(c) ? NotInAddress.Contains(c) : !char.IsLetterOrDigit(c)) break;
            if (c == '(') open++;
            else if (c == ')' && --open < 0) break;
        }

        while (end > at && text[end - 1] is '.' or ',' or ';' or ':' or '!' or '?' or '*' or ']' or '[' or '(') end--;
        return end;
    }

    // scheme://rest, mailto:rest
    private static bool TryScheme(ReadOnlySpan<char> text, int from, int colon, out int start, out int end)
    {
        start = colon;
        while (start > from && colon - start < LongestScheme && char.IsAsciiLetter(text[start - 1])) start--;
        ReadOnlySpan<char> scheme = text[start..colon];
        bool slashes = text[(colon + 1)..].StartsWith("//");
        bool opaque = scheme.Equals("mailto", StringComparison.OrdinalIgnoreCase) || scheme is "ymsgr";
        if (scheme.Length < 2 || !(slashes || opaque)) return Nothing(out start, out end);
        int body = colon + (slashes ? 3 : 1);
        end = AddressEnd(text, body);
        return end > body || Nothing(out start, out end);
    }

    private static bool TryBareHost(ReadOnlySpan<char> text, int from, int at, out int start, out int end)
    {
        start = at;
        end = at;
        if (at > from && CharKinds.IsWordChar(text, at - 1)) return false;
        if (!text[at..].StartsWith("www.", StringComparison.OrdinalIgnoreCase)) return false;
        end = AddressEnd(text, at + 4);
        return end > at + 4;
    }

    // name@host; the host needs no dot, as in the mail headers of offices
    private static bool TryMail(ReadOnlySpan<char> text, int from, int sign, out int start, out int end)
    {
        start = sign;
        while (start > from && IsLocalChar(text[start - 1])) start--;
        while (start < sign && !char.IsAsciiLetterOrDigit(text[start])) start++;
        end = sign + 1;
        if (start == sign || end == text.Length || !char.IsAsciiLetterOrDigit(text[end])) return Nothing(out start, out end);
        while (end < text.Length && (char.IsAsciiLetterOrDigit(text[end]) || text[end] is '.' or '-' or '_')) end++;
        while (!char.IsAsciiLetterOrDigit(text[end - 1])) end--;
        return true;
    }

    private static bool IsLocalChar(char c) => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' or '+' or '%';

    private static bool Nothing(out int start, out int end)
    {
        start = end = 0;
        return false;
    }
}
