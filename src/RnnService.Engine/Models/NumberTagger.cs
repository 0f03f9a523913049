using RnnService.Engine.Networks;

namespace RnnService.Engine.Models;

/// <summary>Gives every step of a sequence of numbers a label. Immutable and safe for any number of threads; whoever made it disposes of it.</summary>
public sealed class NumberTagger : NumberModel
{
    internal NumberTagger(ModelConfig config, INumberNetwork network)
        : base(config, network)
    {
        Decoder = new TagDecoder(config, () => network.Transitions);
    }

    /// <summary>What makes labels of the network's scores.</summary>
    internal TagDecoder Decoder { get; }

    /// <summary>The labels' names in id order.</summary>
    public IReadOnlyList<string> Labels => Config.Labels;

    /// <summary>Loads a tagger of numbers from its folder and checks that it still gives its golden answer.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="cancellationToken">Ends loading.</param>
    /// <exception cref="ModelFolderException">A file is missing or wrong, or the folder holds another kind of model; the message says which.</exception>
    /// <exception cref="OperationCanceledException">It was ended.</exception>
    public static NumberTagger Load(string path, CancellationToken cancellationToken = default) => ModelFolder.Load<NumberTagger>(path, null, cancellationToken);

    /// <summary>The likeliest label of every step with its probability.</summary>
    /// <param name="sequence">The sequence.</param>
    /// <exception cref="ArgumentException">The sequence cannot be read: <see cref="NumberModel.Check"/>.</exception>
    /// <exception cref="NetworkException">The network cannot compute it.</exception>
    public TagScore[] Tag(NumberSequence sequence) => Tag([sequence])[0];

    /// <summary>The same of each of several sequences; a sequence's labels are what they would be alone.</summary>
    /// <inheritdoc cref="Tag(NumberSequence)" path="/exception"/>
    /// <param name="sequences">The sequences.</param>
    public TagScore[][] Tag(IReadOnlyList<NumberSequence> sequences) => [.. InBatches(sequences).Select(Tags)];

    /// <summary>The likeliest label of every step with its probability, of the logits [steps·labels] of a whole sequence.</summary>
    public TagScore[] Tags(float[] logits)
    {
        float[] scores = [.. logits];
        int[] labels = new int[scores.Length / Labels.Count];
        Decoder.Decode(scores, labels, scores);
        return [.. labels.Select((label, t) => new TagScore(label, scores[t * Labels.Count + label]))];
    }

    /// <summary>The probability of every label at every step, [steps·labels], of the logits of a whole sequence.</summary>
    public float[] Scores(float[] logits)
    {
        float[] scores = [.. logits];
        Decoder.Decode(scores, new int[scores.Length / Labels.Count], scores);
        return scores;
    }

    private protected override ModelAnswer AnswerOf(float[] logits)
    {
        TagScore[] tags = Tags(logits);
        return new ModelAnswer([.. tags.Select(tag => Labels[tag.Label])], [.. tags.Select(tag => tag.Score)]);
    }
}
