namespace RnnService.Engine.Text;

/// <summary>A word, number, mark or symbol of a text, and where it stands.</summary>
/// <param name="Text">The token: exactly the text between the two offsets.</param>
/// <param name="Start">First Unicode code point; a lone surrogate counts as one.</param>
/// <param name="End">One past the last code point.</param>
public readonly record struct WordToken(string Text, int Start, int End);

/// <summary>
/// Splits raw English text into words as the Universal Dependencies English Web Treebank does: punctuation and clitics apart
/// (<c>do|n't</c>, <c>John|'s</c>, <c>can|not</c>), compounds split at the hyphen unless the first part is a prefix
/// (<c>well|-|known</c>, <c>non-stop</c>), and addresses, numbers, abbreviations and emoticons whole.
/// </summary>
/// <remarks>Rules only, no model: the same text always gives the same tokens. Safe for any number of threads.</remarks>
public static class WordTokenizer
{
    /// <summary>
    /// The tokens of a text in order. They never overlap and hold no white space, and each code point that is not white space lies in
    /// exactly one. Takes time in proportion to the length and accepts every string, lone surrogates included.
    /// </summary>
    /// <param name="text">Raw text, one sentence or many.</param>
    /// <exception cref="ArgumentNullException">There is no text.</exception>
    public static List<WordToken> Tokenize(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return new WordScanner(text).Scan();
    }
}
