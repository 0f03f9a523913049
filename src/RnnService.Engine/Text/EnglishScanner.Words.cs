namespace RnnService.Engine.Text;

internal sealed partial class EnglishScanner
{
    /// <summary>Reads a token that holds letters, and goes on past the marks inside it as long as they join.</summary>
    /// <param name="at">From where to read on; the token itself began at <see cref="_start"/>.</param>
    /// <param name="limit">Where to stop.</param>
    private void Word(int at, int limit)
    {
        bool newsgroup = false;
        while (true)
        {
            int end = WordEnd(at, limit);
            if (end == limit)
            {
                CutWord(end);
                return;
            }

            char mark = source[end];
            int next = end + 1;
            bool inner = IsWordChar(next, limit);
            ReadOnlySpan<char> token = Text[_start..end];
            if (inner && CharKinds.IsApostrophe(mark) && CutAtApostrophe(end, limit)) return;
            newsgroup |= inner && mark == '.' && IsNewsgroup(token, source[next]);
            bool joins = mark switch
            {
                '.' => newsgroup && inner || inner && char.IsAsciiDigit(source[end - 1]) && char.IsAsciiDigit(source[next]),
                '/' => inner && SlashJoins(token, next, limit),
                '_' or '*' or '$' => RunJoins(end, limit, out next),
                '&' => inner,
                _ => inner && (CharKinds.IsApostrophe(mark) || (CharKinds.IsHyphen(mark) && HyphenJoins(token, next, limit))),
            };
            if (!joins)
            {
                EndWord(end, mark, limit);
                return;
            }

            at = next;
        }
    }

    /// <summary>Cuts at a mark that does not join: before it, or behind it where it is the end of the word.</summary>
    private void EndWord(int end, char mark, int limit)
    {
        ReadOnlySpan<char> token = Text[_start..end];
        int run = RunEnd(end, limit);
        bool inner = IsWordChar(end + 1, limit);
        int last = mark switch
        {
            '/' when token is "w" or "W" => end + 1, // w/ milk
            '*' when token.Length <= 2 && run > end + 1 => run, // f***
            '$' when EnglishForms.IsCurrencyPrefix(token) => end + 1, // US$
            '+' when token is "C" or "c" && run == end + 2 => run, // C++
            '#' when token is "C" or "F" && !inner => run,
            _ => end,
        };
        if (last > end) Cut(last);
        else if (mark == '.') Period(end, limit, inner);
        else CutWord(end);
    }

    /// <summary>Cuts after a word, and inside it where it is two words written as one.</summary>
    private void CutWord(int end)
    {
        int start = _start;
        ReadOnlySpan<char> word = Text[start..end];
        if (!IsMeantAsOne(word, end))
        {
            foreach (int cut in EnglishForms.FusedCuts(word)) Cut(start + cut);
        }

        Cut(end);
    }

    // "its" and "lets" are words of their own too: the next word tells.
    private bool IsMeantAsOne(ReadOnlySpan<char> word, int end) => word.Length switch
    {
        3 when word.Equals("its", StringComparison.OrdinalIgnoreCase) =>
            end < _chunkEnd || !EnglishForms.FollowsItIs(NextWord(end)),
        4 when word.Equals("lets", StringComparison.OrdinalIgnoreCase) => EnglishForms.FollowsVerbLets(NextWord(end)),
        _ => false,
    };

    private static bool IsNewsgroup(ReadOnlySpan<char> token, char next) =>
        char.IsAsciiLetterLower(token[0]) && char.IsAsciiLetterLower(next) && EnglishForms.IsNewsgroupRoot(token);

    private bool HyphenJoins(ReadOnlySpan<char> token, int next, int limit)
    {
        if (EnglishForms.IsPrefix(token)) return true;
        int end = WordEnd(next, Math.Min(limit, next + EnglishForms.LongestEntry));
        return EnglishForms.IsSuffix(Text[next..end]) || EnglishForms.IsInterjection(Text[_start..end]);
    }

    private bool SlashJoins(ReadOnlySpan<char> token, int next, int limit)
    {
        int end = WordEnd(next, Math.Min(limit, next + 4));
        if (token.Length == 1 && end == next + 1) return char.IsAsciiLetter(token[0]) && char.IsAsciiLetter(source[next]);
        return token is "w" or "W" && Text[next..end].Equals("out", StringComparison.OrdinalIgnoreCase);
    }

    // snake_case, f**k, me$$age
    private bool RunJoins(int mark, int limit, out int next)
    {
        next = RunEnd(mark, limit);
        return IsWordChar(next, limit) && (source[mark] == '_' || (char.IsLetter(source[mark - 1]) && char.IsLetter(source[next])));
    }

