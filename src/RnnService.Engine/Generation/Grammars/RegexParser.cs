using System.Globalization;
using System.Text;

namespace RnnService.Engine.Generation.Grammars;

/// <summary>Reads the regular expressions of <see cref="Grammar.Regex"/>.</summary>
internal sealed class RegexParser
{
    private const int MostDepth = 100, MostRepeats = 1000;

    private static readonly (int, int)[] s_digits = [('0', '9')];
    private static readonly (int, int)[] s_word = [('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')];
    private static readonly (int, int)[] s_space = [('\t', '\r'), (' ', ' ')];

    private readonly string _pattern;
    private int _at;
    private int _depth;

    private RegexParser(string pattern) => _pattern = pattern;

    private bool IsEnd => _at == _pattern.Length;

    /// <exception cref="GrammarException">It is none, or has what an automaton cannot do.</exception>
    public static RegexNode Parse(string pattern)
    {
        var parser = new RegexParser(pattern);
        if (pattern.StartsWith('^')) parser._at++; // an expression is matched as a whole in any case
        RegexNode node = parser.Alternatives();
        return parser.IsEnd ? node : throw parser.Wrong("is a closing bracket that nothing opened; expected \\) for the character");
    }

    private RegexNode Alternatives()
    {
        if (++_depth > MostDepth) throw Wrong($"opens more than {MostDepth} groups in each other; expected fewer");
        List<RegexNode> options = [Sequence()];
        while (Take('|')) options.Add(Sequence());
        _depth--;
        return options.Count == 1 ? options[0] : new RegexNode.Either(options);
    }

    private RegexNode Sequence()
    {
        var parts = new List<RegexNode>();
        while (!IsEnd && _pattern[_at] is not ('|' or ')'))
        {
            if (_pattern[_at] == '$' && _at == _pattern.Length - 1)
            {
                _at++;
                break;
            }

            RegexNode part = Part();
            parts.Add(IsEnd ? part : Repeated(part));
        }

        return parts.Count == 1 ? parts[0] : new RegexNode.Sequence(parts);
    }

    private RegexNode Part()
    {
        char found = _pattern[_at];
        switch (found)
        {
            case '(':
                _at++;
                if (Take('?') && !Take(':')) throw Wrong("is a special group, such as a look-around or a named one; expected ( or (?:", _at - 2);
                RegexNode group = Alternatives();
                return Take(')') ? group : throw Wrong("has no ) at its end; expected one");
            case '[':
                return Class();
            case '.':
                _at++;
                return RegexNode.Characters.Except([('\n', '\n')]);
            case '*' or '+' or '?' or '{':
                throw Wrong($"is a {found} after nothing to repeat; expected \\{found} for the character");
            case '^' or '$':
                throw Wrong($"is a {found} inside the expression, which is matched as a whole; expected \\{found} for the character");
            case '\\':
                return new RegexNode.Characters(Escape(inClass: false));
            default:
                int value = CodePoint();
                return new RegexNode.Characters([(value, value)]);
        }
    }

    /// <summary>A part as often as it says after it; once where nothing is said.</summary>
    private RegexNode Repeated(RegexNode part)
    {
        int from = _at;
        (int Least, int? Most)? bounds = _pattern[_at] switch
        {
            '*' => (0, null),
            '+' => (1, null),
            '?' => (0, 1),
            '{' => Bounds(),
            _ => null,
        };
        if (bounds is not { } found) return part;
        if (_at == from) _at++;
        Take('?'); // a lazy repetition matches the same texts
        if (!IsEnd && _pattern[_at] == '+') throw Wrong("is a possessive repetition; expected none");
        if (!IsEnd && _pattern[_at] is ('*' or '?' or '{') and var again)
            throw Wrong($"is a {again} after a repetition; expected a group around what is repeated again, or \\{again} for the character");
        return new RegexNode.Repeat(part, found.Least, found.Most);
    }

