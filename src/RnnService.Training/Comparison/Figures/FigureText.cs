using System.Globalization;
using RnnService.Training.Comparison.Tasks;

namespace RnnService.Training.Comparison.Figures;

/// <summary>Figures as they are written in tables and sentences.</summary>
internal static class FigureText
{
    /// <summary>Three digits.</summary>
    public static string Number(double value) => double.IsFinite(value) ? value.ToString(Math.Abs(value) >= 1000 ? "N0" : "G3", CultureInfo.InvariantCulture) : "–";

    /// <summary>A share of 1 in percent.</summary>
    public static string Percent(double share) => double.IsFinite(share) ? (100 * share).ToString("0.0", CultureInfo.InvariantCulture) + " %" : "–";

    /// <summary>Whole things.</summary>
    public static string Count(double count) => double.IsFinite(count) ? count.ToString("N0", CultureInfo.InvariantCulture) : "–";

    /// <summary>Names in a sentence: "a, b and c".</summary>
    public static string List(IEnumerable<string> names)
    {
        string[] all = [.. names];
        return all.Length switch { 0 => "none", 1 => all[0], _ => $"{string.Join(", ", all[..^1])} and {all[^1]}" };
    }

    /// <summary>The score of a task.</summary>
    public static Func<double, string> ScoreOf(ComparedTask task) => task.Metric == "accuracy" ? Percent : Number;
}
