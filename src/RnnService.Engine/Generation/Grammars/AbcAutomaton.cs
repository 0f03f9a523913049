namespace RnnService.Engine.Generation.Grammars;

/// <summary>
/// Tunes in ABC whose bars add up to their metre: a header, notes and rests with lengths, broken pairs, groups of three, grace notes, bars, repeats and line
/// breaks, in the form that docs/http.md has. The first bar may be shorter, up to half: then every part begins with one as long, and ends with what is
/// missing to a whole. From every state an end can be reached. Where a bar stands, the length of what is being read and the rest of the state are the
/// bits of one number, so that nothing is built beforehand.
/// </summary>
internal sealed class AbcAutomaton : Automaton
{
    public static readonly AbcAutomaton Instance = new();

    // Of the lengths 5 and 7 no header has, and a bar is filled without them.
    public override string Needs => "X:1M6/8LK\nABCDEFGabcdefg23489}|]morixlyph#";

    public override long Start => new AbcState { Phase = AbcPhase.Header }.Pack();

    public override long Bytes => 0;

    public override bool Accepts(long state) => AbcState.Of(state).Phase == AbcPhase.End;

    public override bool Has(long state)
    {
        if (state < 0) return false;
        AbcState one = AbcState.Of(state);
        return one.Pack() == state && Enum.IsDefined(one.Phase) && one.Metre < AbcHeader.Metres.Length && one.Unit < AbcHeader.Units.Length
            && (one.Phase != AbcPhase.Header || AbcHeader.Has(one.Number, one.At));
    }

    public override long Next(long state, byte value)
    {
        AbcState now = AbcState.Of(state);
        AbcState? next = now.Phase == AbcPhase.Header ? Header(now, (char)value) : Body(now, (char)value);
        return next?.Pack() ?? Dead;
    }

    private static AbcState? Header(AbcState now, char value)
    {
        if (AbcHeader.Next(now.Number, now.At, value) is not { } next) return null;
        now = now with { At = next.Begun };
        if (next.Whole is not { } whole) return now;
        if (now.Number == 1) now = now with { Metre = whole };
        if (now.Number == 2) now = now with { Unit = whole };
        return now.Number + 1 < AbcHeader.Lines
            ? now with { Number = now.Number + 1 }
            : new AbcState { Phase = AbcPhase.Line, Metre = now.Metre, Unit = now.Unit, Begins = true };
    }

    private static AbcState? Body(AbcState now, char value)
    {
        switch (now.Phase)
        {
            case AbcPhase.Accidental:
                return IsLetter(value) ? now with { Phase = AbcPhase.Note } : null;
            case AbcPhase.Bracket:
                return value == '3' ? now with { Phase = AbcPhase.Three, Left = 3, Same = 0 } : null;
            case AbcPhase.Grace or AbcPhase.GraceNote or AbcPhase.GraceAccidental:
                return Graces(now, value);
            case AbcPhase.EndStroke:
                return value is '|' or ']' ? PartEnd(now) : null;
            case AbcPhase.OpenStroke:
                return value == ':' ? now with { Phase = AbcPhase.Bar } : null;
            case AbcPhase.Colon:
                return value is '|' or ':' ? PartEnd(now) : null;
            case AbcPhase.Stroke when value is '|' or ']':
                return PartEnd(now);
            case AbcPhase.LineNote when value == ':':
                return null; // "G:" at a line's beginning is a field
            case AbcPhase.Note or AbcPhase.LineNote or AbcPhase.Digit or AbcPhase.Slash or AbcPhase.Divisor:
                return Length(now, value) ?? (Closed(now) is { } closed ? Between(closed, value) : null);
            case AbcPhase.PartLine when value == '\n':
                return new AbcState { Phase = AbcPhase.End };
            case AbcPhase.End:
                return null;
            default:
                return Between(now, value);
        }
    }

    /// <summary>What may follow where no note is being read.</summary>
    private static AbcState? Between(AbcState now, char value)
    {
        bool inGroup = now.Left > 0 || now.Broken, begins = now.At == 0 && !inGroup;
        bool afterBar = now.Phase is AbcPhase.Bar or AbcPhase.Stroke or AbcPhase.PartEnd;
        bool afterNote = now.Phase == AbcPhase.Note;
        switch (value)
        {
            case '\n':
                if (!afterBar) return null;
                return now with { Phase = now.Phase == AbcPhase.PartEnd ? AbcPhase.PartLine : AbcPhase.Line };
            case ' ':
                return afterNote && !now.Broken && Room(now) > 0 ? now with { Phase = AbcPhase.Space } : null;
            case '>' or '<':
                // Both notes of the pair have one written length; the second is read as any other of that length.
                if (!afterNote || now.Left > 0 || now.Broken || now.Same == 0 || Room(now) < Ticks(now, now.Same)) return null;
                return now with { Phase = AbcPhase.Broken, Broken = true };
            case '(':
                return !inGroup && now.Phase != AbcPhase.GraceEnd && Fits(now, 4) ? now with { Phase = AbcPhase.Bracket } : null;
            case '{':
                return now.Phase is AbcPhase.GraceEnd or AbcPhase.Broken || !Fits(now, 1) && now.Left == 0 ? null : now with { Phase = AbcPhase.Grace };
            case '^' or '_' or '=':
                return CanBegin(now) ? Begin(now) with { Phase = AbcPhase.Accidental } : null;
            case 'z' or (>= 'A' and <= 'G') or (>= 'a' and <= 'g'):
                return CanBegin(now) ? Begin(now) with { Phase = now.Phase is AbcPhase.Line or AbcPhase.PartLine ? AbcPhase.LineNote : AbcPhase.Note } : null;
            case '|' or ':':
                if (begins && value == '|' && now.Begins && now.Phase is AbcPhase.Line or AbcPhase.PartLine && now.At == 0) return now with { Phase = AbcPhase.OpenStroke };
                return afterNote && !inGroup ? Stroke(now, value) : null;
            default:
                return null;
        }
    }

