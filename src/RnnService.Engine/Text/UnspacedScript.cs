using System.Text;

namespace RnnService.Engine.Text;

/// <summary>Scripts that are written without spaces between words, which neither white space nor the English rules can split.</summary>
internal static class UnspacedScript
{
    /// <summary>Share of such letters from which a text counts as written in the script.</summary>
    private const double Share = 0.3;

    /// <summary>Words of a text that was split beforehand are shorter than this on average, in code points.</summary>
    private const double LongestWord = 6;

    /// <summary>The script in which much of a text is written, such as "Thai"; null where it is another, or has no letters.</summary>
    public static string? Of(string text) => Of([text]);

    /// <summary>The script in which much of several texts is written; null where it is another.</summary>
    public static string? Of(IEnumerable<string> texts)
    {
        long letters = 0, unspaced = 0;
        var counts = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (Rune rune in texts.SelectMany(text => text.EnumerateRunes()))
        {
            if (Name(rune.Value) is { } name)
            {
                unspaced++;
                counts[name] = counts.GetValueOrDefault(name) + 1;
            }

            if (Rune.IsLetter(rune)) letters++;
        }

        return unspaced > 0 && unspaced >= Share * letters ? counts.MaxBy(entry => entry.Value).Key : null;
    }

    /// <summary>
    /// The script of texts that a way of splitting cannot take apart: with the English rules any text in such a script, with white space one
    /// whose words were not split beforehand. Null where the splitting suits.
    /// </summary>
    /// <param name="texts">Texts, or words.</param>
    /// <param name="spaces">Whether white space alone splits; else the English rules.</param>
    public static string? Unsplit(IEnumerable<string> texts, bool spaces)
    {
        string[] all = [.. texts];
        string? script = Of(all);
        if (script is null || !spaces) return script;
        int[] lengths = [.. all.SelectMany(text => WhitespaceTokenizer.Words(text)).Where(word => Of(word.Text) is not null)
            .Select(word => word.CodePointEnd - word.CodePointStart)];
        return lengths.Average() > LongestWord ? script : null;
    }

    private static string? Name(int point) => point switch
    {
        >= 0x4E00 and <= 0x9FFF or >= 0x3400 and <= 0x4DBF or >= 0x20000 and <= 0x323AF or >= 0xF900 and <= 0xFAFF => "Chinese or Japanese",
        >= 0x3041 and <= 0x30FF or >= 0x31F0 and <= 0x31FF or >= 0xFF66 and <= 0xFF9D => "Japanese",
        >= 0x0E01 and <= 0x0E4E => "Thai",
        >= 0x0E81 and <= 0x0ECD => "Lao",
        >= 0x1780 and <= 0x17D3 => "Khmer",
        >= 0x1000 and <= 0x109F => "Burmese",
        >= 0x0F40 and <= 0x0FBC => "Tibetan",
        _ => null,
    };
}
