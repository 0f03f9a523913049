namespace RnnService.Engine.Text;

/// <summary>How text becomes tokens.</summary>
public enum Tokenization
{
    /// <summary>One token a Unicode code point: <see cref="CharacterTokenizer"/>.</summary>
    Characters,

    /// <summary>White space separates tokens: <see cref="WhitespaceTokenizer"/>.</summary>
    Whitespace,

    /// <summary>English words and punctuation as in the Universal Dependencies treebanks: <see cref="EnglishTokenizer"/>.</summary>
    English,
}
