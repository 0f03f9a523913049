using RnnService.Engine.Text;

namespace RnnService.Engine.Tasks;

/// <summary>A sentence as a tagger reads it: ids of words and of their characters. Immutable.</summary>
public sealed class TaggerInput
{
    internal TaggerInput() { }

    /// <summary>Number of words.</summary>
    public int Length => throw new NotImplementedException();
}

/// <summary>A word's likeliest label and its probability.</summary>
/// <param name="Label">Index into <see cref="ModelConfig.Labels"/>.</param>
/// <param name="Score">Its probability.</param>
public readonly record struct TagScore(int Label, float Score);

/// <summary>Gives every word a label. Immutable and safe for any number of threads.</summary>
public sealed class Tagger : TextModel
{
    /// <inheritdoc/>
    public override ModelConfig Config => throw new NotImplementedException();

    /// <summary>Splits raw text into words with their offsets, the way this model was trained.</summary>
    public List<WordToken> Tokenize(string text) => throw new NotImplementedException();

    /// <summary>Prepares words for tagging.</summary>
    public TaggerInput Encode(IEnumerable<string> words) => throw new NotImplementedException();

    /// <summary>The likeliest label of every word: [N][words]. A sentence's labels do not depend on its company.</summary>
    /// <param name="sentences">Sentences from <see cref="Encode"/>; one without words gives an empty row.</param>
    public TagScore[][] Tag(IReadOnlyList<TaggerInput> sentences) => throw new NotImplementedException();
}
