using RnnService.Audio;
using RnnService.Engine.Networks;

namespace RnnService.Training.Corpora;

/// <summary>A sequence of numbers and what is to be learnt of it.</summary>
public sealed record NumberExample
{
    /// <summary>The sequence; of a sound none until a model says how it is read.</summary>
    public NumberSequence Sequence { get; init; }

    /// <summary>The sound that the sequence is made of; null where there is none.</summary>
    public Sound? Sound { get; init; }

    /// <summary>The label; or one a step; or the symbols that are said.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>Values to be found: [values], or [steps·values].</summary>
    public ReadOnlyMemory<float> Values { get; init; }

    /// <summary>What messages call it: its file, and where it stands there.</summary>
    public string Name { get; init; } = "";

    /// <summary>Some of the steps, with what belongs to them.</summary>
    internal NumberExample Slice(int start, int steps)
    {
        int all = Sequence.Steps, values = all == 0 ? 0 : Values.Length / all;
        return this with
        {
            Sequence = Sequence.Slice(start, steps),
            Labels = Labels.Count == all ? [.. Labels.Skip(start).Take(steps)] : Labels,
            Values = values > 0 ? Values.Slice(start * values, steps * values) : Values,
        };
    }
}

/// <summary>The sequences of a corpus.</summary>
/// <param name="Examples">The sequences.</param>
/// <param name="Features">What the values of a step are called; empty where nothing is said.</param>
public sealed record NumberCorpus(IReadOnlyList<NumberExample> Examples, IReadOnlyList<string> Features);
