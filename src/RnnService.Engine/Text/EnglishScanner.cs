using System.Globalization;

namespace RnnService.Engine.Text;

/// <summary>
/// One pass over a text. Tokens are made by cutting: a token runs from the last cut to the next, so they cover everything between white
/// space whatever the rules decide, and a cut that would part a mark from its base moves behind the mark.
/// </summary>
/// <remarks>
/// Time stays linear because no rule looks back past the last cut but for a bounded number of characters, and what a rule reads ahead it
/// either consumes or remembers (<see cref="_nameEnd"/>).
/// </remarks>
internal sealed partial class EnglishScanner(string source)
{
    private readonly List<Token> _tokens = new(source.Length / 5);
    private readonly bool _hasSurrogates = source.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF') >= 0;

    private int _start;      // where the token being read begins
    private int _codePoint;  // the same in code points
    private int _chunkStart; // the run of characters without white space being read
    private int _chunkEnd;
    private int _nameEnd;    // up to here it is known that no file or host name begins
    private int _open;       // round brackets still open

    private ReadOnlySpan<char> Text => source;

    /// <summary>Reads the whole text. To be called once.</summary>
    public List<Token> Scan()
    {
        for (int i = 0; i < source.Length;)
        {
            if (char.IsWhiteSpace(source[i]))
            {
                i++;
                _codePoint++;
                continue;
            }

            int end = i + 1;
            bool plain = char.IsAsciiLetter(source[i]);
            for (; end < source.Length && !char.IsWhiteSpace(source[end]); end++) plain &= char.IsAsciiLetter(source[end]);
            (_start, _chunkStart, _chunkEnd) = (i, i, end);
            if (plain) CutWord(end);
            else Chunk();
            i = end;
        }

        return _tokens;
    }

    /// <summary>Ends the token being read and begins the next. Does nothing when an earlier cut went further.</summary>
    private void Cut(int end)
    {
        if (end <= _start) return;
        if (end < _chunkEnd) end = CharKinds.SkipExtending(Text[.._chunkEnd], end);
        int length = end - _start;
        int codePoints = _hasSurrogates ? CountCodePoints(Text.Slice(_start, length)) : length;
        _tokens.Add(new Token(source.Substring(_start, length), _start, _codePoint, _codePoint + codePoints));
        _codePoint += codePoints;
        _start = end;
    }

    private static int CountCodePoints(ReadOnlySpan<char> text)
    {
        int count = text.Length;
        for (int i = 1; i < text.Length; i++)
        {
            if (char.IsSurrogatePair(text[i - 1], text[i])) count--;
        }

        return count;
    }

    private void Chunk()
    {
        if (IsDrawing(Text[_start.._chunkEnd]))
        {
            Cut(_chunkEnd);
            return;
        }

        ReadOnlySpan<char> chunk = Text[.._chunkEnd];
        bool mayLink = chunk[_start..].ContainsAny(':', '@') || chunk[_start..].Contains("www.", StringComparison.OrdinalIgnoreCase);
        while (_start < _chunkEnd)
        {
            if (mayLink && Links.TryFind(chunk, _start, out int linkStart, out int linkEnd))
            {
                Region(linkStart);
                Cut(linkEnd);
            }
            else
            {
                Region(_chunkEnd);
            }
        }
    }

    /// <summary>A rule or picture drawn with punctuation: <c>*~*~*</c>, <c>|----+----|</c>.</summary>
    private static bool IsDrawing(ReadOnlySpan<char> chunk) => chunk.Length > 3 && !chunk.ContainsAnyExcept("-=_*~+|<>#^{}");

    private void Region(int limit)
    {
        while (_start < limit)
        {
            if (TryName(limit)) continue;
            if (char.IsAsciiDigit(source[_start])) Number(_start, limit);
            else if (CharKinds.IsWordChar(Text, _start)) Word(_start, limit);
            else Mark(limit);
        }
    }

    /// <summary>A file name or a host name without a scheme: <c>ld2d-#69366-1.DOC</c>, <c>example.com/about</c>.</summary>
    private bool TryName(int limit)
    {
        if (_start < _nameEnd) return false;
        int end = _start, dot = -1;
        bool twin = false;
        for (; end < limit; end++)
        {
            char c = source[end];
            if (c == '.') dot = end;
            else if (!char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_' or '#' or '%' or '&' or '~' or '+')) break;
            twin |= end > _start && c is '.' or '-' && source[end - 1] == c;
        }

        _nameEnd = end;
        if (dot >= 0 && dot == end - 1)
        {
            // The period ends a sentence: look at the one before.
            end = dot;
            dot = source.AsSpan(_start, end - _start).LastIndexOf('.') is >= 0 and int inner ? _start + inner : -1;
        }

        if (dot < 0 || twin) return false;
        ReadOnlySpan<char> extension = Text[(dot + 1)..end];
        bool named = dot > _start ? char.IsAsciiLetterOrDigit(source[dot - 1]) : extension.Length > 2; // .NET, .com
        if (named && EnglishForms.IsTopLevelDomain(extension))
        {
            if (end < limit && source[end] == '/') end = Links.AddressEnd(Text[..limit], end);
        }
        else if (!EnglishForms.IsFileExtension(extension))
        {
            return false;
        }

        Cut(end);
        return true;
    }

    /// <summary>Whether the text, or the paragraph, has no more words after an offset.</summary>
    private bool EndsParagraph(int at)
    {
        int breaks = 0;
        for (; at < source.Length && char.IsWhiteSpace(source[at]); at++)
        {
            if (source[at] == '\n' && ++breaks == 2) return true;
        }

        return at == source.Length;
    }

    /// <summary>The letters after white space, or nothing when something else comes: bounded, for looking words up.</summary>
    private ReadOnlySpan<char> NextWord(int at)
    {
        while (at < source.Length && char.IsWhiteSpace(source[at])) at++;
        int end = at;
        while (end < source.Length && end - at <= EnglishForms.LongestEntry && char.IsAsciiLetter(source[end])) end++;
        return Text[at..end];
    }

    private bool IsWordChar(int at, int limit) => at < limit && CharKinds.IsWordChar(Text, at);

    private int WordEnd(int at, int limit)
    {
        while (at < limit && CharKinds.WordCharLength(Text, at) is > 0 and int length) at += length;
        return at;
    }

    private int RunEnd(int at, int limit)
    {
        int end = at + 1;
        while (end < limit && source[end] == source[at]) end++;
        return end;
    }

    private static int ClusterLength(ReadOnlySpan<char> text) => StringInfo.GetNextTextElementLength(text);
}
