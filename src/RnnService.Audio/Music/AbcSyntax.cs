using System.Globalization;
using System.Text.RegularExpressions;

namespace RnnService.Audio.Music;

/// <summary>The symbols of ABC notation, each found where a search begins.</summary>
internal static partial class AbcSyntax
{
    private const string LengthPattern = @"(?<num>[0-9]{0,3})(?<slash>/{0,4})(?<den>(?:(?<=/)[0-9]{1,3})?)";

    /// <summary>A note or rest: accidental, letter, octave and length.</summary>
    [GeneratedRegex(@"\G(?<accidental>\^{1,2}|_{1,2}|=)?(?<letter>[A-Ga-gzxZ])(?<octave>[,']{0,4})" + LengthPattern)]
    public static partial Regex Note();

    /// <summary>A chord: notes in brackets, and a length.</summary>
    [GeneratedRegex(@"\G\[(?<notes>(?:(?:\^{1,2}|_{1,2}|=)?[A-Ga-g][,']{0,4}[0-9]{0,3}/{0,4}[0-9]{0,3}[ \-().~]*)+)\]" + LengthPattern)]
    public static partial Regex Chord();

    /// <summary>A field between notes, such as <c>[K:D]</c>.</summary>
    [GeneratedRegex(@"\G\[(?<letter>[A-Za-z]):(?<value>[^\]]*)\]")]
    public static partial Regex InlineField();

    /// <summary>A line that is a field.</summary>
    [GeneratedRegex(@"^(?<letter>[A-Za-z+]):(?<value>.*)$")]
    public static partial Regex Field();

    /// <summary>The begin of a group, such as <c>(3</c>: that many notes, in the time of, for so many.</summary>
    [GeneratedRegex(@"\G\((?<notes>[2-9])(?::(?<time>[0-9]?))?(?::(?<count>[0-9]?))?")]
    public static partial Regex Group();

    /// <summary>A bar, an ending or both.</summary>
    [GeneratedRegex(@"\G(?:(?<lines>:*\|(?:[|\]:]|\[(?=\|))*|::+|\[\|[|\]:]*)(?:\s?\[?(?<ending>[0-9])(?:[,-][0-9])*)?|\[(?<ending>[0-9])(?:[,-][0-9])*)")]
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

    /// <summary>A note without its length, wherever it stands.</summary>
    [GeneratedRegex(@"(?<accidental>\^{1,2}|_{1,2}|=)?(?<letter>[A-Ga-g])(?<octave>[,']*)")]
    public static partial Regex Letter();

    /// <summary>The empty lines between tunes.</summary>
    [GeneratedRegex(@"\n[ \t\r]*(?:\n[ \t\r]*)+")]
    public static partial Regex Between();

    /// <summary>A text in quotes.</summary>
    [GeneratedRegex("\"[^\"]*\"")]
    public static partial Regex Quoted();

    /// <summary>What a field says, without a comment.</summary>
    public static string ValueOf(Match field) => field.Groups["value"].Value.Split('%')[0].Trim();

    /// <summary>The notes of a chord or of grace notes; what stands between them is passed over.</summary>
    public static Match[] NotesOf(Match several) => [.. Note().Matches(NoPartOfNote().Replace(several.Groups["notes"].Value, "")).Cast<Match>()];

    /// <summary>The place of a note's letter among <see cref="AbcKey.Letters"/>.</summary>
    public static int StepOf(Match note) => AbcKey.Letters.IndexOf(char.ToUpperInvariant(note.Groups["letter"].Value[0]), StringComparison.Ordinal);

    /// <summary>Octaves from that of C up to a note: of c 1, of C, −1.</summary>
    public static int OctaveOf(Match note)
    {
        string marks = note.Groups["octave"].Value;
        return marks.Count(mark => mark == '\'') - marks.Count(mark => mark == ',') + (char.IsLower(note.Groups["letter"].Value[0]) ? 1 : 0);
    }

    /// <summary>Semitones by which a note's accidental alters it; null where it has none.</summary>
    public static int? AlterationOf(Match note) => note.Groups["accidental"].Value switch
    {
        "" => null,
        ['^', ..] and var sharps => sharps.Length,
        ['_', ..] and var flats => -flats.Length,
        _ => 0,
    };

    /// <summary>The length of a note or chord in units: 3/2 is (3, 2), // is (1, 4); either may be 0, which is no length.</summary>
    public static (long Times, long Over) LengthOf(Match note)
    {
        string slashes = note.Groups["slash"].Value;
        long over = slashes.Length == 0 ? 1 : Number("den", 2) << (slashes.Length - 1);
        return (Number("num", 1), over);

        long Number(string part, long usual) => note.Groups[part].Value is { Length: > 0 } digits ? long.Parse(digits, CultureInfo.InvariantCulture) : usual;
    }

    /// <summary>A letter in an octave, as <see cref="OctaveOf"/> counts them.</summary>
    public static string Pitch(char letter, int octave) => octave > 0
        ? char.ToLowerInvariant(letter) + new string('\'', octave - 1)
        : char.ToUpperInvariant(letter) + new string(',', -octave);

    /// <summary>
    /// A line of notes as it can be read back: a bar of one letter before a colon, <c>G:|</c>, would be a field, and <c>G :|</c> is none.
    /// </summary>
    public static string Line(string notes) => Field().IsMatch(notes) ? notes.Insert(1, " ") : notes;

    [GeneratedRegex("[^A-Ga-g^_=,'0-9/]")]
    private static partial Regex NoPartOfNote();
}
