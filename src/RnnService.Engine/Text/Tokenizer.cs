namespace RnnService.Engine.Text;

/// <summary>
/// Text to tokens, tokens to ids, and ids back to text. Each kind says how text is split; what is done with the pieces stands here, once.
/// Immutable and safe for any number of threads.
/// </summary>
public abstract class Tokenizer
{
    private protected Tokenizer(Tokenization kind, Vocabulary vocabulary, bool lowerCase) =>
        (Kind, Vocabulary, LowerCase) = (kind, vocabulary, lowerCase);

    /// <summary>How it splits.</summary>
    public Tokenization Kind { get; }

    /// <summary>The tokens it knows, special ones included.</summary>
    public Vocabulary Vocabulary { get; }

    /// <summary>Whether tokens are lower-cased before they are looked up.</summary>
    public bool LowerCase { get; }

    /// <summary>What a token is, in the singular: <c>character</c>, <c>word</c> or <c>subword</c>.</summary>
    public string Unit => UnitOf(Kind);

    /// <summary>What a token of a kind is, in the singular.</summary>
    public static string UnitOf(Tokenization kind) => kind switch
    {
        Tokenization.Characters => "character",
        Tokenization.Subwords => "subword",
        _ => "word",
    };

    /// <summary>How many tokens before one <see cref="Decode(int, ref PartialCharacter, bool)"/> may depend on.</summary>
    internal virtual int DecodingContext => 0;

    /// <summary>A tokenizer of a kind.</summary>
    /// <param name="kind">How it splits.</param>
    /// <param name="vocabulary">The tokens it knows.</param>
    /// <param name="lowerCase">Whether tokens are lower-cased before they are looked up.</param>
    /// <param name="lineBreaks">Whether <see cref="Tokenization.Whitespace"/> gives a token for every line break, the end token.</param>
    public static Tokenizer Create(Tokenization kind, Vocabulary vocabulary, bool lowerCase = false, bool lineBreaks = false) => kind switch
    {
        Tokenization.English => new EnglishTokenizer(vocabulary, lowerCase),
        Tokenization.Whitespace => new WhitespaceTokenizer(vocabulary, lowerCase, lineBreaks),
        Tokenization.Subwords => new SubwordTokenizer(vocabulary, lowerCase),
        _ => new CharacterTokenizer(vocabulary, lowerCase),
    };

    /// <summary>Builds the vocabulary of a kind from texts.</summary>
    /// <param name="texts">The texts.</param>
    /// <param name="kind">How they are split.</param>
    /// <param name="lowerCase">Whether they are lower-cased.</param>
    /// <param name="minCount">Rarer tokens are left out; of subwords, rarer pairs are not joined.</param>
    /// <param name="maxSize">Most tokens to keep; for subwords <see cref="int.MaxValue"/> lets <see cref="SubwordTrainer"/> choose.</param>
    /// <param name="withEnd">Whether to include <see cref="Vocabulary.End"/>; subwords always do.</param>
    /// <exception cref="ArgumentOutOfRangeException">Subwords are to be fewer than there are bytes.</exception>
    public static Vocabulary BuildVocabulary(
        IEnumerable<string> texts, Tokenization kind, bool lowerCase, int minCount = 1, int maxSize = int.MaxValue, bool withEnd = false) =>
        kind == Tokenization.Subwords
            ? SubwordTrainer.Train(texts, maxSize == int.MaxValue ? null : maxSize, minCount, lowerCase)
            : Vocabulary.Build(texts.SelectMany(text => Forms(text, kind, lowerCase)), minCount, maxSize, withEnd);

    /// <summary>The tokens of a text as a vocabulary of characters or words holds them.</summary>
    /// <param name="text">The text.</param>
    /// <param name="kind">How it is split: not <see cref="Tokenization.Subwords"/>, which a vocabulary decides.</param>
    /// <param name="lowerCase">Whether they are lower-cased.</param>
    public static IEnumerable<string> Forms(string text, Tokenization kind, bool lowerCase)
    {
        IEnumerable<Token> tokens = kind switch
        {
            Tokenization.English => EnglishTokenizer.Words(text),
            Tokenization.Whitespace => WhitespaceTokenizer.Words(text),
            _ => CharacterTokenizer.Characters(text),
        };
        return tokens.Select(token => Form(token.Text, lowerCase));
    }

    /// <summary>Splits a text into tokens with their offsets, in order; none is empty and no two overlap.</summary>
    public abstract IEnumerable<Token> Split(string text);

    /// <summary>The id of a token, <see cref="Vocabulary.UnknownId"/> when it is not known.</summary>
    public virtual int IdOf(string token) => Vocabulary.IdOf(Form(token, LowerCase));

    /// <summary>Whether the vocabulary has a token.</summary>
    public virtual bool Knows(string token) => Vocabulary.Contains(Form(token, LowerCase));

