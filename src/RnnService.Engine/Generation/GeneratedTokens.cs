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

    public int Count => _drawn.Count;

    public GeneratedToken this[int index] =>
        new(ScoredToken.Of(tokenizer, _drawn[index].Id, _drawn[index].LogProbability, Before(index)), _alternatives?[index] ?? []);

    public void Add(int id, float logProbability, ScoredToken[]? alternatives)
    {
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
