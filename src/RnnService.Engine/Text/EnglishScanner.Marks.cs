namespace RnnService.Engine.Text;

internal sealed partial class EnglishScanner
{
    /// <summary>Reads one token that begins with punctuation or a symbol.</summary>
    private void Mark(int limit)
    {
        int at = _start;
        char c = source[at];
        bool afterWord = at > _chunkStart && CharKinds.IsWordChar(Text, at - 1);
        int face = Emoticons.Match(Text[_chunkStart..limit], at - _chunkStart, _open > 0);
        if (face > 0)
        {
            Cut(at + face);
            return;
        }

        switch (c)
        {
            case '.' or '\u2026':
                Dots(limit, afterWord);
                break;
            case '!' or '?':
                Cut(SpanEnd(at, limit, "!?."));
                break;
            case '-' or '=':
                int shaft = RunEnd(at, limit);
                Cut(shaft < limit && source[shaft] == '>' ? RunEnd(shaft, limit) : shaft);
                break;
            case '<' or '>':
                int head = RunEnd(at, limit);
                Cut(head < limit && source[head] is '=' or '-' ? RunEnd(head, limit) : head);
                break;
            case '#' or '@' when !afterWord && IsWordChar(at + 1, limit) && !char.IsAsciiDigit(source[at + 1]):
                Cut(TagEnd(at + 1, limit));
                break;
            case '+' when !afterWord && CountryCodeEnd(at + 1, limit) is > 0 and int code:
                Cut(code);
                break;
            case '*' or '_' or '~' or '+' or '#' or '^' or '|' or '/' or '\\' or '$' or ',' or '\u2010' or '\u2011' or '\u2012' or '\u2013'
                or '\u2014' or '\u2015':
                Cut(RunEnd(at, limit));
                break;
            case '(':
                _open++;
                Cut(at + 1);
                break;
            case ')':
                if (_open > 0) _open--;
                Cut(at + 1);
                break;
            default:
                if (CharKinds.IsApostrophe(c)) Apostrophe(limit, afterWord);
                else Cut(at + (char.IsAscii(c) ? 1 : ClusterLength(Text[at..limit])));
                break;
        }
    }

    private void Dots(int limit, bool afterWord)
    {
        int at = _start;
        int end = SpanEnd(at, limit, ".\u2026");
        if (end > at + 1 || source[at] == '\u2026') Cut(end);
        else if (end < limit && source[end] is '?' or '!') Cut(SpanEnd(at, limit, ".?!"));
        else if (end < limit && !afterWord && char.IsAsciiDigit(source[end])) Number(end, limit);
        else Cut(end);
    }

    /// <summary>An apostrophe that no word before it holds: a clitic, a shortened word, or a quotation mark.</summary>
    private void Apostrophe(int limit, bool afterWord)
    {
        int at = _start;
        int next = at + 1;
        int end = WordEnd(next, Math.Min(limit, next + EnglishForms.LongestEntry));
        ReadOnlySpan<char> letters = Text[next..end];
        if (IsWordChar(end, limit)) letters = [];
        if (afterWord ? EnglishForms.IsClitic(letters) : EnglishForms.IsElided(letters) || IsDecade(letters))
        {
            Cut(end);
        }
        else if (!afterWord && letters is "tis" or "Tis" or "TIS" or "twas" or "Twas" or "TWAS")
        {
            Cut(next + 1);
        }
        else
        {
            // Two make a double quotation mark.
            bool twin = next < limit && CharKinds.IsApostrophe(source[next]) && source[next] != '\u02BC';
            Cut(twin ? next + 1 : next);
        }
    }

    // '72, '60s
    private static bool IsDecade(ReadOnlySpan<char> letters) =>
        letters is [>= '0' and <= '9', >= '0' and <= '9'] or [>= '0' and <= '9', >= '0' and <= '9', 's'];

    // #topic, @name, with periods and underscores inside
    private int TagEnd(int at, int limit)
    {
        int end = WordEnd(at, limit);
        while (end < limit && source[end] is '_' or '.' && IsWordChar(end + 1, limit)) end = WordEnd(end + 1, limit);
        return end;
    }

    private int CountryCodeEnd(int at, int limit)
    {
        int end = at;
        while (end < limit && end - at < 4 && char.IsAsciiDigit(source[end])) end++;
        return end - at is > 0 and < 4 ? end : 0;
    }

    private int SpanEnd(int at, int limit, ReadOnlySpan<char> marks)
    {
        int length = Text[at..limit].IndexOfAnyExcept(marks);
        return length < 0 ? limit : at + length;
    }
}
