using System.Globalization;
using System.Text;

namespace RnnService.Training.Evaluation;

/// <summary>Rows of cells in aligned columns for the console: the first column to the left, the others to the right.</summary>
internal static class TextTable
{
    private const string Gap = "  ";

    public static readonly string[] ScoreHeader = ["gold", "predicted", "correct", "precision", "recall", "F1"];

    /// <summary>Cells under <see cref="ScoreHeader"/>, shares in percent.</summary>
    public static string[] Cells(F1Score score) =>
    [
        Count(score.Gold), Count(score.Predicted), Count(score.Correct),
        Percent(score.Precision), Percent(score.Recall), Percent(score.F1),
    ];

    public static string Count(long count) => count.ToString(CultureInfo.InvariantCulture);

    public static string Percent(double share) => (100 * share).ToString("0.00", CultureInfo.InvariantCulture);

    public static int Width(IReadOnlyList<string[]> rows) => Widths(rows).Sum() + (Gap.Length * (rows[0].Length - 1));

    public static string Format(IReadOnlyList<string[]> rows)
    {
        int[] widths = Widths(rows);
        var text = new StringBuilder();
        foreach (string[] row in rows)
        {
            var cells = row.Select((cell, column) => column == 0 ? cell.PadRight(widths[0]) : cell.PadLeft(widths[column]));
            text.Append(string.Join(Gap, cells).TrimEnd(' ')).Append('\n');
        }

        return text.ToString();
    }

    private static int[] Widths(IReadOnlyList<string[]> rows) =>
        [.. Enumerable.Range(0, rows[0].Length).Select(column => rows.Max(row => row[column].Length))];
}
