namespace RnnService.Engine.Models;

/// <summary>
/// Puts sequences of about equal length together, so that a network reads many in one step and memory does not grow with their number.
/// What a sequence gives does not depend on its company.
/// </summary>
internal static class LengthBatches
{
    private const int Most = 32;

    /// <summary>The indices of all sequences, in batches of at most 32, the shortest first.</summary>
    public static IEnumerable<int[]> Of(int[] lengths)
    {
        int[] order = [.. Enumerable.Range(0, lengths.Length).OrderBy(index => lengths[index])];
        return order.Chunk(Most);
    }
}
