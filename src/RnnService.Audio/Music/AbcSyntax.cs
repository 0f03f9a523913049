using System.Text.RegularExpressions;

namespace RnnService.Audio.Music;

/// <summary>The symbols of ABC notation, each found where a search begins.</summary>
internal static partial class AbcSyntax
{
    private const string LengthPattern = @"(?<num>\d{0,3})(?<slash>/{0,4})(?<den>(?:(?<=/)\d{1,3})?)";

    /// <summary>A note or rest: accidental, letter, octave and length.</summary>
    [GeneratedRegex(@"\G(?<accidental>\^{1,2}|_{1,2}|=)?(?<letter>[A-Ga-gzxZ])(?<octave>[,']{0,4})" + LengthPattern)]
    public static partial Regex Note();

    /// <summary>A chord: notes in brackets, and a length.</summary>
    [GeneratedRegex(@"\G\[(?<notes>(?:(?:\^{1,2}|_{1,2}|=)?[A-Ga-g][,']{0,4}\d{0,3}/{0,4}\d{0,3}[ \-().~]*)+)\]" + LengthPattern)]
    public static partial Regex Chord();

    /// <summary>A field between notes, such as <c>[K:D]</c>.</summary>
    [GeneratedRegex(@"\G\[(?<letter>[A-Za-z]):(?<value>[^\]]*)\]")]
    public static partial Regex InlineField();

    /// <summary>A line that is a field.</summary>
    [GeneratedRegex(@"^(?<letter>[A-Za-z+]):(?<value>.*)$")]
    public static partial Regex Field();

    /// <summary>The begin of a group, such as <c>(3</c>: that many notes, in the time of, for so many.</summary>
    [GeneratedRegex(@"\G\((?<notes>[2-9])(?::(?<time>\d?))?(?::(?<count>\d?))?")]
    public static partial Regex Group();

    /// <summary>A bar, an ending or both.</summary>
    [GeneratedRegex(@"\G(?:(?<lines>:*\|(?:[|\]:]|\[(?=\|))*|::+|\[\|[|\]:]*)(?:\s?\[?(?<ending>\d)(?:[,-]\d)*)?|\[(?<ending>\d)(?:[,-]\d)*)")]
    public static partial Regex Bar();

    /// <summary>Marks of a broken pair.</summary>
    [GeneratedRegex(@"\G(?:>{1,3}|<{1,3})")]
    public static partial Regex Broken();

    /// <summary>Grace notes.</summary>
    [GeneratedRegex(@"\G\{(?<notes>[^}]*)\}")]
    public static partial Regex Graces();

    /// <summary>What has no length and is no note: white space, slurs, names of chords and other texts, decorations, comments.</summary>
    [GeneratedRegex("\\G(?:[ \\t\\r\\\\`()y]|\"[^\"]*\"|![^!\\n]*!|\\+[a-z]*\\+|[.~H-WYh-wJ]|%.*)")]
    public static partial Regex Skipped();

    /// <summary>What a field says, without a comment.</summary>
    public static string ValueOf(Match field) => field.Groups["value"].Value.Split('%')[0].Trim();

    /// <summary>A note without its length, wherever it stands.</summary>
    [GeneratedRegex(@"(?<accidental>\^{1,2}|_{1,2}|=)?(?<letter>[A-Ga-g])(?<octave>[,']*)")]
    public static partial Regex Letter();

    /// <summary>The empty lines between tunes.</summary>
    [GeneratedRegex(@"\n[ \t\r]*(?:\n[ \t\r]*)+")]
    public static partial Regex Between();
}
