using System.Globalization;
using System.Text.RegularExpressions;

namespace RnnService.Audio.Music;

/// <summary>Reads one tune: header fields, then notes, rests, chords, groups, broken pairs, ties, bars, endings and fields between. Not thread-safe.</summary>
internal sealed class AbcReader(string text)
{
    private const int OctaveOfC = 5; // of MIDI's numbers, 12 each

    private static readonly int[] s_semitones = [0, 2, 4, 5, 7, 9, 11];

    private readonly List<AbcBar> _bars = [];
    private readonly List<AbcNote> _notes = [];
    private readonly Dictionary<string, int> _accidentals = []; // of the bar, by letter and octave
    private readonly Dictionary<string, int> _last = []; // pitches of the last note, likewise
    private Dictionary<string, int> _tied = []; // those of it that are held
    private AbcKey _key;
    private int[] _signature = [];
    private int _at;
    private AbcMetre _metre;
    private long _unit;
    private double? _tempo; // whole notes a minute
    private int _ending;
    private (int Left, long Times, long Over) _group;
    private (long Times, long Over) _broken = (1, 1); // of the next note
    private bool _inBody, _opens;

    /// <exception cref="FormatException">It is no tune.</exception>
    public AbcTune Read()
    {
        while (_at < text.Length)
        {
            int end = text.IndexOf('\n', _at);
            if (end < 0) end = text.Length;
            if (AbcSyntax.Field().Match(text[_at..end].TrimEnd('\r')) is { Success: true } field)
            {
                Set(field);
            }
            else if (_inBody)
            {
                while (_at < end) Symbol(end);
            }
            else if (text[_at..end].Trim().Length > 0)
            {
                throw Wrong("stands before the key (K:); expected fields of the header");
            }

            _at = end + 1;
        }

        if (!_inBody) throw new FormatException("K: is missing; expected the key at the end of the header");
        if (_group.Left > 0 || _broken != (1, 1)) throw new FormatException("the tune ends inside a group or broken pair; expected its notes");
        if (_notes.Count > 0) Close(AbcBarEnd.Single);
        return _bars.Count > 0 ? new AbcTune(_bars) { OpensWithRepeat = _opens } : throw new FormatException("the tune holds no note; expected one or more");
    }

