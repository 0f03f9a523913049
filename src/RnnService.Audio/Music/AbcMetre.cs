using System.Globalization;
using System.Text.RegularExpressions;

namespace RnnService.Audio.Music;

/// <summary>A metre: so many beats, each such a part of a whole note. The length of a note is written the same way.</summary>
/// <param name="Beats">The upper number.</param>
/// <param name="Unit">The lower one, a power of two.</param>
public readonly partial record struct AbcMetre(int Beats, int Unit)
{
    /// <summary>The length of a bar, in ticks.</summary>
    public long Ticks => AbcTune.TicksOfWhole * Beats / Unit;

    /// <summary>Whether its beats come in threes, as in 6/8 and 9/8.</summary>
    internal bool IsCompound => Beats > 3 && Beats % 3 == 0;

    /// <summary>The part of a whole note that a note is where no L: says it: a sixteenth in metres below 3/4, else an eighth.</summary>
    internal int UsualUnit => Beats * 4 < Unit * 3 ? 16 : 8;

    /// <summary>A metre as a field has it: 6/8, C for 4/4, C| for 2/2; null where it is none.</summary>
    internal static AbcMetre? Parse(string value)
    {
        Match written = Written().Match(value switch { "C" => "4/4", "C|" => "2/2", _ => value });
        return written.Success ? new AbcMetre(Number(1), Number(2)) : null;

        int Number(int group) => int.Parse(written.Groups[group].ValueSpan, CultureInfo.InvariantCulture);
    }

    /// <summary>The metre as a field has it.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Beats}/{Unit}");

    [GeneratedRegex(@"^([1-9][0-9]?)/([1248]|16|32)$")]
    private static partial Regex Written();
}