    /// <summary>The ids of a text's tokens; what is not known becomes the unknown id, and is left out where there is none.</summary>
    public int[] Encode(string text) => Encode(text, unknown: null);

    /// <summary>The ids of a text's tokens, as <see cref="Encode(string)"/>, and what of the text the vocabulary does not have.</summary>
    /// <param name="text">The text.</param>
    /// <param name="unknown">The distinct tokens that are not known, in the order of the text.</param>
    public int[] Encode(string text, out IReadOnlyList<string> unknown)
    {
        List<string> missing = [];
        unknown = missing;
        return Encode(text, missing);
    }

    /// <summary>The tokens of a text that are read, with their ids, as <see cref="Encode(string)"/> gives them.</summary>
    public virtual TokenizedText Read(string text)
    {
        var tokens = new List<Token>();
        var ids = new List<int>();
        foreach (Token token in Split(text))
        {
            int id = IdOf(token.Text);
            if (id < 0) continue;
            tokens.Add(token);
            ids.Add(id);
        }

        return new TokenizedText(tokens, [.. ids]);
    }

    /// <summary>Tokens by their ids as they would be read: offsets count in the text that <see cref="Decode(IEnumerable{int})"/> gives.</summary>
    public TokenizedText Read(IReadOnlyList<int> ids)
    {
        var tokens = new Token[ids.Count];
        int start = 0, codePoint = 0;
        var partial = default(PartialCharacter);
        for (int i = 0; i < tokens.Length; i++)
        {
            string text = Decode(ids[i], ref partial, first: i == 0);
            int length = text.EnumerateRunes().Count();
            tokens[i] = new Token(text, start, codePoint, codePoint + length);
            (start, codePoint) = (start + text.Length, codePoint + length);
        }

        return new TokenizedText(tokens, [.. ids]);
    }

    /// <summary>
    /// The text a token adds to what came before: the character itself, the word with a space before it, or what a subword's bytes spell, U+FFFD where
    /// they are part of a character.
    /// </summary>
    /// <param name="id">The token.</param>
    /// <param name="first">Whether nothing came before, so that a word needs no space.</param>
    public virtual string Decode(int id, bool first = false)
    {
        if (id == Vocabulary.EndId) return Kind == Tokenization.Characters ? "" : "\n";
        string token = Vocabulary[id];
        return Kind == Tokenization.Characters || first ? token : " " + token;
    }

    /// <summary>The text of tokens that follow each other; a character whose last bytes are missing is left out.</summary>
    public string Decode(IEnumerable<int> ids) => string.Concat(Read([.. ids]).Tokens.Select(token => token.Text));

    /// <summary>
    /// The text a token adds to what came before, in which a character may have begun. Tokens one by one give the text of all; one that ends inside a
    /// character adds what is before it, or nothing, and the next has the whole of it.
    /// </summary>
    /// <param name="id">The token.</param>
    /// <param name="partial">What was held back, and then what this token holds back.</param>
    /// <param name="first">Whether nothing came before, so that a word needs no space.</param>
    internal virtual string Decode(int id, ref PartialCharacter partial, bool first = false) => Decode(id, first);

    /// <summary>The character that tokens leave begun.</summary>
    /// <param name="ids">The tokens.</param>
    /// <param name="before">The character that the text before them has begun.</param>
    internal PartialCharacter PartialAfter(ReadOnlySpan<int> ids, PartialCharacter before)
    {
        int from = ids.Length;
        for (int context = DecodingContext; from > 0 && context > 0; from--)
        {
            if (!Vocabulary.IsSpecial(ids[from - 1])) context--; // those add no bytes
        }

        PartialCharacter partial = from == 0 ? before : default;
        foreach (int id in ids[from..]) Decode(id, ref partial);
        return partial;
    }

    /// <summary>The bytes in UTF-8 of the text that a token adds; null for one that stands for no text.</summary>
    internal virtual byte[]? BytesOf(int id) => Vocabulary.IsSpecial(id) ? null : ByteAlphabet.Utf8(Decode(id));

    private protected virtual int[] Encode(string text, List<string>? unknown)
    {
        var ids = new List<int>(Kind == Tokenization.Characters ? text.Length : text.Length / 4);
        HashSet<string>? seen = null;
        foreach (Token token in Split(text))
        {
            int id = IdOf(token.Text);
            if (id >= 0) ids.Add(id);
            if (unknown is null || (id >= 0 && (id != Vocabulary.UnknownId || Knows(token.Text)))) continue;
            if ((seen ??= new HashSet<string>(StringComparer.Ordinal)).Add(token.Text)) unknown.Add(token.Text);
        }

        return [.. ids];
    }

    private static string Form(string token, bool lowerCase) => lowerCase ? token.ToLowerInvariant() : token;
}
