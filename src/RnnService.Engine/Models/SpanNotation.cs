namespace RnnService.Engine.Models;

/// <summary>How labels spell marks and types: <c>B-PER</c>, <c>PER_B</c>, <c>b-per</c>, or <c>B</c> alone.</summary>
/// <param name="Separator">What stands between mark and type; null where marks stand alone.</param>
/// <param name="MarkFirst">Whether the mark comes before the type.</param>
/// <param name="Upper">Whether marks are capitals.</param>
internal readonly record struct SpanNotation(char? Separator, bool MarkFirst, bool Upper)
{
    private const string Letters = "BIMELSUW";

    /// <summary>All notations, the usual one first.</summary>
    public static IReadOnlyList<SpanNotation> All { get; } =
    [
        new('-', MarkFirst: true, Upper: true),
        new('_', MarkFirst: true, Upper: true),
        new('-', MarkFirst: false, Upper: true),
        new('_', MarkFirst: false, Upper: true),
        new(null, MarkFirst: true, Upper: true),
        new('-', MarkFirst: true, Upper: false),
        new('_', MarkFirst: true, Upper: false),
    ];

    private bool IsUsual => this == All[0];

    /// <summary>
    /// The letters by which a set of labels marks spans in this notation, in the order of <c>BIMELSUW</c>; null where it does not.
    /// </summary>
    /// <remarks>
    /// Names of other labels may look like marked ones (<c>S-PRO</c>, <c>U-turn</c>, <c>E-MAIL</c>), so a set is taken only where it hangs
    /// together: one letter for each place in a span; some type that occurs both at the beginning and further on; and fewer labels
    /// without a mark than with one. In the usual notation marks of a single kind are enough where O is the only other label.
    /// </remarks>
    public string? LettersOf(IReadOnlyList<string> labels)
    {
        var byType = new Dictionary<string, string>(StringComparer.Ordinal);
        int marked = 0, other = 0;
        bool outside = false;
        foreach (string label in labels)
        {
            if (TryRead(label, out char letter, out string type))
            {
                byType[type] = byType.GetValueOrDefault(type, "") + letter;
                marked++;
            }
            else if (IsOutside(label))
            {
                outside = true;
            }
            else if (!IsSpecial(label))
            {
                other++;
            }
        }

        string letters = string.Concat(Letters.Where(letter => byType.Values.Any(marks => marks.Contains(letter))));
        if (letters.Length == 0 || Several("IM") || Several("EL") || Several("SUW")) return null;
        bool alone = Separator is null;
        bool hangsTogether = byType.Values.Any(marks => marks.Contains('B')
            ? marks.AsSpan().ContainsAny("IMEL") || (!alone && marks.AsSpan().ContainsAny("SUW"))
            : outside && marks.Contains('I') && marks.AsSpan().ContainsAny("EL"));
        if (hangsTogether) return other == 0 || (!alone && other < marked) ? letters : null;
        if (!outside || other > 0) return null;
        return letters == "I" && (IsUsual || alone) || IsUsual && (letters.Contains('B') || letters is "S" or "U" or "W")
            ? letters
            : null;

        bool Several(string place) => place.Count(letters.Contains) > 1;
    }

    /// <summary>Whether a label is that of a word in no span.</summary>
    public bool IsOutside(string label) => label == SpanScheme.Outside || (label == "o" && !Upper);

    /// <summary>Takes a label apart; false where it has no mark.</summary>
    /// <param name="label">The label.</param>
    /// <param name="letter">The mark, as a capital.</param>
    /// <param name="type">The type.</param>
    public bool TryRead(string label, out char letter, out string type)
    {
        (letter, type) = ('\0', SpanScheme.NoType);
        if (Separator is not { } separator)
        {
            if (label.Length != 1) return false;
            letter = label[0];
            return Letters.Contains(letter);
        }

        if (label.Length < 3 || label[MarkFirst ? 1 : ^2] != separator) return false;
        char mark = MarkFirst ? label[0] : label[^1];
        letter = Upper ? mark : char.ToUpperInvariant(mark);
        if (!Letters.Contains(letter) || (!Upper && mark == letter)) return false;
        type = MarkFirst ? label[2..] : label[..^2];
        if (separator == '_' && type.Trim('_') is { Length: > 0 } bare) type = bare; // B__PER
        return true;
    }

    /// <summary>The label of the same type with another mark.</summary>
    public string WithMark(string label, char letter)
    {
        char mark = Upper ? letter : char.ToLowerInvariant(letter);
        return Separator is null ? $"{mark}" : MarkFirst ? $"{mark}{label[1..]}" : $"{label[..^1]}{mark}";
    }

    // What a network's labels hold beside those of the corpus: <pad>, [CLS], START.
    private static bool IsSpecial(string label) =>
        label is ['<', .., '>'] or ['[', .., ']'] or "PAD" or "START" or "STOP" or "X";
}
