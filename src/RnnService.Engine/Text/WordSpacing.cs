using System.Text;

namespace RnnService.Engine.Text;

/// <summary>
/// Where a text has spaces between the words that it was split into, told from the words alone: none before marks that close and after marks that
/// open, none around hyphens and slashes, none before the end of a contraction such as <c>n't</c>. Corpora of words seldom say it, and a text is to be
/// read as they were; so the spaces that it has do not count.
/// </summary>
internal static class WordSpacing
{
    private const string Closing = ".,;:!?)]}%…’”»", Opening = "([{$£€¥#“‘«¿¡", Joining = "-–/‐‑";

    /// <summary>Whether a space stands between two neighbouring words.</summary>
    public static bool IsBetween(string before, string word) =>
        !(word.Length == 0 || IsOnly(word, Closing) || IsOnly(word, Joining) || EndsContraction(word)
            || IsOnly(before, Opening) || IsOnly(before, Joining));

    /// <summary>The text of words.</summary>
    public static string Join(IReadOnlyList<string> words)
    {
        var text = new StringBuilder();
        for (int i = 0; i < words.Count; i++)
        {
            if (i > 0 && IsBetween(words[i - 1], words[i])) text.Append(' ');
            text.Append(words[i]);
        }

        return text.ToString();
    }

    private static bool IsOnly(string word, string marks) => word.Length > 0 && !word.AsSpan().ContainsAnyExcept(marks) && (word.Length == 1 || marks == Closing);

    private static bool EndsContraction(string word) =>
        word.Length is 2 or 3 && (word[0] is '\'' or '’' && char.IsLetter(word[1]) || word.Length == 3 && word[0] is 'n' or 'N' && word[1] is '\'' or '’' && word[2] is 't' or 'T');
}
