using System.Globalization;
using RnnService.Training.Comparison.Tasks;

namespace RnnService.Training.Comparison.Figures;

/// <summary>Figures as they are written in tables and sentences.</summary>
internal static class FigureText
{
    /// <summary>Three digits, zeros at the end included.</summary>
    public static string Number(double value)
    {
        if (!double.IsFinite(value)) return "–";
        if (value == 0) return "0";
        int whole = (int)Math.Floor(Math.Log10(Math.Abs(value))) + 1;
        return value.ToString(whole < -2 ? "0.00E0" : "N" + Math.Clamp(3 - whole, 0, 5), CultureInfo.InvariantCulture);
    }

    /// <summary>A share of 1 in percent.</summary>
    public static string Percent(double share) => double.IsFinite(share) ? (100 * share).ToString("0.0", CultureInfo.InvariantCulture) + " %" : "–";

    /// <summary>A BLEU, which is kept as a share of 1, as it is usually written: of 100.</summary>
    public static string Bleu(double share) => double.IsFinite(share) ? (100 * share).ToString("0.0", CultureInfo.InvariantCulture) : "–";

    /// <summary>Whole things.</summary>
    public static string Count(double count) => double.IsFinite(count) ? count.ToString("N0", CultureInfo.InvariantCulture) : "–";

    /// <summary>The mean of values with the lowest and the highest: "0.81 (0.80 to 0.83)".</summary>
    public static string Interval(double[] all, Func<double, string> text) => all.Length switch
    {
        0 => "–",
        1 => text(all[0]),
        _ => $"{text(all.Average())} ({text(all.Min())} to {text(all.Max())})",
    };

    /// <summary>Names in a sentence: "a, b and c".</summary>
    public static string List(IEnumerable<string> names)
    {
        string[] all = [.. names];
        return all.Length switch { 0 => "none", 1 => all[0], _ => $"{string.Join(", ", all[..^1])} and {all[^1]}" };
    }

    /// <summary>The score of a task.</summary>
    public static Func<double, string> ScoreOf(ComparedTask task) => task.Metric switch { "accuracy" => Percent, "BLEU" => Bleu, _ => Number };
}
