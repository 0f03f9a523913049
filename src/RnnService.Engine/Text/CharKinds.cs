using System.Globalization;
using System.Text;

namespace RnnService.Engine.Text;

/// <summary>What the word tokenizer asks of a character. Offsets and lengths are UTF-16 units.</summary>
internal static class CharKinds
{
    private const char ZeroWidthNonJoiner = '\u200C';
    private const char ZeroWidthJoiner = '\u200D';

    /// <summary>Length of the letter, digit, mark or invisible joiner at an offset, or 0 when something else stands there.</summary>
    public static int WordCharLength(ReadOnlySpan<char> text, int at)
    {
        char c = text[at];
        if (char.IsAscii(c)) return char.IsAsciiLetterOrDigit(c) ? 1 : 0;
        if (IsApostrophe(c)) return 0;
        if (Rune.DecodeFromUtf16(text[at..], out Rune rune, out int length) != System.Buffers.OperationStatus.Done) return 0;
        return Rune.GetUnicodeCategory(rune) switch
        {
            UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter
                or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter or UnicodeCategory.DecimalDigitNumber
                or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => length,
            _ => Extends(rune) ? length : 0,
        };
    }

    /// <summary>Whether a letter, digit, mark or invisible joiner stands at an offset.</summary>
    public static bool IsWordChar(ReadOnlySpan<char> text, int at) => WordCharLength(text, at) > 0;

    /// <summary>Where the characters end that cannot stand apart from what comes before them: marks, joiners, emoji modifiers.</summary>
    public static int SkipExtending(ReadOnlySpan<char> text, int at)
    {
        while (at < text.Length && !char.IsAscii(text[at]))
        {
            if (Rune.DecodeFromUtf16(text[at..], out Rune rune, out int length) != System.Buffers.OperationStatus.Done) break;
            if (!Extends(rune)) break;
            at += length;
        }

        return at;
    }

    /// <summary>Whether the character is typed for an apostrophe: straight, curly, grave, acute, modifier letter, full width.</summary>
    public static bool IsApostrophe(char c) => c is '\'' or '`' or '\u00B4' or '\u2018' or '\u2019' or '\u02BC' or '\uFF07';

    /// <summary>Whether the character joins the parts of a compound: the hyphens, not the dashes.</summary>
    public static bool IsHyphen(char c) => c is '-' or '\u2010' or '\u2011';

    private static bool Extends(Rune rune) => Rune.GetUnicodeCategory(rune) switch
    {
        UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark => true,
        UnicodeCategory.Format => rune.Value is ZeroWidthJoiner or ZeroWidthNonJoiner
            or 0x00AD or 0x061C or 0x200E or 0x200F or (>= 0x202A and <= 0x202E) or (>= 0x2060 and <= 0x206F) // hyphenation, direction
            or (>= 0xE0020 and <= 0xE007F), // flag tags
        _ => rune.Value is >= 0x1F3FB and <= 0x1F3FF, // skin tones
    };
}
