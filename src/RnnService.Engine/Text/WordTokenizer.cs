namespace RnnService.Engine.Text;

/// <summary>A word and where it stands, in Unicode code points, the end exclusive.</summary>
/// <param name="Text">The word as written.</param>
/// <param name="Start">Offset of its first code point.</param>
/// <param name="End">Offset past its last code point.</param>
public readonly record struct WordToken(string Text, int Start, int End);

/// <summary>English words.</summary>
public static class WordTokenizer
{
    /// <summary>Splits.</summary>
    public static List<WordToken> Tokenize(string text) => PlainSplit.Words(text);
}
