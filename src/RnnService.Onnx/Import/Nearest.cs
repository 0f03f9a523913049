namespace RnnService.Onnx.Import;

/// <summary>Finds the name that was probably meant.</summary>
internal static class Nearest
{
    // Names come from a file that may hold a million of them.
    private const int MostCompared = 10_000;

    /// <summary>The likest of the names, but for those that share less than half with it; null when there is none.</summary>
    public static string? To(string wanted, IEnumerable<string> names)
    {
        string? nearest = names.Take(MostCompared).MinBy(name => Distance(wanted, name));
        return nearest is not null && 2 * Distance(wanted, nearest) <= Math.Max(wanted.Length, nearest.Length) ? nearest : null;
    }

    /// <summary>Characters between a shared beginning and a shared end. Linear in their number.</summary>
    public static int Distance(string one, string other)
    {
        int shorter = Math.Min(one.Length, other.Length);
        int start = one.AsSpan().CommonPrefixLength(other);
        int end = 0;
        while (end < shorter - start && one[^(end + 1)] == other[^(end + 1)]) end++;
        return Math.Max(one.Length, other.Length) - start - end;
    }
}
