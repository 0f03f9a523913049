namespace RnnService.Engine.Text;

/// <summary>Lists and foreign words in messages: cut, so that no message is longer than one can read.</summary>
public static class Listing
{
    /// <summary>How many are listed.</summary>
    public const int Most = 10;

    /// <summary>The first ten, joined by commas, and how many more.</summary>
    /// <param name="items">The items; only those listed are enumerated.</param>
    /// <param name="count">Their number.</param>
    public static string Of(IEnumerable<string> items, int count) =>
        string.Join(", ", items.Take(Most)) + (count > Most ? $" and {count - Most} more" : "");

    /// <inheritdoc cref="Of(IEnumerable{string}, int)"/>
    public static string Of(IReadOnlyCollection<string> items) => Of(items, items.Count);

    /// <summary>A text of somebody else's in quotes, cut after 40 characters.</summary>
    public static string Quote(string text)
    {
        const int most = 40;
        if (text.Length <= most) return $"\"{text}\"";
        int end = char.IsHighSurrogate(text[most - 1]) ? most - 1 : most;
        return $"\"{text[..end]}…\"";
    }
}
