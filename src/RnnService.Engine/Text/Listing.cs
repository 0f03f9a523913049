namespace RnnService.Engine.Text;

/// <summary>Lists and foreign words in messages: cut, so that no message is longer than one can read.</summary>
internal static class Listing
{
    /// <summary>How many are listed.</summary>
    public const int Most = 10;

    /// <summary>How much of a foreign word is quoted.</summary>
    private const int MostQuoted = 40;

    /// <summary>The first ten, joined by commas, and how many more.</summary>
    /// <param name="items">The items; only those listed are enumerated.</param>
    /// <param name="count">Their number.</param>
    public static string Of(IEnumerable<string> items, int count) =>
        string.Join(", ", items.Take(Most)) + (count > Most ? $" and {count - Most} more" : "");

    /// <inheritdoc cref="Of(IEnumerable{string}, int)"/>
    public static string Of(IReadOnlyCollection<string> items) => Of(items, items.Count);

    /// <summary>A text of somebody else's in quotes, cut after 40 characters.</summary>
    public static string Quote(string text) => $"\"{Cut(text, MostQuoted)}\"";

    /// <summary>The beginning of a text, with an ellipsis where something is left out; never half of a surrogate pair.</summary>
    /// <param name="text">The text.</param>
    /// <param name="most">Most UTF-16 units that are kept.</param>
    public static string Cut(string text, int most = MostQuoted) =>
        text.Length <= most ? text : text[..(char.IsHighSurrogate(text[most - 1]) ? most - 1 : most)] + "…";
}
