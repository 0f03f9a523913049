using RnnService.Engine.Text;

namespace RnnService.Engine.Tasks;

/// <summary>Predicts the next token of a text. Immutable and safe for any number of threads.</summary>
public sealed class LanguageModel : TextModel
{
    /// <inheritdoc/>
    public override ModelConfig Config => throw new NotImplementedException();

    /// <summary>Text to ids and back.</summary>
    public TextCodec Codec => throw new NotImplementedException();

    /// <summary>
    /// Moves every stream on by one step, all together: a stream that is still reading its prompt reads up to
    /// <paramref name="promptChunk"/> tokens, every other one adds a token. A stream's tokens do not depend on its company.
    /// </summary>
    /// <param name="streams">Distinct unfinished streams of this model.</param>
    /// <param name="promptChunk">Most prompt tokens a stream reads in one step, so that a long prompt does not hold up the others.</param>
    public void Advance(IReadOnlyList<Generation> streams, int promptChunk = 64) => throw new NotImplementedException();

    /// <summary>Continues a text alone, a token at a time.</summary>
    public IEnumerable<GeneratedToken> Generate(string prompt, GenerationOptions options) => throw new NotImplementedException();
}
