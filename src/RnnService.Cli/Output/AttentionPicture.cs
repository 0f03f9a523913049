using System.Text;

namespace RnnService.Cli.Output;

/// <summary>Where a translator looked, as lines of text: a row a token that was written, a column a token that was read.</summary>
internal static class AttentionPicture
{
    private const string Shades = " ░▒▓█";
    private const int LongestToken = 12;

    /// <summary>The lines.</summary>
    /// <param name="source">The tokens that were read.</param>
    /// <param name="target">The tokens that were written.</param>
    /// <param name="weights">Of each written token its attention to each that was read, from 0 to 1.</param>
    public static IEnumerable<string> Lines(IReadOnlyList<string> source, IReadOnlyList<string> target, IReadOnlyList<IReadOnlyList<float>> weights)
    {
        string[] columns = [.. source.Select(Visible)], rows = [.. target.Select(Visible)];
        int margin = rows.Length == 0 ? 0 : rows.Max(row => row.EnumerateRunes().Count()), height = columns.Length == 0 ? 0 : columns.Max(column => column.EnumerateRunes().Count());
        // The tokens that were read stand above their columns, written downwards, and end at the picture.
        for (int line = 0; line < height; line++)
        {
            var text = new StringBuilder(new string(' ', margin + 1));
            foreach (string column in columns)
            {
                Rune[] letters = [.. column.EnumerateRunes()];
                int at = line - (height - letters.Length);
                text.Append(at < 0 ? " " : letters[at].ToString()).Append(' ');
            }

            yield return text.ToString().TrimEnd();
        }

        for (int i = 0; i < Math.Min(rows.Length, weights.Count); i++)
        {
            var text = new StringBuilder(new string(' ', margin - rows[i].EnumerateRunes().Count())).Append(rows[i]).Append(' ');
            foreach (float weight in weights[i]) text.Append(Shades[(int)MathF.Round(Math.Clamp(weight, 0, 1) * (Shades.Length - 1))], 2);
            yield return text.ToString().TrimEnd();
        }
    }

    private static string Visible(string token)
    {
        Rune[] letters = [.. token.Trim().EnumerateRunes().Where(rune => !Rune.IsControl(rune))];
        return letters.Length <= LongestToken ? string.Concat(letters) : string.Concat(letters.Take(LongestToken - 1)) + "…";
    }
}
