using System.Collections.Frozen;

namespace RnnService.Engine.Text;

/// <summary>
/// The tokens a model knows, in id order. Immutable and safe for any number of threads.
/// </summary>
public sealed class Vocabulary
{
    /// <summary>Fills the space after a row's last token. Never read by a network.</summary>
    public const string Padding = "<pad>";

    /// <summary>Stands for every token that is not in the vocabulary.</summary>
    public const string Unknown = "<unk>";

    /// <summary>Marks the end of a text: a language model that emits it has finished.</summary>
    public const string End = "</s>";

    private readonly string[] _tokens;
    private readonly FrozenDictionary<string, int> _ids;
    private readonly FrozenDictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _lookup;
    private SubwordMerges? _subwords;

    /// <summary>Creates a vocabulary from its tokens in id order. Others may have named the special ones otherwise.</summary>
    /// <param name="tokens">The tokens.</param>
    /// <param name="unknown">The token that stands for every other one; when null, <see cref="Unknown"/> if it is there.</param>
    /// <param name="padding">The token that fills up; when null, <see cref="Padding"/> if it is there.</param>
    /// <param name="end">The token that ends a text; when null, <see cref="End"/> if it is there.</param>
    /// <param name="merges">See <see cref="Merges"/>.</param>
    /// <exception cref="ArgumentException">A token occurs twice, or one that is named is missing.</exception>
    public Vocabulary(
        IEnumerable<string> tokens, string? unknown = null, string? padding = null, string? end = null, IEnumerable<string>? merges = null)
    {
        Merges = merges?.ToArray();
        _tokens = [.. tokens];
        var ids = new Dictionary<string, int>(_tokens.Length, StringComparer.Ordinal);
        for (int id = 0; id < _tokens.Length; id++)
        {
            if (_tokens[id] is null) throw new ArgumentException($"token {id} is null; expected a text");
            if (!ids.TryAdd(_tokens[id], id))
                throw new ArgumentException($"token {id} repeats token {ids[_tokens[id]]} ({Listing.Quote(_tokens[id])}); expected every token once");
        }

        _ids = ids.ToFrozenDictionary(StringComparer.Ordinal);
        _lookup = _ids.GetAlternateLookup<ReadOnlySpan<char>>();
        UnknownId = IdOf("unknown", unknown, Unknown);
        PaddingId = IdOf("padding", padding, Padding);
        EndId = IdOf("end", end, End);

        int IdOf(string role, string? named, string usual) => _ids.TryGetValue(named ?? usual, out int id)
            ? id
            : named is null ? -1 : throw new ArgumentException($"{role} is {Listing.Quote(named)}; expected one of the {_tokens.Length} tokens");
    }

    /// <summary>Number of tokens, special ones included (V).</summary>
    public int Count => _tokens.Length;

    /// <summary>Id of the token for unknown ones, or −1.</summary>
    public int UnknownId { get; }

    /// <summary>Id of the token that fills up, or −1.</summary>
    public int PaddingId { get; }

    /// <summary>Id of the token that ends a text, or −1.</summary>
    public int EndId { get; }

    /// <summary>
    /// For <see cref="Tokenization.Subwords"/>: pairs of tokens with a space between, which are joined where they are neighbours, the first of them first.
    /// Tokens and pairs are written in GPT-2's characters for bytes. Null elsewhere.
    /// </summary>
    public IReadOnlyList<string>? Merges { get; }

    /// <summary>How its subwords are joined and spelt, made once for all tokenizers.</summary>
    /// <exception cref="ArgumentException">It is none of subwords.</exception>
    internal SubwordMerges Subwords => _subwords ??= new SubwordMerges(this);

    /// <summary>The tokens in id order.</summary>
    public IReadOnlyList<string> Tokens => _tokens;

    /// <summary>The token with this id.</summary>
    public string this[int id] => _tokens[id];

    /// <summary>The token's id, <see cref="UnknownId"/> when it is not known.</summary>
    public int IdOf(ReadOnlySpan<char> token) => _lookup.TryGetValue(token, out int id) ? id : UnknownId;

    /// <summary>Whether the token is known.</summary>
    public bool Contains(ReadOnlySpan<char> token) => _lookup.ContainsKey(token);

    /// <summary>Whether the id is padding, unknown or end, which stand for no text of their own.</summary>
    public bool IsSpecial(int id) => id == UnknownId || id == PaddingId || id == EndId;

    /// <summary>
    /// These tokens with their ids, followed by those of another vocabulary that are not among them, in its order. The other's special tokens are left out
    /// where there are some for the same.
    /// </summary>
    /// <param name="other">The other, without <see cref="Merges"/> as this one.</param>
    /// <param name="most">Most tokens; those here all stay.</param>
    internal Vocabulary Extend(Vocabulary other, int most = int.MaxValue)
    {
        IEnumerable<string> added = other._tokens.Where((token, id) =>
            !Contains(token) && id != other.PaddingId && (id != other.UnknownId || UnknownId < 0) && (id != other.EndId || EndId < 0));
        return new Vocabulary(_tokens.Concat(added.Take(Math.Max(0, most - Count))), Named(UnknownId), Named(PaddingId), Named(EndId));

        string? Named(int id) => id < 0 ? null : _tokens[id];
    }

    /// <summary>
    /// Builds a vocabulary from running tokens: the special ones first, then the rest by falling frequency, ties in ordinal order,
    /// so that the same corpus always gives the same ids.
    /// </summary>
    /// <param name="tokens">Running tokens of the corpus.</param>
    /// <param name="minCount">Rarer tokens are left out and read as unknown.</param>
    /// <param name="maxSize">Most tokens to keep, special ones included.</param>
    /// <param name="withEnd">Whether to include <see cref="End"/>.</param>
    public static Vocabulary Build(IEnumerable<string> tokens, int minCount = 1, int maxSize = int.MaxValue, bool withEnd = false)
    {
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (string token in tokens)
        {
            System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(counts, token, out _)++;
        }

        string[] special = withEnd ? [Padding, Unknown, End] : [Padding, Unknown];
        foreach (string token in special) counts.Remove(token);
        var kept = counts.Where(entry => entry.Value >= minCount)
            .OrderByDescending(entry => entry.Value).ThenBy(entry => entry.Key, StringComparer.Ordinal)
            .Select(entry => entry.Key).Take(Math.Max(0, maxSize - special.Length));
        return new Vocabulary(special.Concat(kept));
    }
}
