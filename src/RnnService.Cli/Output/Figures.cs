using System.Globalization;

namespace RnnService.Cli.Output;

/// <summary>Numbers as the command prints them, the same in every locale.</summary>
internal static class Figures
{
    public static string Count(long count) => count.ToString("N0", CultureInfo.InvariantCulture);

    public static string Percent(double share) => string.Create(CultureInfo.InvariantCulture, $"{100 * share:F2} %");

    public static string Real(double value) => value.ToString("F4", CultureInfo.InvariantCulture);

    public static string Time(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalHours}:{time:mm\\:ss}");
}
