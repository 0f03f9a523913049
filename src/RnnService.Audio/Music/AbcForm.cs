using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace RnnService.Audio.Music;

/// <summary>
/// Writes a tune in the form that models read: the fields X, M, L and K, then notes in the shortest writing, grace notes, groups, broken pairs, bars, endings
/// and changes of metre, unit or key. Titles, other fields, slurs, texts and decorations are left out, and ties between notes of two pitches, which are
/// slurs. Not thread-safe.
/// </summary>
internal sealed class AbcForm(string tune)
{
    private readonly StringBuilder _written = new();
    private int _tie = -1; // where the tie of the last note would stand
    private string _last = ""; // that note, without accidental and length
    private bool _afterNote, _space;

    /// <summary>The tune; null where it has no metre or key, or no note.</summary>
    public string? Write()
    {
        AbcMetre? metre = null, unit = null;
        bool inBody = false;
        foreach (string line in tune.Split('\n'))
        {
            if (AbcSyntax.Field().Match(line.TrimEnd('\r')) is { Success: true } field)
            {
                string value = AbcSyntax.ValueOf(field), letter = field.Groups["letter"].Value;
                if (inBody)
                {
                    if (Field(letter, value) is { } changed) _written.Append(changed).Append('\n');
                    continue;
                }

                if (letter == "M") metre = AbcMetre.Parse(value);
                if (letter == "L") unit = AbcMetre.Parse(value);
                if (letter != "K") continue;
                if (metre is not { } known || AbcKey.Parse(value) is not { } key) return null;
                unit ??= new AbcMetre(1, known.UsualUnit);
                _written.Append($"X:1\nM:{known}\nL:{unit}\nK:{key}\n");
                inBody = true;
                continue;
            }

            if (inBody) Line(line);
        }

        return _last.Length > 0 ? _written.ToString() : null;
    }

    private static string? Field(string letter, string value) => letter switch
    {
        "K" when AbcKey.Parse(value) is { } key => $"K:{key}",
        "M" or "L" when AbcMetre.Parse(value) is { } metre => $"{letter}:{metre}",
        _ => null,
    };

    private void Line(string line)
    {
        int begin = _written.Length;
        (_afterNote, _space) = (false, false);
        for (int at = 0; at < line.Length;) at += Math.Max(1, Symbol(line, at));
        if (_written.Length > begin) _written.Append('\n');
    }

    /// <summary>Writes the symbol that stands there; returns its length, 0 where it is none.</summary>
    private int Symbol(string line, int at)
    {
        if (AbcSyntax.Note().Match(line, at) is { Success: true } note)
        {
            string pitch = Pitch(note);
            return Add(note, note.Groups["accidental"].Value + pitch, pitch, Length(note));
        }

        if (AbcSyntax.Chord().Match(line, at) is { Success: true } chord)
        {
            MatchCollection notes = AbcSyntax.Note().Matches(string.Concat(chord.Groups["notes"].Value.Where(character => !" -().~".Contains(character))));
            string all = string.Concat(notes.Select(one => one.Groups["accidental"].Value + Pitch(one) + Length(one)));
            return Add(chord, $"[{all}]", all, Length(chord));
        }

        if (AbcSyntax.InlineField().Match(line, at) is { Success: true } field)
        {
            if (Field(field.Groups["letter"].Value, AbcSyntax.ValueOf(field)) is { } changed) Mark($"[{changed}]");
            return field.Length;
        }

        if (AbcSyntax.Group().Match(line, at) is { Success: true } group)
        {
            Begin();
            Mark(group.Value.TrimEnd(':'));
            return group.Length;
        }

        if (AbcSyntax.Bar().Match(line, at) is { Success: true } bar)
        {
            string lines = bar.Groups["lines"].Value, ending = bar.Groups["ending"].Value;
            _space = false;
            Mark(lines.Length > 0 ? Stroke(lines) + ending : "[" + ending);
            return bar.Length;
        }

        if (AbcSyntax.Graces().Match(line, at) is { Success: true } graces)
        {
            string notes = string.Concat(AbcSyntax.Note().Matches(Regex.Replace(graces.Groups["notes"].Value, "[^A-Ga-g^_=,'0-9/]", "")).Select(one =>
                one.Groups["accidental"].Value + Pitch(one) + Length(one)));
            if (notes.Length > 0)
            {
                Begin();
                Mark($"{{{notes}}}");
            }

            return graces.Length;
        }

        if (AbcSyntax.Broken().Match(line, at) is { Success: true } broken)
        {
            _space = false;
            Mark(broken.Value);
            return broken.Length;
        }

        if (_afterNote && line[at] is ' ' or '\t') _space = true;
        if (_afterNote && line[at] == '-') _tie = _written.Length;
        return AbcSyntax.Skipped().Match(line, at).Length;
    }

    private int Add(Match whole, string note, string pitch, string length)
    {
        if (_tie >= 0 && pitch == _last && pitch != "z") _written.Insert(_tie, '-');
        _tie = -1;
        Begin();
        Mark(note + length);
        (_last, _afterNote) = (pitch, true);
        return whole.Length;
    }

    /// <summary>Writes the space between two groups of notes.</summary>
    private void Begin()
    {
        if (_space) _written.Append(' ');
        _space = false;
    }

    private void Mark(string symbol)
    {
        _written.Append(symbol);
        (_afterNote, _space) = (false, false);
    }

    private static string Stroke(string lines) => AbcReader.EndOf(lines) switch
    {
        AbcBarEnd.RepeatBegin => "::",
        AbcBarEnd.Repeat => ":|",
        AbcBarEnd.Begin => "|:",
        AbcBarEnd.Double => lines[^1] == ']' ? "|]" : "||",
        _ => "|",
    };

    private static string Pitch(Match note)
    {
        string letter = note.Groups["letter"].Value, marks = note.Groups["octave"].Value;
        if (letter is "z" or "x") return "z";
        if (letter == "Z") return letter;
        int octave = marks.Count(mark => mark == '\'') - marks.Count(mark => mark == ',') + (char.IsLower(letter[0]) ? 1 : 0);
        return octave > 0 ? letter.ToLowerInvariant() + new string('\'', octave - 1) : letter.ToUpperInvariant() + new string(',', -octave);
    }

    /// <summary>A length in the shortest writing: 2, 3/, /, /4.</summary>
    private static string Length(Match note)
    {
        string slashes = note.Groups["slash"].Value, divisor = note.Groups["den"].Value;
        int over = int.TryParse(note.Groups["num"].ValueSpan, CultureInfo.InvariantCulture, out int number) ? number : 1, under = 1;
        if (slashes.Length > 0) under = (int.TryParse(divisor, CultureInfo.InvariantCulture, out int given) ? given : 2) << (slashes.Length - 1);
        int common = Math.Max(1, (int)System.Numerics.BigInteger.GreatestCommonDivisor(over, under));
        (over, under) = (over / common, under / common);
        string times = over == 1 ? "" : over.ToString(CultureInfo.InvariantCulture);
        return under switch { 1 => times, 2 => times + "/", _ => string.Create(CultureInfo.InvariantCulture, $"{times}/{under}") };
    }
}