    /// <summary>Cuts where an apostrophe inside a word parts it; false when it joins (<c>O'Neil</c>).</summary>
    private bool CutAtApostrophe(int apostrophe, int limit)
    {
        int next = apostrophe + 1;
        int end = WordEnd(next, Math.Min(limit, next + EnglishForms.LongestEntry));
        ReadOnlySpan<char> letters = Text[next..end];
        char before = source[apostrophe - 1];
        char only = apostrophe - 1 == _start ? char.ToLowerInvariant(before) : '\0';
        if (char.IsAsciiDigit(before))
        {
            if (letters is "s" or "S") return false; // the 60's, but 5|'|2
            Cut(apostrophe);
        }
        else if (before is 'n' or 'N' && letters is "t" or "T")
        {
            Cut(apostrophe - 1);
            Cut(end);
        }
        else if (EnglishForms.IsClitic(letters))
        {
            Cut(apostrophe);
            Cut(end);
        }
        else if (only == 'i' && letters is "ma")
        {
            Cut(apostrophe); // I|'m|a
            Cut(next + 1);
        }
        else if (only == 'c' && letters is "mon" or "MON")
        {
            Cut(next + 1); // c'm|on
        }
        else if (only == 'd' && letters is "you" or "YOU")
        {
            Cut(next); // d'|you
        }
        else
        {
            return false;
        }

        return true;
    }

    /// <summary>A period after a word: it ends an abbreviation, stands inside one, or ends the sentence.</summary>
    private void Period(int period, int limit, bool inner)
    {
        int next = period + 1;
        ReadOnlySpan<char> token = Text[_start..period];
        bool letter = token.Length == 1 && char.IsAsciiLetter(token[0]);
        if (letter && inner)
        {
            Acronym(period, limit);
            return;
        }

        if (inner && token is "Ph" && source[next] == 'D' && !IsWordChar(next + 1, limit))
        {
            if (next + 1 < limit && source[next + 1] == '.') AbbreviationEnd(next + 1, abbreviation: true);
            else Cut(next + 1);
            return;
        }

        bool abbreviation = letter ? token is not "I" : EnglishForms.IsAbbreviation(token);
        if (inner)
        {
            bool number = char.IsAsciiDigit(source[next]) && EnglishForms.IsNumberAbbreviation(token);
            bool title = abbreviation && char.IsAsciiLetterUpper(token[0]) && char.IsAsciiLetterOrDigit(source[next]);
            if (title || number) Cut(next);
            else CutWord(period);
        }
        else
        {
            AbbreviationEnd(period, abbreviation);
        }
    }

    /// <summary>Letters with a period after each: <c>U.S.</c>, <c>p.m</c>, <c>P.O.|Box</c>.</summary>
    private void Acronym(int period, int limit)
    {
        while (IsLetterAlone(period + 1, limit) && period + 2 < limit && source[period + 2] == '.') period += 2;
        int next = period + 1;
        if (next >= limit || !char.IsAsciiLetter(source[next]))
        {
            AbbreviationEnd(period, abbreviation: true);
        }
        else if (IsLetterAlone(next, limit))
        {
            Cut(next + 1);
        }
        else
        {
            // J.Hill, but not I.Then
            bool initial = source[_start] is >= 'A' and <= 'Z' and not 'I' && char.IsAsciiLetterUpper(source[next]);
            Cut(period - _start > 1 || initial ? next : period);
        }
    }

    private bool IsLetterAlone(int at, int limit) => at < limit && char.IsAsciiLetter(source[at]) && !IsWordChar(at + 1, limit);

    /// <summary>Cuts after the period of an abbreviation, or before it where it ends the sentence.</summary>
    private void AbbreviationEnd(int period, bool abbreviation)
    {
        int next = period + 1;
        ReadOnlySpan<char> token = Text[_start..period];
        bool dotted = token.Contains('.');
        if (next < _chunkEnd)
        {
            // Three dots are an ellipsis; two are an abbreviation's and the sentence's.
            bool ellipsis = source[next] == '.' && next + 1 < _chunkEnd && source[next + 1] == '.';
            bool twin = source[next] == '.' && !dotted && !EnglishForms.IsAbbreviation(token);
            bool closing = token.Length == 1 && source[next] is ')' or '"' or '\u201D' or '?' or '!'; // (plan B.)
            if (abbreviation && !ellipsis && !twin && !closing) Cut(next);
            else CutWord(period);
            return;
        }

        ReadOnlySpan<char> following = NextWord(next);
        bool capital = following.Length > 0 && char.IsAsciiLetterUpper(following[0]);
        bool ends = EndsParagraph(next)
            || (capital && token.Equals("etc", StringComparison.OrdinalIgnoreCase))
            || (capital && token.Length == 1 && char.IsAsciiLetterLower(token[0]));
        if (!abbreviation) ends |= !(EnglishForms.IsNumberAbbreviation(token) && DigitFollows(next));
        if (ends) CutWord(period);
        else Cut(next);
    }

    private bool DigitFollows(int at)
    {
        while (at < source.Length && char.IsWhiteSpace(source[at])) at++;
        return at < source.Length && (char.IsAsciiDigit(source[at]) || source[at] == '#');
    }
}
