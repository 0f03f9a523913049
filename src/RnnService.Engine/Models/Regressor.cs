using RnnService.Engine.Networks;

namespace RnnService.Engine.Models;

/// <summary>
/// Gives a sequence of numbers values, or every step of it. Immutable and safe for any number of threads; whoever made it disposes of it.
/// </summary>
public sealed class Regressor : NumberModel
{
    internal Regressor(ModelConfig config, INumberNetwork network)
        : base(config, network)
    {
    }

    /// <summary>What the values are called, in their order.</summary>
    public IReadOnlyList<string> Names => Config.Labels;

    /// <summary>Loads a regressor from its folder and checks that it still gives its golden answer.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="cancellationToken">Ends loading.</param>
    /// <exception cref="ModelFolderException">A file is missing or wrong, or the folder holds another kind of model; the message says which.</exception>
    /// <exception cref="OperationCanceledException">It was ended.</exception>
    public static Regressor Load(string path, CancellationToken cancellationToken = default) => ModelFolder.Load<Regressor>(path, null, cancellationToken);

    /// <summary>The values of a sequence in their own units: [values], or [steps·values] where every step has some.</summary>
    /// <param name="sequence">The sequence.</param>
    /// <exception cref="ArgumentException">The sequence cannot be read: <see cref="NumberModel.Check"/>.</exception>
    /// <exception cref="NetworkException">The network cannot compute it.</exception>
    public float[] Values(NumberSequence sequence) => Values([sequence])[0];

    /// <summary>The same of each of several sequences; a sequence's values are what they would be alone.</summary>
    /// <inheritdoc cref="Values(NumberSequence)" path="/exception"/>
    /// <param name="sequences">The sequences.</param>
    public float[][] Values(IReadOnlyList<NumberSequence> sequences) => [.. InBatches(sequences).Select(logits => Values(logits))];

    /// <summary>The values in their own units, of the outputs [values] or [steps·values].</summary>
    public float[] Values(ReadOnlySpan<float> logits)
    {
        float[] values = logits.ToArray();
        for (int at = 0; at < values.Length; at += Outputs) Measured.OutputUnits!.Invert(values.AsSpan(at, Outputs));
        return values;
    }

    private protected override ModelAnswer AnswerOf(float[] logits) => Plain(logits, i => Names[i % Names.Count]);
}
