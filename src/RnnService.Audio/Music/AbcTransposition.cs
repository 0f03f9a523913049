using System.Text;

namespace RnnService.Audio.Music;

/// <summary>Moves tunes of one key, in the form of <see cref="AbcForm"/>, to others: the nearest ones by fifths, letters and accidentals with them.</summary>
internal static class AbcTransposition
{
    private const int MostFlats = 4, MostSharps = 5;
    private const int Lowest = -3, Highest = 16; // G, to e'', in steps from C

    private static readonly int[] s_fifths = [1, -1, 2, -2, 3, -3];

    /// <summary>The tune in every other key that it can be moved to, the nearest first; none where its key changes.</summary>
    public static IEnumerable<string> Keys(string tune) => s_fifths.Select(fifths => Move(tune, fifths)).OfType<string>();

    /// <summary>The tune so many fifths higher, by the shortest way up or down; null where signature, pitch or an accidental leaves the usual range.</summary>
    public static string? Move(string tune, int fifths)
    {
        int steps = ((4 * fifths % 7) + 7) % 7; // a fifth is four steps
        if (steps > 3) steps -= 7;
        int[]? old = null, now = null;
        var moved = new StringBuilder();
        foreach (string line in tune.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.StartsWith("K:", StringComparison.Ordinal))
            {
                if (old is not null || AbcKey.Parse(line[2..]) is not { } key) return null;
                AbcKey other = key with { Tonic = key.Tonic + fifths };
                if (other.Sharps is < -MostFlats or > MostSharps) return null;
                (old, now) = (key.Signature(), other.Signature());
                moved.Append($"K:{other}\n");
            }
            else if (old is null || AbcSyntax.Field().IsMatch(line))
            {
                moved.Append(line).Append('\n');
            }
            else if (line.Contains("[K:", StringComparison.Ordinal) || Notes(line, steps, old, now!) is not { } notes)
            {
                return null;
            }
            else
            {
                moved.Append(AbcSyntax.Line(notes)).Append('\n');
            }
        }

        return moved.ToString();
    }

    private static string? Notes(string line, int steps, int[] old, int[] now)
    {
        bool fits = true;
        string moved = AbcSyntax.Letter().Replace(line, note =>
        {
            int from = AbcSyntax.StepOf(note), to = from + 7 * AbcSyntax.OctaveOf(note) + steps;
            (int row, int place) = (Math.DivRem(to + 70, 7).Quotient - 10, (to + 70) % 7);
            fits &= to is >= Lowest and <= Highest;
            string written = "";
            if (AbcSyntax.AlterationOf(note) is { } alteration)
            {
                int change = now[place] - old[from] + alteration;
                fits &= change is >= -2 and <= 2;
                written = change == 0 ? "=" : new string(change > 0 ? '^' : '_', Math.Abs(change));
            }

            return written + AbcSyntax.Pitch(AbcKey.Letters[place], row);
        });
        return fits ? moved : null;
    }
}
