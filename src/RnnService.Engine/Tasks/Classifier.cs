namespace RnnService.Engine.Tasks;

/// <summary>Gives a text one label. Immutable and safe for any number of threads.</summary>
public sealed class Classifier : TextModel
{
    /// <inheritdoc/>
    public override ModelConfig Config => throw new NotImplementedException();

    /// <summary>The ids of a text's words; a text without any gets the unknown id.</summary>
    public int[] Encode(string text) => throw new NotImplementedException();

    /// <summary>
    /// Probabilities of all labels for each text: [N][labels], in the labels' order. A text's figures do not depend on its company.
    /// </summary>
    /// <param name="texts">Texts from <see cref="Encode"/>, none empty.</param>
    public float[][] Classify(IReadOnlyList<int[]> texts) => throw new NotImplementedException();
}
