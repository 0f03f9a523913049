using RnnService.Engine.Weights;

namespace RnnService.Training.Objectives;

/// <summary>Batches of texts of about the same length, in an order that the seed and the epoch fix.</summary>
internal static class Buckets
{
    private const int BatchesAPool = 50; // random enough within, and long texts still meet long ones

    /// <summary>Every index once, in batches of <paramref name="size"/>.</summary>
    public static int[][] Plan(IReadOnlyList<int> lengths, int size, ulong seed, int epoch)
    {
        var random = new RandomSource(seed, 0xB0C4E7, (ulong)epoch);
        int[] order = [.. Enumerable.Range(0, lengths.Count)];
        random.Shuffle<int>(order);
        var batches = new List<int[]>();
        foreach (int[] pool in order.Chunk((int)Math.Min(int.MaxValue, (long)size * BatchesAPool)))
            batches.AddRange(pool.OrderBy(index => lengths[index]).Chunk(size));
        int[][] plan = [.. batches];
        random.Shuffle<int[]>(plan);
        return plan;
    }
}
