using RnnService.Engine.Kernels;
using RnnService.Engine.Networks;

namespace RnnService.Engine.Models;

/// <summary>What a classifier's logits are turned into.</summary>
public enum ScoreFunction
{
    /// <summary>Probabilities of which one label is right: they sum to 1.</summary>
    Softmax,

    /// <summary>Probabilities of each label by itself.</summary>
    Sigmoid,

    /// <summary>The logits as they are.</summary>
    None,
}

/// <summary>Gives a text one label. Immutable and safe for any number of threads.</summary>
public sealed class Classifier : TextModel
{
    internal Classifier(ModelConfig config, ModelVocabulary vocabulary, IClassifierNetwork network)
        : base(config, vocabulary)
    {
        Network = network;
    }

    /// <inheritdoc/>
    public override IClassifierNetwork Network { get; }

    /// <summary>The ids of a text's tokens; a text without any gets the unknown id.</summary>
    public int[] Encode(string text)
    {
        int[] ids = [.. Config.Tokenize(text).Select(token => Vocabulary.Tokens.IdOf(Config.Normalize(token.Text)))];
        return ids.Length > 0 ? ids : [Vocabulary.Tokens.UnknownId];
    }

    /// <summary>Whether the model knows no token of a text from <see cref="Encode"/>: its answer then says nothing about the text.</summary>
    public bool IsUnknown(int[] text) => !text.AsSpan().ContainsAnyExcept(Vocabulary.Tokens.UnknownId);

    /// <summary>Why the answer about a text says little or nothing; null where there is nothing to say.</summary>
    /// <param name="text">The text.</param>
    /// <param name="ids">Its tokens, from <see cref="Encode"/>.</param>
    public string? Warning(string text, int[] ids) => Config.Warning(text, IsUnknown(ids));

    /// <summary>
    /// Probabilities of all labels for each text: [N][labels], in the labels' order. A text's figures do not depend on its company.
    /// </summary>
    /// <param name="texts">Texts from <see cref="Encode"/>, none empty.</param>
    public float[][] Classify(IReadOnlyList<int[]> texts)
    {
        float[][] result = Logits(texts);
        foreach (float[] row in result) Activations.Softmax(row);
        return result;
    }

    /// <summary>The logits of all labels for each text: [N][labels], in the labels' order, which <see cref="Scores"/> makes scores of.</summary>
    /// <param name="texts">Texts from <see cref="Encode"/>, none empty.</param>
    /// <param name="betweenSteps">See <see cref="IClassifierNetwork.Forward"/>.</param>
    public float[][] Logits(IReadOnlyList<int[]> texts, Action? betweenSteps = null)
    {
        float[][] result = new float[texts.Count][];
        if (texts.Count > 0) Network.Forward(texts, (row, _, logits) => result[row] = logits.ToArray(), betweenSteps);
        return result;
    }

    /// <summary>Scores [labels] of a text's logits, in place.</summary>
    /// <exception cref="NetworkException">A score is infinite or no number.</exception>
    public static float[] Scores(float[] logits, ScoreFunction function = ScoreFunction.Softmax)
    {
        if (function == ScoreFunction.Softmax) Activations.Softmax(logits);
        else if (function == ScoreFunction.Sigmoid) Activations.Sigmoid(logits, logits);
        NetworkException.ThrowIfNotFinite(logits);
        return logits;
    }

    /// <inheritdoc/>
    public override ModelAnswer Answer(string input)
    {
        float[] scores = Classify([Encode(input)])[0];
        int[] order = [.. Enumerable.Range(0, scores.Length).OrderByDescending(label => scores[label])];
        return new ModelAnswer([.. order.Select(label => Config.Labels[label])], [.. order.Select(label => scores[label])]);
    }
}
