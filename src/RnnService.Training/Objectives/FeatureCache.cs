namespace RnnService.Training.Objectives;

/// <summary>
/// What a head that is trained alone reads of each example, computed once and kept within a bound; beyond it anew each time. Each example is asked for by
/// one thread at a time, different ones by any.
/// </summary>
/// <param name="examples">How many examples there are.</param>
/// <param name="most">Most bytes to keep.</param>
internal sealed class FeatureCache(int examples, long most)
{
    private readonly float[]?[] _kept = new float[]?[examples];
    private long _bytes;

    /// <summary>The bound where nothing else is said: a part of the memory that this machine has.</summary>
    public static long UsualBytes => Math.Min(1L << 30, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 8);

    /// <summary>The features of some examples.</summary>
    /// <param name="asked">The examples.</param>
    /// <param name="compute">Computes those of some of them.</param>
    public float[][] Of(int[] asked, Func<int[], float[][]> compute)
    {
        int[] missing = [.. asked.Where(example => _kept[example] is null)];
        if (missing.Length == 0) return [.. asked.Select(example => _kept[example]!)];
        float[][] computed = compute(missing);
        var found = missing.Zip(computed).ToDictionary(pair => pair.First, pair => pair.Second);
        foreach (var (example, features) in found)
        {
            long bytes = (long)sizeof(float) * features.Length;
            if (Interlocked.Add(ref _bytes, bytes) <= most) _kept[example] = features;
            else Interlocked.Add(ref _bytes, -bytes);
        }

        return [.. asked.Select(example => found.GetValueOrDefault(example) ?? _kept[example]!)];
    }
}
