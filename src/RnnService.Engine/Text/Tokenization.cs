namespace RnnService.Engine.Text;

/// <summary>How text becomes tokens.</summary>
public enum Tokenization
{
    /// <summary>Not at all: the model reads numbers.</summary>
    None,

    /// <summary>One token a Unicode code point: <see cref="CharacterTokenizer"/>.</summary>
    Characters,

    /// <summary>White space separates tokens: <see cref="WhitespaceTokenizer"/>.</summary>
    Whitespace,

    /// <summary>English words and punctuation as in the Universal Dependencies treebanks: <see cref="EnglishTokenizer"/>.</summary>
    English,

    /// <summary>Pieces of words that occur often, learnt from texts, down to the bytes of UTF-8: <see cref="SubwordTokenizer"/>.</summary>
    Subwords,
}
