namespace RnnService.Onnx.Runtime.Runs;

/// <summary>Which rows to read in one run.</summary>
internal static class RowGroups
{
    /// <summary>
    /// Groups of rows, the longest first: as many as fit, and none shorter than half the longest, so that no more than half of what is computed
    /// is padding. Rows without steps are left out.
    /// </summary>
    /// <param name="lengths">Steps of each row.</param>
    /// <param name="ragged">Whether rows of one group may differ in length.</param>
    /// <param name="most">How many rows fit beside each other, of a number of steps; one or more.</param>
    public static IEnumerable<int[]> Of(IReadOnlyList<int> lengths, bool ragged, Func<int, int> most)
    {
        int[] order = [.. Enumerable.Range(0, lengths.Count).Where(row => lengths[row] > 0).OrderByDescending(row => lengths[row])];
        for (int first = 0, next; first < order.Length; first = next)
        {
            int longest = lengths[order[first]], shortest = ragged ? longest - longest / 2 : longest, end = Math.Min(order.Length, first + most(longest));
            next = first + 1;
            while (next < end && lengths[order[next]] >= shortest) next++;
            yield return order[first..next];
        }
    }
}
