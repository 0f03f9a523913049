using System.Globalization;

namespace RnnService.Training.Recipes;

/// <summary>One setting of a recipe: help, documentation and refusals are made of it.</summary>
/// <param name="Path">Its place, such as <c>training.learning_rate</c>; <c>[]</c> stands for every element of a list.</param>
/// <param name="Meaning">What it does: one or two sentences.</param>
/// <param name="Expected">The kind of value and its bounds, to be read after "expected".</param>
/// <param name="Default">The value where a recipe does not name it, as JSON; null where it must be named.</param>
public sealed record Setting(string Path, string Meaning, string Expected, string? Default)
{
    /// <summary>The numbers it may be; null when there is nothing to say beyond its kind.</summary>
    internal Bounds? Bounds { get; init; }
}

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