    private void Symbol(int end)
    {
        char found = text[_at];
        int length = end - _at;
        if (AbcSyntax.Note().Match(text, _at, length) is { Success: true } note) Add([note], note);
        else if (AbcSyntax.Chord().Match(text, _at, length) is { Success: true } chord) Add(AbcSyntax.NotesOf(chord), chord);
        else if (AbcSyntax.InlineField().Match(text, _at, length) is { Success: true } field)
        {
            Set(field);
            _at += field.Length;
        }
        else if (AbcSyntax.Group().Match(text, _at, length) is { Success: true } group) Open(group);
        else if (AbcSyntax.Bar().Match(text, _at, length) is { Success: true } bar) Stroke(bar);
        else if (AbcSyntax.Graces().Match(text, _at, length) is { Success: true } graces) _at += graces.Length;
        else if (AbcSyntax.Skipped().Match(text, _at, length) is { Success: true } skipped) _at += skipped.Length;
        else if (AbcSyntax.Broken().Match(text, _at, length) is { Success: true } broken) Break(broken);
        else if (found == '-' && _notes.Count + _bars.Count > 0) Tie();
        else throw Wrong($"is {(char.IsControl(found) ? $"U+{(int)found:X4}" : $"\"{found}\"")}; expected notes, bars and what belongs to them");
    }

    private void Add(Match[] notes, Match whole)
    {
        bool isRest = whole.Groups["letter"].Value is "z" or "x";
        if (whole.Groups["letter"].Value == "Z")
        {
            Rest(int.TryParse(whole.Groups["num"].Value, out int bars) ? bars : 1);
            _at += whole.Length;
            return;
        }

        // A chord is as long as its first note, times what follows its bracket.
        (long times, long over) = LengthOf(whole);
        if (whole != notes[0])
        {
            (long ofFirst, long overFirst) = LengthOf(notes[0]);
            (times, over) = (times * ofFirst, over * overFirst);
        }

        long ticks = _unit * times / over;
        if (_group.Left > 0)
        {
            ticks = ticks * _group.Times / _group.Over;
            _group = _group with { Left = _group.Left - 1 };
        }

        ticks = ticks * _broken.Times / _broken.Over;
        _broken = (1, 1);
        _last.Clear();
        _notes.Add(new AbcNote(isRest ? [] : [.. notes.Select(Pitch)], ticks, false));
        _tied = [];
        _at += whole.Length;
    }

    /// <summary>A rest of whole bars.</summary>
    private void Rest(int bars)
    {
        if (bars == 0 || _notes.Count > 0 || _group.Left > 0 || _broken != (1, 1)) throw Wrong("is a rest of bars within a bar; expected it in a bar's place");
        for (int i = 0; i < bars; i++)
        {
            if (i > 0) Close(AbcBarEnd.Single);
            _notes.Add(new AbcNote([], _metre.Ticks, false));
        }
    }

    private (long Times, long Over) LengthOf(Match note)
    {
        (long times, long over) = AbcSyntax.LengthOf(note);
        return times == 0 || over is 0 or > 128 ? throw Wrong("is no length of a note; expected a number such as 2 or 3/2") : (times, over);
    }

    private void Break(Match marks)
    {
        if (_notes.Count == 0 || _broken != (1, 1)) throw Wrong("is a broken pair without its first note; expected a note before it");
        long part = 1L << marks.Length, more = 2 * part - 1;
        (long first, long second) = marks.Value[0] == '>' ? (more, 1L) : (1L, more);
        _notes[^1] = _notes[^1] with { Ticks = _notes[^1].Ticks * first / part };
        _broken = (second, part);
        _at += marks.Length;
    }

    private void Tie()
    {
        if (_notes.Count > 0)
        {
            _notes[^1] = _notes[^1] with { IsTied = true };
            _tied = new(_last);
        }

        _at++;
    }

    private void Open(Match group)
    {
        int notes = Number("notes") ?? 0;
        int time = Number("time") ?? notes switch { 2 or 4 or 8 => 3, 3 or 6 => 2, _ => _metre.IsCompound ? 3 : 2 };
        int left = Number("count") ?? notes;
        if (_group.Left > 0 || time == 0 || left == 0) throw Wrong("is a group that cannot be; expected (2 to (9, one at a time");
        _group = (left, time, notes);
        _at += group.Length;

        int? Number(string part) => int.TryParse(group.Groups[part].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : null;
    }

    private void Stroke(Match bar)
    {
        if (_group.Left > 0 || _broken != (1, 1)) throw Wrong("is a bar inside a group or broken pair; expected its notes");
        if (bar.Groups["lines"].Value is { Length: > 0 } lines) Close(EndOf(lines));
        if (bar.Groups["ending"].Value is { Length: > 0 } ending) _ending = ending[0] - '0';
        _at += bar.Length;
    }

    /// <summary>What a bar's lines and dots say.</summary>
    internal static AbcBarEnd EndOf(string lines) => (lines[0] == ':', lines[^1] == ':') switch
    {
        (true, true) => AbcBarEnd.RepeatBegin,
        (true, false) => AbcBarEnd.Repeat,
        (false, true) => AbcBarEnd.Begin,
        _ => lines.Length > 1 ? AbcBarEnd.Double : AbcBarEnd.Single,
    };

    private void Close(AbcBarEnd end)
    {
        _accidentals.Clear();
        if (_notes.Count == 0)
        {
            // A stroke after a stroke, as at a line's begin, says more about the bar before.
            if (_bars.Count == 0) _opens |= end == AbcBarEnd.Begin;
            else if (end != AbcBarEnd.Single) _bars[^1] = _bars[^1] with { End = Both(_bars[^1].End, end) };
            return;
        }

        _bars.Add(new AbcBar([.. _notes], _metre, end, _ending)
        {
            Signature = _key.Sharps,
            IsMinor = _key.Mode == "m",
            Tempo = _tempo,
        });
        _notes.Clear();
        _ending = 0;
    }

    private static AbcBarEnd Both(AbcBarEnd first, AbcBarEnd second) => (first, second) switch
    {
        (AbcBarEnd.Repeat or AbcBarEnd.RepeatBegin, AbcBarEnd.Begin or AbcBarEnd.RepeatBegin) => AbcBarEnd.RepeatBegin,
        (AbcBarEnd.Repeat or AbcBarEnd.RepeatBegin, _) => first,
        (AbcBarEnd.Begin, AbcBarEnd.Double) => first,
        _ => second,
    };

    private void Set(Match field)
    {
        string value = AbcSyntax.ValueOf(field);
        switch (field.Groups["letter"].Value)
        {
            case "M":
                _metre = AbcMetre.Parse(value) ?? throw Wrong("is no metre; expected one such as M:6/8");
                if (_unit == 0) _unit = AbcTune.TicksOfWhole / _metre.UsualUnit;
                break;
            case "L":
                _unit = AbcMetre.Parse(value)?.Ticks ?? throw Wrong("is no length of a note; expected one such as L:1/8");
                break;
            case "Q":
                _tempo = AbcTempo.Parse(value, _unit) ?? _tempo;
                break;
            case "K":
                _key = AbcKey.Parse(value) ?? throw Wrong("is no key; expected one such as K:G or K:Ador");
                if (_metre.Beats == 0) throw Wrong("comes without a metre (M:); expected one before the key");
                _signature = _key.Signature();
                _inBody = true;
                break;
        }
    }

    private int Pitch(Match note)
    {
        int at = AbcSyntax.StepOf(note), octave = OctaveOfC + AbcSyntax.OctaveOf(note);
        string place = $"{at}.{octave}";
        if (AbcSyntax.AlterationOf(note) is { } accidental)
            _accidentals[place] = accidental;
        else if (_tied.TryGetValue(place, out int held)) return _last[place] = held; // an accidental is held over the bar with its note
        return _last[place] = Math.Clamp(12 * octave + s_semitones[at] + (_accidentals.TryGetValue(place, out int altered) ? altered : _signature[at]), 0, 127);
    }

    private FormatException Wrong(string what)
    {
        string before = text[..Math.Min(_at, text.Length)];
        int line = before.Count(character => character == '\n') + 1, column = _at - (before.LastIndexOf('\n') + 1) + 1;
        return new FormatException($"line {line}, character {column} {what}");
    }
}
