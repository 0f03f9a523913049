namespace RnnService.Engine.Text;

/// <summary>Finds the name that was probably meant, for messages that end in "did you mean …?".</summary>
internal static class NearestName
{
    private const int LongestCompared = 64;

    /// <summary>
    /// The candidate nearest to what was written by insertions, deletions and substitutions of single characters, whatever the case;
    /// null when none is within a third of its length. Names longer than 64 characters are not compared.
    /// </summary>
    /// <param name="written">What was written.</param>
    /// <param name="candidates">The names there are.</param>
    /// <param name="part">The part of a candidate that is compared; all of it when null.</param>
    public static string? Of(string written, IEnumerable<string> candidates, Func<string, string>? part = null)
    {
        if (written.Length > LongestCompared) return null;
        string lower = written.ToLowerInvariant();
        (string? best, int least) = (null, int.MaxValue);
        foreach (string candidate in candidates)
        {
            string compared = (part is null ? candidate : part(candidate)).ToLowerInvariant();
            if (compared.Length > LongestCompared) continue;
            int distance = Edits(lower, compared);
            if (distance < least && distance <= Math.Max(1, compared.Length / 3)) (best, least) = (candidate, distance);
        }

        return best;
    }

    /// <summary>
    /// The candidates nearest to what was written, best first, by the characters between a shared beginning and a shared end: linear in
    /// their lengths, for names out of a file that may hold a million.
    /// </summary>
    internal static IEnumerable<string> Several(string written, IEnumerable<string> candidates, int count) =>
        candidates.OrderBy(candidate => Between(written, candidate)).Take(count);

    private static int Between(string written, string other)
    {
        int shorter = Math.Min(written.Length, other.Length), start = written.AsSpan().CommonPrefixLength(other), end = 0;
        while (end < shorter - start && written[^(end + 1)] == other[^(end + 1)]) end++;
        return Math.Max(written.Length, other.Length) - start - end;
    }

    private static int Edits(string from, string to)
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
