namespace RnnService.Engine.Text;

/// <summary>
/// Splits raw English text into words as the Universal Dependencies English Web Treebank does: punctuation and clitics apart
/// (<c>do|n't</c>, <c>John|'s</c>, <c>can|not</c>), compounds split at the hyphen unless the first part is a prefix
/// (<c>well|-|known</c>, <c>non-stop</c>), and addresses, numbers, abbreviations and emoticons whole.
/// </summary>
/// <remarks>Rules only, no model: the same text always gives the same tokens.</remarks>
/// <param name="vocabulary">The words it knows.</param>
/// <param name="lowerCase">Whether they are lower-cased before they are looked up.</param>
public sealed class EnglishTokenizer(Vocabulary vocabulary, bool lowerCase = false) : Tokenizer(Tokenization.English, vocabulary, lowerCase)
{
    /// <inheritdoc/>
    public override IEnumerable<Token> Split(string text) => Words(text);

    /// <summary>
    /// The tokens of a text in order. They never overlap and hold no white space, and each code point that is not white space lies in
    /// exactly one. Takes time in proportion to the length and accepts every string, lone surrogates included.
    /// </summary>
    /// <param name="text">Raw text, one sentence or many.</param>
    /// <exception cref="ArgumentNullException">There is no text.</exception>
    public static List<Token> Words(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return new EnglishScanner(text).Scan();
    }
}
