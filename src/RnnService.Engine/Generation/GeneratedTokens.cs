using System.Collections;
using RnnService.Engine.Text;

namespace RnnService.Engine.Generation;

/// <summary>
/// The tokens of a text, kept as ids: what a token says about itself comes from the vocabulary when somebody looks, so that a stream takes
/// eight bytes a token.
/// </summary>
internal sealed class GeneratedTokens(Tokenizer tokenizer) : IReadOnlyList<GeneratedToken>
{
    private readonly List<(int Id, float LogProbability)> _drawn = [];
    private List<ScoredToken[]>? _alternatives;

    public int Count => _drawn.Count;

    public GeneratedToken this[int index] =>
        new(ScoredToken.Of(tokenizer, _drawn[index].Id, _drawn[index].LogProbability), _alternatives?[index] ?? []);

    public void Add(int id, float logProbability, ScoredToken[]? alternatives)
    {
        _drawn.Add((id, logProbability));
        if (alternatives is not null) (_alternatives ??= []).Add(alternatives);
    }

    public IEnumerator<GeneratedToken> GetEnumerator()
    {
        for (int i = 0; i < Count; i++) yield return this[i];
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
