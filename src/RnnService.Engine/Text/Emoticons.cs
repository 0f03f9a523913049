using System.Buffers;

namespace RnnService.Engine.Text;

/// <summary>Recognises faces and hearts typed as punctuation.</summary>
internal static class Emoticons
{
    private static readonly string[] Fixed = ["</3", "<3", "^_^", "^.^", "^^", "-_-", "\\o/", "¯\\_(ツ)_/¯"];
    private static readonly string[] Reversed = ["(:", "(;", "(=", "(-:"];
    private static readonly SearchValues<char> FirstChars = SearchValues.Create(":;=><^-\\¯(");

    /// <summary>Length of the emoticon at an offset, or 0.</summary>
    /// <param name="text">Text without white space.</param>
    /// <param name="at">Where a token begins.</param>
    /// <param name="inBrackets">Whether a round bracket is still open: then one that closes may not be a mouth.</param>
    public static int Match(ReadOnlySpan<char> text, int at, bool inBrackets)
    {
        if (!FirstChars.Contains(text[at])) return 0;
        bool afterWord = at > 0 && CharKinds.IsWordChar(text, at - 1);
        ReadOnlySpan<char> rest = text[at..];
        if (!afterWord)
        {
            foreach (string face in Fixed)
            {
                if (rest.StartsWith(face, StringComparison.Ordinal) && !WordFollows(rest, face.Length)) return face.Length;
            }

            foreach (string face in Reversed)
            {
                if (rest.SequenceEqual(face)) return face.Length;
            }
        }

        return Face(rest, afterWord, inBrackets);
    }

    // brow, eyes, tear or nose, mouth: >:'-(
    private static int Face(ReadOnlySpan<char> rest, bool afterWord, bool inBrackets)
    {
        int i = rest[0] == '>' ? 1 : 0;
        if (i >= rest.Length || rest[i] is not (':' or ';' or '=')) return 0;
        char eyes = rest[i++];
        int nose = i;
        if (i < rest.Length && rest[i] == '\'') i++;
        if (i < rest.Length && rest[i] is '-' or '^' or '~' && i + 1 < rest.Length) i++;
        if (i >= rest.Length) return 0;
        bool hasNose = i > nose;

        char mouth = rest[i++];
        if (mouth is ')' or '(')
        {
            // "(as follows:)" and "(note:)" close a bracket.
            if (afterWord && !hasNose && (inBrackets || mouth == '(')) return 0;
            int end = i;
            while (end < rest.Length && rest[end] == mouth) end++;
            if (WordFollows(rest, end)) return 0;
            return mouth == ')' && inBrackets && end > i ? end - 1 : end;
        }

        if (afterWord) return 0;
        bool known = mouth switch
        {
            'D' or 'P' or 'p' or 'O' or 'o' or '3' or '/' or '|' or '\\' or ']' or '[' => true,
            'S' or 's' or 'x' or 'X' or '*' or '@' or '$' => eyes == ':',
            _ => false,
        };
        return known && !WordFollows(rest, i) ? i : 0;
    }

    private static bool WordFollows(ReadOnlySpan<char> rest, int at) => at < rest.Length && CharKinds.IsWordChar(rest, at);
}
