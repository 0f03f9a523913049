using System.Runtime.InteropServices;

namespace RnnService.Training.Evaluation;

/// <summary>N-grams that two texts share.</summary>
internal static class NGrams
{
    /// <summary>How many n-grams of one side the other has too, each as often as it occurs in both.</summary>
    public static long Shared(IEnumerable<string> one, IEnumerable<string> other)
    {
        var left = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (string gram in other) CollectionsMarshal.GetValueRefOrAddDefault(left, gram, out _)++;
        long shared = 0;
        foreach (string gram in one)
        {
            ref int count = ref CollectionsMarshal.GetValueRefOrNullRef(left, gram);
            if (System.Runtime.CompilerServices.Unsafe.IsNullRef(ref count) || count == 0) continue;
            count--;
            shared++;
        }

        return shared;
    }
}
