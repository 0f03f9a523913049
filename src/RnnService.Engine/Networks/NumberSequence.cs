namespace RnnService.Engine.Networks;

/// <summary>A sequence of steps of numbers.</summary>
/// <param name="Values">The values [T,F], step after step.</param>
/// <param name="Features">F, how many values a step has.</param>
public readonly record struct NumberSequence(ReadOnlyMemory<float> Values, int Features)
{
    /// <summary>T, how many steps there are.</summary>
    public int Steps => Features == 0 ? 0 : Values.Length / Features;

    /// <summary>Some of the steps.</summary>
    public NumberSequence Slice(int start, int steps) => this with { Values = Values.Slice(start * Features, steps * Features) };
}
