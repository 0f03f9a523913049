using System.Text;

namespace RnnService.Server.Requests;

/// <summary>
/// What a client should know about the texts it sent before it believes the answer, in a header, since the bodies are those that clients of
/// others know.
/// </summary>
internal static class TextWarnings
{
    public const string Header = "X-Rnn-Warning";

    private const int MostTexts = 10;

    /// <summary>Names the texts of a list that have a warning, the first ten and how many more.</summary>
    /// <param name="response">The answer, not begun yet.</param>
    /// <param name="isList">Whether the texts came as a list.</param>
    /// <param name="field">The field they came in.</param>
    /// <param name="warnings">Each text's warning, null for none.</param>
    public static void Write(HttpResponse response, string field, bool isList, IReadOnlyList<string?> warnings) =>
        Write(response, warnings.Select((warning, index) => (isList ? $"{field}[{index}]" : field, warning)));

    /// <summary>Names the texts that have a warning, the first ten and how many more.</summary>
    /// <param name="response">The answer, not begun yet.</param>
    /// <param name="warnings">Where each text stands in the request, and its warning, null for none.</param>
    public static void Write(HttpResponse response, IEnumerable<(string Field, string? Warning)> warnings)
    {
        string[] said = [.. warnings.Where(one => one.Warning is not null).Select(one => $"{one.Field}: {one.Warning}")];
        if (said.Length == 0) return;
        string rest = said.Length > MostTexts ? $"; and {said.Length - MostTexts} more texts" : "";
        response.Headers[Header] = InAscii(string.Join("; ", said.Take(MostTexts)) + rest);
    }

    /// <summary>The text with everything that a header cannot hold as U+XXXX.</summary>
    private static string InAscii(string text)
    {
        if (Ascii.IsValid(text)) return text;
        var ascii = new StringBuilder(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (rune.IsAscii) ascii.Append((char)rune.Value);
            else ascii.Append($"U+{rune.Value:X4}");
        }

        return ascii.ToString();
    }
}
