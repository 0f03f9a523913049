using System.Collections.Concurrent;
using System.Text;

namespace RnnService.Engine.Text;

/// <summary>
/// Byte-level byte pairs (Sennrich et al. 2016; Radford et al. 2019): a text's words, each with the space before it, become bytes of UTF-8, and
/// neighbours are joined in the order in which joining was learnt. Every text has tokens and is what they spell; a lone surrogate is read as U+FFFD.
/// What came of a word is remembered, up to a bound, since most words of a text came before.
/// </summary>
public sealed class SubwordTokenizer : Tokenizer
{
    private const int MostRemembered = 1 << 16, LongestRemembered = 48;

    private readonly byte[]?[] _bytes; // of each token; null of special ones
    private readonly SubwordMerges _merges;
    private readonly ConcurrentDictionary<string, int[]> _words = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, int[]>.AlternateLookup<ReadOnlySpan<char>> _lookup;
    private int _remembered;

    /// <summary>A tokenizer of a vocabulary with merges.</summary>
    /// <param name="vocabulary">The tokens and their merges, such as <see cref="SubwordTrainer"/> makes them.</param>
    /// <param name="lowerCase">Whether text is lower-cased before it is looked up.</param>
    /// <exception cref="ArgumentException">The vocabulary has no merges, lacks a byte, or a merge joins what is no token.</exception>
    public SubwordTokenizer(Vocabulary vocabulary, bool lowerCase = false)
        : base(Tokenization.Subwords, vocabulary, lowerCase)
    {
        _merges = vocabulary.Subwords;
        _bytes = _merges.Spellings;
        _lookup = _words.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <inheritdoc/>
    internal override int DecodingContext => PartialCharacter.Most;

    /// <summary>
    /// The tokens of a text. One that ends inside a character has only the characters before it, or none: the character is the token's that completes it.
    /// </summary>
    /// <inheritdoc/>
    public override IEnumerable<Token> Split(string text) => Read(text).Tokens;

    /// <summary>The id of the token that spells a text, <see cref="Vocabulary.UnknownId"/> where none does.</summary>
    /// <inheritdoc/>
    public override int IdOf(string token) => Vocabulary.IdOf(ByteAlphabet.Of(Form(token)));

    /// <summary>Whether one token spells a text.</summary>
    /// <inheritdoc/>
    public override bool Knows(string token) => Vocabulary.Contains(ByteAlphabet.Of(Form(token)));

    /// <inheritdoc/>
    public override TokenizedText Read(string text)
    {
        var tokens = new List<Token>();
        var ids = new List<int>();
        string form = Form(text);
        int at = 0, codePoint = 0, bytes = 0, begun = 0; // bytes: of the text up to `at`; begun: up to the token's end
        for (int start = 0, end; start < form.Length; start = end)
        {
            end = SubwordScanner.End(form, start);
            foreach (int id in IdsOf(form.AsSpan(start, end - start)))
            {
                begun += _bytes[id]!.Length;
                (int from, int first) = (at, codePoint);
                while (at < end)
                {
                    Rune.DecodeFromUtf16(form.AsSpan(at), out Rune rune, out int units);
                    if (bytes + rune.Utf8SequenceLength > begun) break;
                    (at, codePoint, bytes) = (at + units, codePoint + 1, bytes + rune.Utf8SequenceLength);
                }

                tokens.Add(new Token(text[from..at], from, first, codePoint));
                ids.Add(id);
            }
        }

        return new TokenizedText(tokens, [.. ids]);
    }

    /// <inheritdoc/>
    public override string Decode(int id, bool first = false) =>
        id == Vocabulary.EndId ? "" : _bytes[id] is { } bytes ? Encoding.UTF8.GetString(bytes) : Vocabulary[id];

    /// <inheritdoc/>
    internal override string Decode(int id, ref PartialCharacter partial, bool first = false)
    {
        if (_bytes[id] is not { } bytes) return Decode(id, first);
        (string text, partial) = partial.Append(bytes);
        return text;
    }

    /// <inheritdoc/>
    internal override byte[]? BytesOf(int id) => _bytes[id];

    /// <inheritdoc/>
    private protected override int[] Encode(string text, List<string>? unknown)
    {
        string form = Form(text);
        var ids = new List<int>(form.Length / 3);
        for (int start = 0, end; start < form.Length; start = end)
        {
            end = SubwordScanner.End(form, start);
            ids.AddRange(IdsOf(form.AsSpan(start, end - start)));
        }

        return [.. ids];
    }

    /// <summary>The tokens of words, none of which crosses two, with spaces between as <see cref="WordSpacing"/> has them; an empty word is read as a space.</summary>
    /// <param name="words">The words.</param>
    /// <returns>Their ids, and of each word the index of its last token.</returns>
    internal (int[] Ids, int[] Ends) EncodeWords(IReadOnlyList<string> words)
    {
        var ids = new List<int>(2 * words.Count);
        int[] ends = new int[words.Count];
        for (int i = 0; i < ends.Length; i++)
        {
            ids.AddRange(Encode(WordSpacing.InPlace(words, i)));
            ends[i] = ids.Count - 1;
        }

        return ([.. ids], ends);
    }

    private string Form(string text) => LowerCase ? text.ToLowerInvariant() : text;

    private int[] IdsOf(ReadOnlySpan<char> word)
    {
        if (_lookup.TryGetValue(word, out int[]? ids)) return ids;
        ids = _merges.Join(ByteAlphabet.Utf8(word));
        if (word.Length > LongestRemembered || Volatile.Read(ref _remembered) >= MostRemembered) return ids;
        if (_lookup.TryAdd(word, ids)) Interlocked.Increment(ref _remembered);
        return ids;
    }
}
