namespace RnnService.Server.Pipeline;

/// <summary>Finds the name that was probably meant.</summary>
internal static class NearestName
{
    /// <summary>
    /// The candidate whose last part is nearest to <paramref name="written"/> by insertions, deletions and substitutions of single
    /// characters; null when none is within a third of its length.
    /// </summary>
    public static string? Of(string written, IEnumerable<string> candidates, Func<string, string> lastPart)
    {
        if (written.Length > 64) return null;
        (string? best, int least) = (null, int.MaxValue);
        foreach (string candidate in candidates)
        {
            string part = lastPart(candidate);
            int distance = Distance(written.ToLowerInvariant(), part.ToLowerInvariant());
            if (distance < least && distance <= Math.Max(1, part.Length / 3)) (best, least) = (candidate, distance);
        }

        return best;
    }

    private static int Distance(string from, string to)
    {
        int[] row = [.. Enumerable.Range(0, to.Length + 1)];
        for (int i = 1; i <= from.Length; i++)
        {
            (int diagonal, row[0]) = (row[0], i);
            for (int j = 1; j <= to.Length; j++)
            {
                int substituted = diagonal + (from[i - 1] == to[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(substituted, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[to.Length];
    }
}
