using System.Collections;
using RnnService.Engine.Text;

namespace RnnService.Engine.Generation;

/// <summary>
/// The tokens of a text, kept as ids: what a token says about itself comes from the vocabulary when somebody looks, so that a stream takes
/// eight bytes a token.
/// </summary>
/// <param name="tokenizer">What knows the tokens.</param>
/// <param name="before">The character that the text before them has begun.</param>
internal sealed class GeneratedTokens(Tokenizer tokenizer, PartialCharacter before) : IReadOnlyList<GeneratedToken>
{
    private readonly List<(int Id, float LogProbability)> _drawn = [];
    private List<ScoredToken[]>? _alternatives;
    private bool _ended;

    public int Count => _drawn.Count;

    public GeneratedToken this[int index]
    {
        get
        {
            (int id, float logProbability) = _drawn[index];
            bool ends = _ended && index == Count - 1 && id != tokenizer.Vocabulary.EndId;
            return new(
                ends ? new ScoredToken(id, "", logProbability, IsSpecial: true) : ScoredToken.Of(tokenizer, id, logProbability, Before(index)),
                _alternatives?[index] ?? []);
        }
    }

    /// <summary>Adds a token.</summary>
    /// <param name="id">The token.</param>
    /// <param name="logProbability">Its log-probability.</param>
    /// <param name="alternatives">The likeliest tokens, where they are asked for.</param>
    /// <param name="ends">Whether it ends the text in place of an end token, and so adds nothing to it.</param>
    public void Add(int id, float logProbability, ScoredToken[]? alternatives, bool ends = false)
    {
        _ended = ends;
        _drawn.Add((id, logProbability));
        if (alternatives is not null) (_alternatives ??= []).Add(alternatives);
    }

    /// <summary>The character that has begun before a token: what the tokens say that it may depend on.</summary>
    private PartialCharacter Before(int index)
    {
        int from = Math.Max(0, index - tokenizer.DecodingContext);
        PartialCharacter partial = from == 0 ? before : default;
        for (int i = from; i < index; i++) tokenizer.Decode(_drawn[i].Id, ref partial);
        return partial;
    }

    public IEnumerator<GeneratedToken> GetEnumerator()
    {
        for (int i = 0; i < Count; i++) yield return this[i];
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
