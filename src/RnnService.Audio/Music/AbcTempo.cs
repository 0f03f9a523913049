using System.Globalization;
using System.Text.RegularExpressions;

namespace RnnService.Audio.Music;

/// <summary>The field <c>Q:</c>.</summary>
internal static partial class AbcTempo
{
    /// <summary>Whole notes a minute that a field says: <c>1/4=120</c>, <c>"Allegro" 3/8=60</c>, or <c>120</c> units; null where it says no number.</summary>
    /// <param name="value">The field.</param>
    /// <param name="unit">Ticks of the unit; 0 for none yet, then 1/8.</param>
    public static double? Parse(string value, long unit)
    {
        Match tempo = Written().Match(AbcSyntax.Quoted().Replace(value, ""));
        if (!tempo.Success) return null;
        double beat = tempo.Groups["over"].Success
            ? Number("over") / Number("under")
            : (double)(unit > 0 ? unit : AbcTune.TicksOfWhole / 8) / AbcTune.TicksOfWhole;
        double wholes = beat * Number("beats");
        return wholes > 0 && double.IsFinite(wholes) ? wholes : null;

        double Number(string part) => double.Parse(tempo.Groups[part].ValueSpan, CultureInfo.InvariantCulture);
    }

    [GeneratedRegex(@"(?:(?<over>[0-9]{1,3})/(?<under>[0-9]{1,3})\s*=\s*)?(?<beats>[0-9]{1,4})\s*$")]
    private static partial Regex Written();
}