    private (int, int?) Bounds()
    {
        int end = _pattern.IndexOf('}', _at), from = _at;
        string[] numbers = end < 0 ? [] : _pattern[(_at + 1)..end].Split(',');
        if (numbers.Length is not (1 or 2) || !Number(numbers[0], out int least)) throw Wrong("is no number of repetitions; expected {n}, {n,} or {n,m}, or \\{ for the character");
        int? most = numbers.Length == 1 ? least : null;
        if (numbers.Length == 2 && numbers[1].Length > 0)
            most = Number(numbers[1], out int number) ? number : throw Wrong("is no number of repetitions; expected {n}, {n,} or {n,m}, or \\{ for the character");
        _at = end + 1;
        if (most < least) throw Wrong($"repeats {least} to {most} times; expected the smaller number first", from);
        if (Math.Max(least, most ?? 0) > MostRepeats) throw Wrong($"repeats {Math.Max(least, most ?? 0)} times; expected at most {MostRepeats}", from);
        return (least, most);

        static bool Number(string text, out int number) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }

    private RegexNode Class()
    {
        int from = _at++;
        bool except = Take('^');
        var ranges = new List<(int First, int Last)>();
        for (bool first = true; ; first = false)
        {
            if (IsEnd) throw Wrong("has no ] at its end; expected one", from);
            if (!first && Take(']')) break;
            if (first && _pattern[_at] == ']') throw Wrong("is an empty class; expected a character or more, \\] for the bracket", from);
            if (_pattern[_at] == '[') throw Wrong("is a [ inside a class; expected \\[ for the character");
            IReadOnlyList<(int First, int Last)> one = Member();
            bool isRange = _at + 1 < _pattern.Length && _pattern[_at] == '-' && _pattern[_at + 1] != ']';
            if (isRange)
            {
                _at++;
                IReadOnlyList<(int First, int Last)> to = Member();
                if (one is not [var low] || to is not [var high] || low.First != low.Last || high.First != high.Last || high.Last < low.First)
                    throw Wrong("is no range of characters; expected the smaller one first", from);
                one = [(low.First, high.Last)];
            }

            ranges.AddRange(one);
        }

        return except ? RegexNode.Characters.Except(ranges) : new RegexNode.Characters(ranges);
    }

    private IReadOnlyList<(int, int)> Member()
    {
        if (_pattern[_at] == '\\') return Escape(inClass: true);
        int value = CodePoint();
        return [(value, value)];
    }

    private IReadOnlyList<(int, int)> Escape(bool inClass)
    {
        int from = _at++;
        if (IsEnd) throw Wrong("ends in \\; expected \\\\ for the character", from);
        char found = _pattern[_at++];
        switch (found)
        {
            case 'd': return s_digits;
            case 'w': return s_word;
            case 's': return s_space;
            case 'D': return RegexNode.Characters.Except(s_digits).Ranges;
            case 'W': return RegexNode.Characters.Except(s_word).Ranges;
            case 'S': return RegexNode.Characters.Except(s_space).Ranges;
            case 'n': return One('\n');
            case 't': return One('\t');
            case 'r': return One('\r');
            case 'f': return One('\f');
            case 'v': return One('\v');
            case 'x': return One(Hexadecimal(2));
            case 'u': return One(Hexadecimal(4));
        }

        if (char.IsAsciiLetterOrDigit(found))
        {
            string what = char.IsAsciiDigit(found) ? "a back-reference" : found is 'b' or 'B' && !inClass ? "a word boundary" : "an unknown escape";
            throw Wrong($"is \\{found}, {what}; expected one of \\d \\w \\s \\D \\W \\S \\n \\t \\r \\f \\v \\xHH \\uHHHH, or \\ before a mark", from);
        }

        _at--;
        return One(CodePoint());

        static (int, int)[] One(int value) => [(value, value)];
    }

    private int Hexadecimal(int digits)
    {
        int from = _at;
        if (_at + digits > _pattern.Length || !int.TryParse(_pattern.AsSpan(_at, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int value))
            throw Wrong($"has fewer than {digits} hexadecimal digits; expected {digits}", from);
        _at += digits;
        return char.IsSurrogate((char)value) ? Rune.ReplacementChar.Value : value;
    }

    private int CodePoint()
    {
        Rune.DecodeFromUtf16(_pattern.AsSpan(_at), out Rune rune, out int units);
        _at += units;
        return rune.Value;
    }

    private bool Take(char wanted)
    {
        if (IsEnd || _pattern[_at] != wanted) return false;
        _at++;
        return true;
    }

    private GrammarException Wrong(string what, int? at = null) => new($"character {(at ?? _at) + 1} of the regular expression {what}");
}
