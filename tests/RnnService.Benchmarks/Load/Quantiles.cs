namespace RnnService.Benchmarks.Load;

/// <summary>What of a sample is told.</summary>
internal static class Quantiles
{
    /// <summary>The smallest value that at least this part of all reach; NaN of nothing.</summary>
    public static double Of(List<double> values, double part)
    {
        if (values.Count == 0) return double.NaN;
        values.Sort();
        return values[Math.Clamp((int)Math.Ceiling(part * values.Count) - 1, 0, values.Count - 1)];
    }

    public static double Median(List<double> values) => Of(values, 0.5);

    /// <summary>Median and 99th percentile of seconds, as milliseconds.</summary>
    public static string Milliseconds(List<double> seconds) =>
        FormattableString.Invariant($"{Median(seconds) * 1e3:F1} / {Of(seconds, 0.99) * 1e3:F1}");
}
