using System.Numerics.Tensors;
using RnnService.Engine.Kernels;
using RnnService.Engine.Networks;
using RnnService.Engine.Text;

namespace RnnService.Engine.Models;

/// <summary>A word's likeliest label and its probability.</summary>
/// <param name="Label">Index into <see cref="ModelConfig.Labels"/>.</param>
/// <param name="Score">Its probability.</param>
public readonly record struct TagScore(int Label, float Score);

/// <summary>
/// Gives every word a label, from its embedding and, where configured, from its spelling read by a character network in both directions.
/// Immutable and safe for any number of threads.
/// </summary>
public sealed class Tagger : TextModel
{
    internal Tagger(ModelConfig config, ModelVocabulary vocabulary, ITaggerNetwork network)
        : base(config, vocabulary)
    {
        Network = network;
        Spans = SpanScheme.Of(config.Labels);
    }

    /// <inheritdoc/>
    public override ITaggerNetwork Network { get; }

    /// <summary>How the labels mark spans, and how words are joined into them.</summary>
    public SpanScheme Spans { get; }

    /// <summary>
    /// Splits raw text into words with their offsets, the way this model was trained. A tagger over characters reads white space where its
    /// vocabulary has it, and passes over it elsewhere, as columns of words and labels hold none.
    /// </summary>
    public List<WordToken> Tokenize(string text)
    {
        List<WordToken> words = Config.Tokenize(text);
        if (Config.Tokenizer == Tokenization.Characters)
            words.RemoveAll(word => string.IsNullOrWhiteSpace(word.Text) && !Vocabulary.Tokens.Contains(word.Text));
        return words;
    }

    /// <summary>Prepares words for tagging; of a tagger over characters, characters.</summary>
    public TaggerInput Encode(IEnumerable<string> words)
    {
        string[] forms = [.. words];
        return new TaggerInput(forms, [.. forms.Select(form => Vocabulary.Tokens.IdOf(Config.Normalize(form)))], Vocabulary.Tokens.UnknownId);
    }

    /// <summary>Why the labels of a text say little or nothing; null where there is nothing to say.</summary>
    /// <param name="text">The text.</param>
    /// <param name="input">Its words, from <see cref="Encode"/>.</param>
    public string? Warning(string text, TaggerInput input) => Config.Warning(text, input.IsUnknown && Config.Characters is null || input.Length == 0);

    /// <summary>The likeliest label of every word: [N][words]. A sentence's labels do not depend on its company.</summary>
    /// <param name="sentences">Sentences from <see cref="Encode"/>; one without words gives an empty row.</param>
    /// <param name="betweenSteps">See <see cref="ITaggerNetwork.Forward"/>.</param>
    public TagScore[][] Tag(IReadOnlyList<TaggerInput> sentences, Action? betweenSteps = null)
    {
        TagScore[][] result = [.. sentences.Select(sentence => new TagScore[sentence.Length])];
        if (sentences.Count == 0) return result;
        Network.Forward(sentences, (row, step, logits) =>
        {
            Activations.Softmax(logits);
            int best = TensorPrimitives.IndexOfMax<float>(logits);
            result[row][step] = new TagScore(best, logits[best]);
        }, betweenSteps);
        return result;
    }

    /// <inheritdoc/>
    public override ModelAnswer Answer(string input)
    {
        TagScore[] tags = Tag([Encode(Tokenize(input).Select(word => word.Text))])[0];
        return new ModelAnswer([.. tags.Select(tag => Config.Labels[tag.Label])], [.. tags.Select(tag => tag.Score)]);
    }
}
