namespace RnnService.Engine.Generation.Grammars;

/// <summary>The header of a tune that <see cref="AbcAutomaton"/> reads: the lines <c>X:1</c>, <c>M:</c>, <c>L:</c> and <c>K:</c>, in this order.</summary>
internal static class AbcHeader
{
    /// <summary>Metres, with the length of a bar in 192ths of a whole note.</summary>
    public static readonly (string Name, int Ticks)[] Metres =
        [("2/4", 96), ("3/4", 144), ("4/4", 192), ("2/2", 192), ("3/8", 72), ("6/8", 144), ("9/8", 216), ("12/8", 288), ("3/2", 288), ("6/4", 288)];

    /// <summary>Lengths of a note without a number, in 192ths of a whole note.</summary>
    public static readonly (string Name, int Ticks)[] Units = [("1/8", 24), ("1/16", 12), ("1/4", 48)];

    private static readonly string[][] s_lines =
    [
        ["X:1\n"],
        [.. Metres.Select(metre => $"M:{metre.Name}\n")],
        [.. Units.Select(unit => $"L:{unit.Name}\n")],
        [.. "C G D A E B F Bb Eb Ab F# C#".Split(' ').SelectMany(tonic => ",m,dor,mix,lyd,phr".Split(',').Select(mode => $"K:{tonic}{mode}\n"))],
    ];

    // Beginnings of the lines; the first of each line is the empty one.
    private static readonly string[][] s_begun = [.. s_lines.Select(lines =>
        (string[])[.. lines.SelectMany(line => Enumerable.Range(0, line.Length).Select(length => line[..length])).Distinct().Order(StringComparer.Ordinal)])];

    /// <summary>Number of lines.</summary>
    public static int Lines => s_lines.Length;

    /// <summary>Reads a character of a line.</summary>
    /// <param name="line">Which line.</param>
    /// <param name="begun">What has been read of it, a number from 0.</param>
    /// <param name="value">The character.</param>
    /// <returns>What has been read then, or null where nothing begins so; and the line's index among its kind once it is whole.</returns>
    public static (int Begun, int? Whole)? Next(int line, int begun, char value)
    {
        string text = s_begun[line][begun] + value;
        if (value == '\n') return Array.IndexOf(s_lines[line], text) is >= 0 and var whole ? (0, whole) : null;
        int next = Array.BinarySearch(s_begun[line], text, StringComparer.Ordinal);
        return next >= 0 ? (next, null) : null;
    }

    /// <summary>Whether there is such a beginning.</summary>
    public static bool Has(int line, int begun) => line < Lines && begun < s_begun[line].Length;
}
