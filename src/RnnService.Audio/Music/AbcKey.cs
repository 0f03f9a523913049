using System.Text.RegularExpressions;

namespace RnnService.Audio.Music;

/// <summary>A key: a tonic and a mode.</summary>
/// <param name="Tonic">Fifths from C up: 1 is G, −2 is B flat.</param>
/// <param name="Mode">Nothing for major, m for minor, or dor, mix, lyd, phr, loc.</param>
internal readonly partial record struct AbcKey(int Tonic, string Mode)
{
    /// <summary>The letters of notes, by rising pitch from C.</summary>
    public const string Letters = "CDEFGAB";

    private const string Fifths = "FCGDAEB";

    /// <summary>Sharps of its signature; flats are negative.</summary>
    public int Sharps => Tonic + Mode switch { "m" => -3, "dor" => -2, "mix" => -1, "lyd" => 1, "phr" => -4, "loc" => -5, _ => 0 };

    /// <summary>What the signature does to each of <see cref="Letters"/>, in semitones.</summary>
    public int[] Signature()
    {
        int[] changes = new int[7];
        for (int i = 0; i < Math.Abs(Sharps); i++)
            changes[Letters.IndexOf(Fifths[Sharps > 0 ? i % 7 : 6 - i % 7], StringComparison.Ordinal)] += Math.Sign(Sharps);
        return changes;
    }

    /// <summary>The key that a field names, such as <c>G</c>, <c>Bb</c>, <c>A dorian</c> or <c>Em</c>; null where it is none.</summary>
    public static AbcKey? Parse(string value)
    {
        Match key = Written().Match(value);
        if (!key.Success) return null;
        int tonic = Fifths.IndexOf(key.Groups[1].Value[0], StringComparison.Ordinal) - 1 + (key.Groups[2].Value switch { "#" => 7, "b" => -7, _ => 0 });
        string mode = key.Groups[3].Value;
        return new AbcKey(tonic, mode == "m" ? "m" : mode.ToLowerInvariant() is not { Length: >= 3 } name ? "" : name[..3] switch
        {
            "min" or "aeo" => "m",
            "dor" or "mix" or "lyd" or "phr" or "loc" => name[..3],
            _ => "",
        });
    }

    /// <summary>The key as a field has it.</summary>
    public override string ToString()
    {
        int row = (int)Math.Floor((Tonic + 1) / 7.0);
        return Fifths[Tonic + 1 - 7 * row] + (row > 0 ? new string('#', row) : new string('b', -row)) + Mode;
    }

    [GeneratedRegex(@"^([A-G])([#b]?)\s*([A-Za-z]*)")]
    private static partial Regex Written();
}
