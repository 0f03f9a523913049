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

    /// <summary>What a token is, in the singular: <c>character</c> or <c>word</c>.</summary>
    public string Unit => Kind == Tokenization.Characters ? "character" : "word";

    /// <summary>A tokenizer of a kind.</summary>
    /// <param name="kind">How it splits.</param>
    /// <param name="vocabulary">The tokens it knows.</param>
    /// <param name="lowerCase">Whether tokens are lower-cased before they are looked up.</param>
    /// <param name="lineBreaks">Whether <see cref="Tokenization.Whitespace"/> gives a token for every line break, the end token.</param>
    public static Tokenizer Create(Tokenization kind, Vocabulary vocabulary, bool lowerCase = false, bool lineBreaks = false) => kind switch
    {
        Tokenization.English => new EnglishTokenizer(vocabulary, lowerCase),
        Tokenization.Whitespace => new WhitespaceTokenizer(vocabulary, lowerCase, lineBreaks),
        _ => new CharacterTokenizer(vocabulary, lowerCase),
    };

    /// <summary>The tokens of a text as a vocabulary holds them, to build one from.</summary>
    /// <param name="text">The text.</param>
    /// <param name="kind">How it is split.</param>
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
    public TokenizedText Read(string text)
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
        for (int i = 0; i < tokens.Length; i++)
        {
            string text = Decode(ids[i], first: i == 0);
            int length = text.EnumerateRunes().Count();
            tokens[i] = new Token(text, start, codePoint, codePoint + length);
            (start, codePoint) = (start + text.Length, codePoint + length);
        }

        return new TokenizedText(tokens, [.. ids]);
    }

    /// <summary>The text a token adds to what came before: the character itself, or the word with a space before it.</summary>
    /// <param name="id">The token.</param>
    /// <param name="first">Whether nothing came before, so that a word needs no space.</param>
    public string Decode(int id, bool first = false)
    {
        if (id == Vocabulary.EndId) return Kind == Tokenization.Characters ? "" : "\n";
        string token = Vocabulary[id];
        return Kind == Tokenization.Characters || first ? token : " " + token;
    }

    /// <summary>The text of tokens that follow each other.</summary>
    public string Decode(IEnumerable<int> ids) => string.Concat(ids.Select((id, at) => Decode(id, first: at == 0)));

    private int[] Encode(string text, List<string>? unknown)
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
