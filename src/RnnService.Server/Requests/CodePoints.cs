namespace RnnService.Server.Requests;

/// <summary>Counts and cuts text by Unicode code points, as offsets in answers count, where a string counts UTF-16 units.</summary>
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

    /// <summary>Walks through a text from left to right and cuts pieces out by code point offsets, in one pass for all of them.</summary>
    public ref struct Cutter(string text)
    {
        private int _unit;
        private int _point;

        /// <param name="start">Not before the start of the piece before.</param>
        /// <param name="end">Past the last code point.</param>
        public string Cut(int start, int end)
        {
            (int from, int fromPoint) = Seek(start, _unit, _point);
            (int to, _) = Seek(end, from, fromPoint);
            (_unit, _point) = (from, fromPoint);
            return text[from..to];
        }

        private readonly (int Unit, int Point) Seek(int wanted, int unit, int point)
        {
            for (; point < wanted && unit < text.Length; point++)
                unit += char.IsHighSurrogate(text[unit]) && unit + 1 < text.Length ? 2 : 1;
            return (unit, point);
        }
    }
}
