using System.Globalization;
using RnnService.Training.Evaluation;

namespace RnnService.Cli.Output;

/// <summary>Numbers as the command prints them, the same in every locale.</summary>
internal static class Figures
{
    public static string Count(long count) => count.ToString("N0", CultureInfo.InvariantCulture);

    public static string Percent(double share) => string.Create(CultureInfo.InvariantCulture, $"{100 * share:F2} %");

    public static string Real(double value) => value.ToString("F4", CultureInfo.InvariantCulture);

    public static string Name(ValidationScore score) => score.Metric.Replace('_', ' ');

    /// <summary>A value of the score's kind.</summary>
    public static string Of(ValidationScore score, double value) => score.HigherIsBetter ? Percent(value) : Real(value);

    public static string Time(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalHours}:{time:mm\\:ss}");
}
