namespace RnnService.Server.Requests;

/// <summary>Counts Unicode code points, as offsets in answers count, where a string counts UTF-16 units.</summary>
internal static class CodePoints
{
    public static int Count(string text)
    {
        int count = 0;
        foreach (char unit in text)
        {
            if (!char.IsLowSurrogate(unit)) count++;
        }

        return count;
    }
}
