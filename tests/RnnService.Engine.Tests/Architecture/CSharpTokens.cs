namespace RnnService.Engine.Tests.Architecture;

/// <summary>A word or mark of C# source and the line it stands on.</summary>
internal readonly record struct Token(string Text, int Line);

/// <summary>
/// Splits C# source into words and marks, without comments, directives and literals, but with the code inside interpolated strings.
/// Enough to find the names a file uses; it does not judge whether the file compiles.
/// </summary>
internal sealed class CSharpTokens
{
    private readonly string _code;
    private readonly List<Token> _tokens = [];
    private int _at;
    private int _line = 1;

    private CSharpTokens(string code) => _code = code;

    public static IReadOnlyList<Token> Of(string code)
    {
        var source = new CSharpTokens(code);
        source.ReadCode(insideString: false);
        return source._tokens;
    }

    // Inside a string, the code ends before the brace that closes its hole.
    private void ReadCode(bool insideString)
    {
        int depth = 0;
        while (_at < _code.Length)
        {
            char next = _code[_at];
            if (char.IsWhiteSpace(next)) Skip(1);
            else if (Follows("//") || next == '#' && IsFirstOnLine()) SkipTo("\n");
            else if (Follows("/*")) SkipPast("*/");
            else if (next == '\'') ReadCharacter();
            else if (StringLength() is int prefix) ReadString(prefix);
            else if (char.IsLetter(next) || next is '_' or '@') ReadWord();
            else if (char.IsDigit(next)) ReadNumber();
            else if (Follows("::")) Emit(2);
            else
            {
                if (insideString && depth == 0 && next == '}') return;
                if (insideString && depth == 0 && next == ':')
                {
                    // What follows is a format, not code.
                    SkipTo("}");
                    return;
                }

                if (next is '(' or '[' or '{') depth++;
                if (next is ')' or ']' or '}') depth--;
                Emit(1);
            }
        }
    }

    private void ReadWord()
    {
        if (_code[_at] == '@') Skip(1);
        int length = 0;
        while (_at + length < _code.Length && (char.IsLetterOrDigit(_code[_at + length]) || _code[_at + length] == '_')) length++;
        if (length > 0) Emit(length);
    }

    private void ReadNumber()
    {
        _tokens.Add(new Token("0", _line));
        while (_at < _code.Length && (char.IsLetterOrDigit(_code[_at]) || _code[_at] == '_' || IsDecimalPoint())) Skip(1);

        bool IsDecimalPoint() => _code[_at] == '.' && _at + 1 < _code.Length && char.IsDigit(_code[_at + 1]);
    }

    private void ReadCharacter()
    {
        Skip(_at + 1 < _code.Length && _code[_at + 1] == '\\' ? 3 : 2);
        SkipPast("'");
    }

    // The length of "$", "@" and the like before an opening quote, or null when no string starts here.
    private int? StringLength()
    {
        int length = 0;
        while (_at + length < _code.Length && _code[_at + length] is '$' or '@') length++;
        return _at + length < _code.Length && _code[_at + length] == '"' ? length : null;
    }

    private void ReadString(int prefixLength)
    {
        string prefix = _code.Substring(_at, prefixLength);
        int holeBraces = prefix.Count(mark => mark == '$');
        bool verbatim = prefix.Contains('@');
        Skip(prefixLength);
        int quotes = CountOf('"');
        // A verbatim string has one opening quote whatever follows; two quotes of another string are an empty one.
        if (verbatim || quotes < 3) quotes = 1;
        bool raw = quotes >= 3;
        Skip(quotes);
        while (_at < _code.Length)
        {
            if (_code[_at] == '"')
            {
                int found = CountOf('"');
                if (verbatim && found >= 2) Skip(2);
                else if (found >= quotes)
                {
                    // Quotes beyond the closing ones of a raw string are its text.
                    Skip(raw ? found : 1);
                    return;
                }
                else Skip(found);
            }
            else if (_code[_at] == '\\' && !verbatim && !raw) Skip(2);
            else if (_code[_at] == '{' && holeBraces > 0) ReadHole(holeBraces, raw);
            else Skip(1);
        }
    }

    private void ReadHole(int braces, bool raw)
    {
        int found = CountOf('{');
        // Doubled braces are text; of the braces in a raw string, the innermost open the hole.
        bool opens = raw ? found >= braces : found % 2 == 1;
        Skip(found);
        if (!opens) return;
        ReadCode(insideString: true);
        Skip(Math.Min(raw ? braces : 1, CountOf('}')));
    }

    private int CountOf(char mark)
    {
        int count = 0;
        while (_at + count < _code.Length && _code[_at + count] == mark) count++;
        return count;
    }

    private bool Follows(string text) => string.CompareOrdinal(_code, _at, text, 0, text.Length) == 0;

    private bool IsFirstOnLine() => string.IsNullOrWhiteSpace(_code[(_code.LastIndexOf('\n', _at) + 1).._at]);

    private void Emit(int length)
    {
        _tokens.Add(new Token(_code.Substring(_at, length), _line));
        Skip(length);
    }

    private void SkipTo(string text)
    {
        int found = _code.IndexOf(text, Math.Min(_at, _code.Length), StringComparison.Ordinal);
        Skip((found < 0 ? _code.Length : found) - _at);
    }

    private void SkipPast(string text)
    {
        SkipTo(text);
        Skip(text.Length);
    }

    private void Skip(int length)
    {
        int end = Math.Min(_code.Length, _at + length);
        for (; _at < end; _at++)
        {
            if (_code[_at] == '\n') _line++;
        }
    }
}
