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
    private static bool IsBetween(string before, string word) =>
        !(word.Length == 0 || IsOnly(word, Closing) || IsOnly(word, Joining) || EndsContraction(word)
            || IsOnly(before, Opening) || IsOnly(before, Joining));

    /// <summary>A word as it stands after those before it: with the space in front of it, if there is one; an empty word is a space.</summary>
    public static string InPlace(IReadOnlyList<string> words, int index)
    {
        string word = words[index];
        return word.Length == 0 || index > 0 && IsBetween(words[index - 1], word) ? " " + word : word;
    }

    /// <summary>The text of words.</summary>
    public static string Join(IReadOnlyList<string> words) => string.Concat(Enumerable.Range(0, words.Count).Select(i => InPlace(words, i)));

    private static bool IsOnly(string word, string marks) => word.Length > 0 && !word.AsSpan().ContainsAnyExcept(marks) && (word.Length == 1 || marks == Closing);

    private static bool EndsContraction(string word) =>
        word.Length is 2 or 3 && (word[0] is '\'' or '’' && char.IsLetter(word[1]) || word.Length == 3 && word[0] is 'n' or 'N' && word[1] is '\'' or '’' && word[2] is 't' or 'T');
}
