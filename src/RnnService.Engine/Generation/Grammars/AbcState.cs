namespace RnnService.Engine.Generation.Grammars;

/// <summary>Where a tune stands, in the bits of one number.</summary>
internal readonly record struct AbcState
{
    /// <summary>What was read last.</summary>
    public AbcPhase Phase { get; init; }

    /// <summary>Index of the metre, and of the unit length; of a header, the line and what has been read of it.</summary>
    public int Metre { get; init; }

    /// <summary>See <see cref="Metre"/>.</summary>
    public int Unit { get; init; }

    /// <summary>Length of the bar so far without the note that is being read, in ticks; of a header, what has been read of the line.</summary>
    public int At { get; init; }

    /// <summary>Length of the bar that every part begins with, plus 1; 1 where there is none, 0 while it is not known.</summary>
    public int Pickup { get; init; }

    /// <summary>Whether the bar is the first of its part.</summary>
    public bool Begins { get; init; }

    /// <summary>The number of the note that is being read.</summary>
    public int Number { get; init; }

    /// <summary>What it is divided by: 2 to this.</summary>
    public int Halvings { get; init; }

    /// <summary>Notes that a group of three still needs, the one being read included.</summary>
    public int Left { get; init; }

    /// <summary>The length of each note of the group, or of the second of a broken pair, in quarters of the unit; 0 for none yet.</summary>
    public int Same { get; init; }

    /// <summary>Whether the note is the second of a broken pair.</summary>
    public bool Broken { get; init; }

    public static AbcState Of(long packed)
    {
        return new AbcState
        {
            Phase = (AbcPhase)Take(5),
            Metre = Take(4),
            Unit = Take(2),
            At = Take(9),
            Pickup = Take(9),
            Begins = Take(1) > 0,
            Number = Take(5),
            Halvings = Take(2),
            Left = Take(2),
            Same = Take(7),
            Broken = Take(1) > 0,
        };

        int Take(int bits)
        {
            int value = (int)(packed & ((1 << bits) - 1));
            packed >>= bits;
            return value;
        }
    }

    public long Pack()
    {
        long packed = 0;
        int shift = 0;
        Put((int)Phase, 5);
        Put(Metre, 4);
        Put(Unit, 2);
        Put(At, 9);
        Put(Pickup, 9);
        Put(Begins ? 1 : 0, 1);
        Put(Number, 5);
        Put(Halvings, 2);
        Put(Left, 2);
        Put(Same, 7);
        Put(Broken ? 1 : 0, 1);
        return packed;

        void Put(int value, int bits)
        {
            packed |= (long)value << shift;
            shift += bits;
        }
    }
}

/// <summary>What of a tune was read last.</summary>
internal enum AbcPhase
{
    /// <summary>Some of the header.</summary>
    Header,

    /// <summary>A line break after the header or a bar.</summary>
    Line,

    /// <summary>A bar that is whole.</summary>
    Bar,

    /// <summary>A bar that ends a part.</summary>
    PartEnd,

    /// <summary>The line break after that.</summary>
    PartLine,

    /// <summary>A space between notes.</summary>
    Space,

    /// <summary>An accidental.</summary>
    Accidental,

    /// <summary>A note's letter, or a mark of its octave.</summary>
    Note,

    /// <summary>A digit of its length.</summary>
    Digit,

    /// <summary>A division of its length.</summary>
    Slash,

    /// <summary>What it is divided by.</summary>
    Divisor,

    /// <summary>A mark of a broken pair.</summary>
    Broken,

    /// <summary>The bracket of a group of three.</summary>
    Bracket,

    /// <summary>Its 3.</summary>
    Three,

    /// <summary>A bracket of grace notes.</summary>
    Grace,

    /// <summary>An accidental of one.</summary>
    GraceAccidental,

    /// <summary>A grace note.</summary>
    GraceNote,

    /// <summary>The end of grace notes.</summary>
    GraceEnd,

    /// <summary>A stroke that is to become a part's end.</summary>
    EndStroke,

    /// <summary>A stroke that may be a bar, or become a part's end.</summary>
    Stroke,

    /// <summary>A stroke before a part that is repeated.</summary>
    OpenStroke,

    /// <summary>A colon before the stroke that ends a repeated part.</summary>
    Colon,

    /// <summary>The end.</summary>
    End,

    /// <summary>A note's letter that begins a line.</summary>
    LineNote,
}
