using System.Globalization;

namespace RnnService.Training.Recipes;

/// <summary>The numbers that a setting may be, all of them finite.</summary>
/// <param name="Least">The least one.</param>
/// <param name="Most">The largest one; infinity where there is none.</param>
internal sealed record Bounds(double Least, double Most = double.PositiveInfinity)
{
    /// <summary>Whether <see cref="Least"/> itself is left out.</summary>
    public bool Above { get; init; }

    /// <summary>Whether <see cref="Most"/> itself is left out.</summary>
    public bool Below { get; init; }

    /// <summary>What 0 means where it switches something off.</summary>
    public string? Zero { get; init; }

    public bool Contain(double value) =>
        double.IsFinite(value) && (Above ? value > Least : value >= Least) && (Below ? value < Most : value <= Most);

    /// <summary>Such as "1 or more", "above 0" or "0 up to but not 1".</summary>
    public override string ToString()
    {
        string least = (Above ? "above " : "") + Text(Least) + (Zero is null ? "" : $" ({Zero})");
        if (double.IsInfinity(Most)) return Above ? least : $"{least} or more";
        return Below ? $"{least} up to but not {Text(Most)}" : $"{least} to {Text(Most)}";
    }

    private static string Text(double value) => value.ToString("0.######", CultureInfo.InvariantCulture);
}
