using System.Globalization;
using System.Numerics;
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
    private int _begin; // of the line
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

    private void Line(string text)
    {
        _begin = _written.Length;
        (_afterNote, _space) = (false, false);
        for (int at = 0; at < text.Length;) at += Math.Max(1, Symbol(text, at));
        if (_written.Length == _begin) return;
        string notes = _written.ToString(_begin, _written.Length - _begin), line = AbcSyntax.Line(notes);
        if (_tie > _begin + 1) _tie += line.Length - notes.Length;
        _written.Remove(_begin, notes.Length).Append(line).Append('\n');
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
            string all = Notes(chord);
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
            string notes = Notes(graces);
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
        if (_tie >= 0 && pitch == _last && pitch != "z")
        {
            _written.Insert(_tie, '-');
            if (_tie < _begin) _begin++;
        }

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

    private static string Notes(Match several) =>
        string.Concat(AbcSyntax.NotesOf(several).Select(note => note.Groups["accidental"].Value + Pitch(note) + Length(note)));

    private static string Pitch(Match note) => note.Groups["letter"].Value switch
    {
        "z" or "x" => "z",
        "Z" => "Z",
        var letter => AbcSyntax.Pitch(letter[0], AbcSyntax.OctaveOf(note)),
    };

    /// <summary>A length in the shortest writing: 2, 3/, /, /4.</summary>
    private static string Length(Match note)
    {
        (long times, long over) = AbcSyntax.LengthOf(note);
        long common = Math.Max(1, (long)BigInteger.GreatestCommonDivisor(times, over));
        (times, over) = (times / common, over / common);
        string number = times == 1 ? "" : times.ToString(CultureInfo.InvariantCulture);
        return over switch { 1 => number, 2 => number + "/", _ => string.Create(CultureInfo.InvariantCulture, $"{number}/{over}") };
    }
}