    /// <summary>What a stroke or colon after a note does: which bars are whole, and where a part ends.</summary>
    private static AbcState? Stroke(AbcState now, char value)
    {
        int whole = AbcHeader.Metres[now.Metre].Ticks;
        bool isPickup = now.Begins && (now.Pickup == 0 ? now.At <= whole / 2 : now.Pickup > 1 && now.At == now.Pickup - 1);
        if (isPickup) return value == '|' ? Bar(now with { Pickup = now.At + 1 }) : null;
        if (now.Begins && now.Pickup > 1) return null;
        AbcState known = now.Pickup == 0 ? now with { Pickup = 1 } : now;
        bool isWhole = known.At == whole, isLast = known.At == whole - (known.Pickup - 1);
        if (value == ':') return isLast ? known with { Phase = AbcPhase.Colon } : null;
        return isWhole && isLast ? Bar(known) with { Phase = AbcPhase.Stroke } : isWhole ? Bar(known) : isLast ? known with { Phase = AbcPhase.EndStroke } : null;
    }

    private static AbcState Bar(AbcState now) => now with { Phase = AbcPhase.Bar, At = 0, Begins = false, Same = 0, Number = 0, Halvings = 0 };

    private static AbcState PartEnd(AbcState now) => Bar(now) with { Phase = AbcPhase.PartEnd, Begins = true };

    private static AbcState? Graces(AbcState now, char value) => value switch
    {
        '}' => now.Phase == AbcPhase.GraceNote ? now with { Phase = AbcPhase.GraceEnd } : null,
        '^' or '_' or '=' => now.Phase == AbcPhase.GraceAccidental ? null : now with { Phase = AbcPhase.GraceAccidental },
        ',' or '\'' => now.Phase == AbcPhase.GraceNote ? now : null,
        _ => IsLetter(value) ? now with { Phase = AbcPhase.GraceNote } : null,
    };

    /// <summary>More of a note's octave or length, where some length with it fits.</summary>
    private static AbcState? Length(AbcState now, char value)
    {
        bool isNote = now.Phase is AbcPhase.Note or AbcPhase.LineNote;
        switch (value)
        {
            case ',' or '\'':
                return isNote && now.Number == 0 ? now with { Phase = AbcPhase.Note } : null;
            case >= '0' and <= '9':
                int digit = value - '0';
                if (now.Phase == AbcPhase.Slash) return digit == 4 && Suits(now, 2) ? now with { Phase = AbcPhase.Divisor, Halvings = 2 } : null;
                if (!isNote || now.Number > 0 || digit < 2) return null;
                AbcState longer = now with { Phase = AbcPhase.Digit, Number = digit };
                return Suits(longer, 0) || Suits(longer, 1) || Suits(longer, 2) ? longer : null;
            case '/':
                if (!isNote && now.Phase != AbcPhase.Digit) return null;
                return Suits(now, 1) || Suits(now, 2) ? now with { Phase = AbcPhase.Slash, Halvings = 1 } : null;
            default:
                return null;
        }
    }

    /// <summary>The state after a note, its length added; null where the length does not fit.</summary>
    private static AbcState? Closed(AbcState now)
    {
        if (!Suits(now, now.Halvings)) return null;
        int quarters = Quarters(now, now.Halvings);
        AbcState after = now with { Phase = AbcPhase.Note, Number = 0, Halvings = 0 };
        // A group of three takes the time of two.
        if (now.Left > 1) return after with { Left = now.Left - 1, Same = quarters };
        int at = now.At + Ticks(now, now.Left == 1 ? 2 * quarters : quarters);
        return after with { At = at, Left = 0, Broken = false, Same = now.Left == 0 && !now.Broken ? quarters : 0 };
    }

    /// <summary>Whether the note, with its number divided so, has a length that can stand here.</summary>
    private static bool Suits(AbcState now, int halvings)
    {
        int quarters = Quarters(now, halvings);
        if (quarters == 0) return false;
        if (now.Left > 0) return now.Same > 0 ? quarters == now.Same : Fits(now, 2 * quarters);
        return now.Broken ? quarters == now.Same : Fits(now, quarters);
    }

    private static int Quarters(AbcState now, int halvings)
    {
        int quarters = Math.Max(now.Number, 1) * 4;
        return quarters % (1 << halvings) == 0 ? quarters >> halvings : 0;
    }

    private static AbcState Begin(AbcState now) => now with { Number = 0, Halvings = 0, Same = now.Left > 0 && now.Left < 3 || now.Broken ? now.Same : 0 };

    private static bool CanBegin(AbcState now) => now.Left > 0 || now.Broken || Fits(now, 1);

    private static bool Fits(AbcState now, int quarters) => Room(now) >= Ticks(now, quarters);

    private static int Ticks(AbcState now, int quarters) => quarters * AbcHeader.Units[now.Unit].Ticks / 4;

    /// <summary>Ticks that the bar has left.</summary>
    private static int Room(AbcState now) =>
        (now.Begins && now.Pickup > 1 ? now.Pickup - 1 : AbcHeader.Metres[now.Metre].Ticks) - now.At;

    private static bool IsLetter(char value) => value is (>= 'A' and <= 'G') or (>= 'a' and <= 'g');
}
