using RnnService.Engine.Networks;

namespace RnnService.Engine.Models;

/// <summary>
/// Tells after every step of a sequence of numbers the next ones. Immutable and safe for any number of threads; whoever made it disposes of it.
/// </summary>
public sealed class Forecaster : NumberModel
{
    internal Forecaster(ModelConfig config, INumberNetwork network)
        : base(config, network)
    {
    }

    /// <summary>H, how many steps ahead it tells.</summary>
    public int Horizon => Numbers.Horizon;

    /// <summary>Loads a forecaster from its folder and checks that it still gives its golden answer.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="cancellationToken">Ends loading.</param>
    /// <exception cref="ModelFolderException">A file is missing or wrong, or the folder holds another kind of model; the message says which.</exception>
    /// <exception cref="OperationCanceledException">It was ended.</exception>
    public static Forecaster Load(string path, CancellationToken cancellationToken = default) => ModelFolder.Load<Forecaster>(path, null, cancellationToken);

    /// <summary>The steps after a sequence in their own units: H steps of as many values as it has.</summary>
    /// <param name="sequence">The sequence.</param>
    /// <exception cref="ArgumentException">The sequence cannot be read: <see cref="NumberModel.Check"/>.</exception>
    /// <exception cref="NetworkException">The network cannot compute it.</exception>
    public NumberSequence Forecast(NumberSequence sequence) => Forecast([sequence])[0];

    /// <summary>The same of each of several sequences; what follows one does not depend on the others.</summary>
    /// <inheritdoc cref="Forecast(NumberSequence)" path="/exception"/>
    /// <param name="sequences">The sequences.</param>
    public NumberSequence[] Forecast(IReadOnlyList<NumberSequence> sequences) =>
        [.. InBatches(sequences).Select(logits => new NumberSequence(Values(logits[^Outputs..]), Numbers.Features))];

    /// <summary>What was forecast after each step, in the values' own units, of the outputs [steps·H·F].</summary>
    public float[] Values(ReadOnlySpan<float> logits)
    {
        float[] values = logits.ToArray();
        for (int at = 0; at < values.Length; at += Numbers.Features) Measured.InputUnits.Invert(values.AsSpan(at, Numbers.Features));
        return values;
    }

    private protected override ModelAnswer AnswerOf(float[] logits) =>
        Plain(logits[^Outputs..], i => $"{i / Numbers.Features + 1}.{i % Numbers.Features}");
}
