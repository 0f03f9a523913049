using System.Text;
using System.Text.RegularExpressions;

namespace RnnService.Training.Evaluation;

/// <summary>The tokens that BLEU counts: those of NIST's mteval-v13a as sacrebleu's tokenizer <c>13a</c> makes them.</summary>
internal static partial class BleuTokens
{
    /// <summary>Splits a line: punctuation is a token of its own, but periods and commas within numbers; case stays.</summary>
    public static string[] Of(string line)
    {
        string text = line.TrimEnd().Replace("<skipped>", "", StringComparison.Ordinal).Replace("-\n", "", StringComparison.Ordinal).Replace('\n', ' ');
        if (text.Contains('&', StringComparison.Ordinal))
        {
            text = new StringBuilder(text).Replace("&quot;", "\"").Replace("&amp;", "&").Replace("&lt;", "<").Replace("&gt;", ">").ToString();
        }

        text = Punctuation().Replace($" {text} ", " $1 ");
        text = MarkAfterNoDigit().Replace(text, "$1 $2 ");
        text = MarkBeforeNoDigit().Replace(text, " $1 $2");
        text = DashAfterDigit().Replace(text, "$1 $2 ");
        return [.. Words(text)];
    }

    /// <summary>The line without white space, as chrF reads it.</summary>
    public static string WithoutSpaces(string line) => string.Concat(Words(line));

    // What Python's str.split() splits at: white space, and the four separators of ASCII, which .NET does not count.
    private static IEnumerable<string> Words(string text)
    {
        int start = 0;
        for (int i = 0; i <= text.Length; i++)
        {
            if (i < text.Length && !char.IsWhiteSpace(text[i]) && text[i] is < '\u001C' or > '\u001F') continue;
            if (i > start) yield return text[start..i];
            start = i + 1;
        }
    }

    [GeneratedRegex(@"([{-~[-` -&(-+:-@/])", RegexOptions.CultureInvariant)]
    private static partial Regex Punctuation();

    [GeneratedRegex("([^0-9])([.,])", RegexOptions.CultureInvariant)]
    private static partial Regex MarkAfterNoDigit();

    [GeneratedRegex("([.,])([^0-9])", RegexOptions.CultureInvariant)]
    private static partial Regex MarkBeforeNoDigit();

    [GeneratedRegex("([0-9])(-)", RegexOptions.CultureInvariant)]
    private static partial Regex DashAfterDigit();
}
