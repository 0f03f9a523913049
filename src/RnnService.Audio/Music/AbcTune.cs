namespace RnnService.Audio.Music;

/// <summary>A note, a chord or a rest of a tune.</summary>
/// <param name="Pitches">MIDI's numbers of what sounds, 60 is the middle C; none of a rest.</param>
/// <param name="Ticks">Its length, in <see cref="AbcTune.TicksOfWhole"/> of a whole note.</param>
/// <param name="IsTied">Whether it is held into the next of the same pitch.</param>
public sealed record AbcNote(IReadOnlyList<int> Pitches, long Ticks, bool IsTied);

/// <summary>What ends a bar.</summary>
public enum AbcBarEnd
{
    /// <summary>A single line, after which the part goes on, or nothing at all.</summary>
    Single,

    /// <summary>A double line: a part ends.</summary>
    Double,

    /// <summary>The part before is repeated.</summary>
    Repeat,

    /// <summary>A part that is repeated begins.</summary>
    Begin,

    /// <summary>Both.</summary>
    RepeatBegin,
}

/// <summary>A bar.</summary>
/// <param name="Notes">What it holds.</param>
/// <param name="Metre">The metre that it should fill.</param>
/// <param name="End">What ends it.</param>
/// <param name="Ending">The ending that begins with it, such as 1; 0 for none.</param>
public sealed record AbcBar(IReadOnlyList<AbcNote> Notes, AbcMetre Metre, AbcBarEnd End, int Ending)
{
    /// <summary>Sharps of the signature where it ends; flats are negative.</summary>
    public int Signature { get; init; }

    /// <summary>Whether its key is minor.</summary>
    public bool IsMinor { get; init; }

    /// <summary>Whole notes a minute, where the tune says so.</summary>
    public double? Tempo { get; init; }

    /// <summary>The length it has, in ticks.</summary>
    public long Ticks => Notes.Sum(note => note.Ticks);

    internal bool Repeats => End is AbcBarEnd.Repeat or AbcBarEnd.RepeatBegin;
}

/// <summary>A tune in ABC notation (<see href="https://abcnotation.com/wiki/abc:standard:v2.1"/>): one voice, as far as folk tunes go. Immutable.</summary>
/// <param name="Bars">Its bars in the order in which they stand, those without a note left out.</param>
public sealed record AbcTune(IReadOnlyList<AbcBar> Bars)
{
    /// <summary>Whether a sign that begins a repeat stands before its first bar.</summary>
    public bool OpensWithRepeat { get; init; }

    /// <summary>Ticks of a whole note: 64ths can be thirds, fifths, sevenths and ninths of a group.</summary>
    public const long TicksOfWhole = 80_640;

    /// <summary>Reads a tune.</summary>
    /// <exception cref="FormatException">It is none; the message says what stands where.</exception>
    public static AbcTune Parse(string text) => new AbcReader(text).Read();

    /// <summary>The bars whose notes do not add up to the metre, by their index.</summary>
    /// <remarks>
    /// The first bar of a part may be shorter. The last may be too, if with the first of its own part (which is repeated), of the next or of the tune it
    /// makes a whole one; so may the last before each ending, and one that a repeat cuts in two.
    /// </remarks>
    public IReadOnlyList<int> UnevenBars()
    {
        var uneven = new List<int>();
        int first = 0;
        for (int i = 0; i < Bars.Count; i++)
        {
            AbcBar bar = Bars[i];
            bool isLast = bar.End != AbcBarEnd.Single || i + 1 == Bars.Count;
            long missing = bar.Metre.Ticks - bar.Ticks;
            if (missing < 0 || (missing > 0 && i != first && !(isLast && (Bars[first].Ticks == missing || Bars[0].Ticks == missing || Next(i)?.Ticks == missing))))
                uneven.Add(i);
            if (isLast && Next(i) is not { Ending: > 0 }) first = i + 1;
        }

        return uneven;
    }

    /// <summary>Its bars in the order in which they are played: parts repeated, endings chosen.</summary>
    public IReadOnlyList<AbcBar> Played()
    {
        var played = new List<AbcBar>();
        int from = 0;
        bool again = false, opened = OpensWithRepeat; // whether the part began with a sign, so that no double line within begins another
        for (int i = 0; i < Bars.Count; i++)
        {
            if (again && Bars[i].Ending == 1)
            {
                // The second time, what comes after the first ending.
                while (i < Bars.Count && !Bars[i].Repeats) i++;
                (again, from, opened) = (false, i + 1, i < Bars.Count && Bars[i].End == AbcBarEnd.RepeatBegin);
                continue;
            }

            played.Add(Bars[i]);
            if (Bars[i].Repeats && !again)
                (again, i) = (true, from - 1);
            else if (Bars[i].End is AbcBarEnd.Begin || Bars[i].Repeats || (Bars[i].End == AbcBarEnd.Double && !opened && Next(i) is not { Ending: > 1 }))
                (again, from, opened) = (false, i + 1, Bars[i].End is AbcBarEnd.Begin or AbcBarEnd.RepeatBegin);
        }

        return played;
    }

    private AbcBar? Next(int bar) => bar + 1 < Bars.Count ? Bars[bar + 1] : null;
}
