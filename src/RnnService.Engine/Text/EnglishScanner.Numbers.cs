namespace RnnService.Engine.Text;

internal sealed partial class EnglishScanner
{
    private const int MostPhoneGroups = 5;

    /// <summary>Reads groups of digits and the marks between them, then what hangs on the last group.</summary>
    /// <param name="at">The first digit; the token may have begun before it with a period.</param>
    /// <param name="limit">Where to stop.</param>
    private void Number(int at, int limit)
    {
        int end = at + 1;
        while (end < limit)
        {
            if (char.IsAsciiDigit(source[end])) end++;
            else if (source[end] is '.' or ',' or ':' or '/' or '-' && end + 1 < limit && char.IsAsciiDigit(source[end + 1])) end += 2;
            else break;
        }

        DigitGroups(at, end);
        if (end + 1 < limit && source[end] is 'x' or 'X' && char.IsAsciiDigit(source[end + 1]) && Text[_start..end] is not "0")
        {
            Cut(end); // 1920x1080
            Cut(end + 1);
            return;
        }

        int letters = WordEnd(end, limit);
        if (letters > end && EnglishForms.IsUnit(Text[end..letters])) Cut(end);
        Word(end, limit);
    }

    /// <summary>Cuts between the groups where they are several numbers; the last one stays open.</summary>
    private void DigitGroups(int start, int end)
    {
        if (IsPhoneOrDate(Text[start..end])) return;
        int piece = start;
        for (int i = start; i <= end; i++)
        {
            if (i < end && source[i] != '-') continue;
            Fraction(piece, i);
            if (i == end) break;
            Cut(i);
            Cut(i + 1);
            piece = i + 1;
        }
    }

    // 9/11 and 3/15/2001 are dates, 1/2 and 2001/02 are not
    private void Fraction(int start, int end)
    {
        ReadOnlySpan<char> piece = Text[start..end];
        int slash = piece.IndexOf('/');
        bool date = slash > 0 && (piece[(slash + 1)..].Contains('/') || IsMonthAndDay(piece[..slash], piece[(slash + 1)..]));
        for (int i = start; i < end; i++)
        {
            bool cuts = source[i] switch
            {
                '/' => !date,
                ',' => !IsThousands(i, end),
                _ => false,
            };
            if (!cuts) continue;
            Cut(i);
            Cut(i + 1);
        }
    }

    private static bool IsMonthAndDay(ReadOnlySpan<char> month, ReadOnlySpan<char> day) =>
        (month.Length == 2 || day.Length == 2) && month.Length <= 2 && day.Length <= 2 && int.TryParse(month, out int m) && m <= 12
        && int.TryParse(day, out int d) && d <= 31;

    private bool IsThousands(int comma, int end)
    {
        int next = comma + 1;
        int digits = Text[next..end].IndexOfAnyExceptInRange('0', '9');
        return (digits < 0 ? end - next : digits) == 3;
    }

    private static bool IsPhoneOrDate(ReadOnlySpan<char> number)
    {
        Span<int> lengths = stackalloc int[MostPhoneGroups];
        int count = 0, digits = 0;
        foreach (char c in number)
        {
            if (char.IsAsciiDigit(c))
            {
                digits++;
                continue;
            }

            if (c is not ('-' or '.') && !(c == '/' && count == 0) || count == MostPhoneGroups - 1) return false;
            lengths[count++] = digits;
            digits = 0;
        }

        lengths[count++] = digits;
        bool slashed = number.Contains('/');
        return (count, lengths[0], lengths[1], digits) switch
        {
            (2, 1 or 3 or 5, _, 4) => !slashed && !number.Contains('.'),
            (3, 3, 3, 4) or (3, 3, 2, 4) => true,
            (3, <= 2, <= 2, 2 or 4) or (3, 4, 2, 2) => !slashed && !number.Contains('.'),
            (4 or 5, <= 3, <= 3, 3 or 4) => !slashed,
            _ => false,
        };
    }
}
