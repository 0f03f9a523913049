namespace RnnService.Engine.Weights;

/// <summary>
/// Random numbers that are the same for the same seed on every machine and version: SplitMix64 (Steele, Lea and Flood 2014).
/// A value type of one 64-bit word, so that a draw's place is easily kept. Not thread-safe.
/// </summary>
internal struct RandomSource
{
    private ulong _state;

    /// <summary>A source that depends on all the numbers given, such as a seed, a step and a row.</summary>
    public RandomSource(params ReadOnlySpan<ulong> keys)
    {
        foreach (ulong key in keys) _state = Mix(_state + 0x9E3779B97F4A7C15UL + key * 0xD1342543DE82EF95UL);
    }

    /// <summary>The source that stood at a <see cref="Place"/>.</summary>
    public static RandomSource At(ulong place) => new() { _state = place };

    /// <summary>Where it stands: all that the numbers to come depend on.</summary>
    public readonly ulong Place => _state;

    /// <summary>64 random bits.</summary>
    public ulong Next() => Mix(_state += 0x9E3779B97F4A7C15UL);

    /// <summary>Uniform in [0, 1), 53 random bits.</summary>
    public double Uniform() => (Next() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Uniform among 0 … <paramref name="count"/> − 1.</summary>
    public int Below(int count) => (int)Math.BigMul(Next(), (ulong)count, out _);

    /// <summary>Normal with mean 0 and deviation 1 (Box and Muller).</summary>
    public double Normal() => Math.Sqrt(-2 * Math.Log(1 - Uniform())) * Math.Cos(2 * Math.PI * Uniform());

    /// <summary>Puts a list into random order (Fisher and Yates).</summary>
    public void Shuffle<T>(Span<T> items)
    {
        for (int i = items.Length - 1; i > 0; i--)
        {
            int j = Below(i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }
}
