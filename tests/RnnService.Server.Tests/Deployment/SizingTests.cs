using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace RnnService.Server.Tests.Deployment;

/// <summary>The model of docs/deployment.md is fitted to the measured load, and what it predicts follows from it.</summary>
public sealed class SizingTests
{
    private const string Load = "tests/RnnService.Benchmarks/results/load.md";
    private const double Busy = 0.7; // the part of what a replica can do that should be planned with

    // What is asked about.
    private const int Replicas = 100, Tokens = 100, Sessions = 10_000_000, Minutes = 10;

    // Measured with Valkey's protocol and the shipped language model, LSTM 2 × 256: the sealed state, and what INFO memory grew by, a session.
    private const int SealedBytes = 4276, RedisBytes = 5561;

    [Fact]
    public void The_model_fits_the_load_and_predicts_what_the_page_says()
    {
        (int Streams, double Rate)[] measured = [.. Regex.Matches(File.ReadAllText(Path.Combine(Repository.Root, Load)), @"^\| (\d+) \| (\d+) \| [\d.]+ / [\d.]+ \| [\d.]+ / [\d.]+ \|$", RegexOptions.Multiline)
            .Select(row => (int.Parse(row.Groups[1].Value), double.Parse(row.Groups[2].Value, CultureInfo.InvariantCulture)))];
        Assert.True(measured.Length >= 4);
        (double a, double b) = Fit(measured);
        double most = 1 / b;

        var text = new StringBuilder();
        Line($"a = {a * 1e6:F0} µs and b = {b * 1e6:F1} µs fit the table of [load](speed.md) for an LSTM 2 × 512 on two processors:");
        Line($"");
        Line($"| streams at once | tokens/s measured | n / (a + b n) | error |");
        Line($"|---|---|---|---|");
        double worst = 0;
        foreach ((int n, double rate) in measured)
        {
            double found = n / (a + b * n);
            worst = Math.Max(worst, Math.Abs(found / rate - 1));
            Line($"| {n} | {rate:F0} | {found:F0} | {100 * (found / rate - 1):+0;-0;0} % |");
        }

        Line($"");
        Line($"So a replica gives {most:F0} tokens a second at most, and at {100 * Busy:F0} % of that a text of {Tokens} tokens takes {1e3 * Tokens * (a + b) / (1 - Busy):F0} ms on average.");
        Line($"");
        Line($"| predicted | |");
        Line($"|---|---|");
        double rateOfAll = Replicas * most * Busy, needed = (double)Sessions * Tokens / (Minutes * 60);
        Line($"| {Replicas} replicas at {100 * Busy:F0} % | {rateOfAll / 1e6:F2} million tokens/s, {rateOfAll / Tokens:F0} texts of {Tokens} tokens/s, {Replicas * Running(Busy, a / b):F0} streams running |");
        Line($"| {Sessions / 1e6:F0} million sessions, each going on by {Tokens} tokens every {Minutes} minutes | {needed / Tokens:F0} requests/s, {needed / 1e6:F2} million tokens/s: {needed / (most * Busy):F0} replicas at {100 * Busy:F0} % |");
        Line($"| their bytes in Redis, LSTM 2 × 256 | {(double)Sessions * RedisBytes / 1e9:F0} GB ({RedisBytes} bytes a session, of which {SealedBytes} are the sealed state) |");
        Line($"| what Redis is asked | {2 * needed / Tokens:F0} scripts/s, {2 * needed / Tokens * SealedBytes / 1e6:F0} MB/s |");
        Repository.CompareSection("docs/deployment.md", "sizing", text.ToString());
        // A model that is further off says nothing.
        Assert.InRange(worst, 0, 0.2);

        void Line(FormattableString line) => text.Append(FormattableString.Invariant(line)).Append('\n');
    }

    /// <summary>The closed form is what the chain of births and deaths with these rates gives.</summary>
    [Theory]
    [InlineData(0.3, 1.5)]
    [InlineData(0.7, 0.2)]
    [InlineData(0.9, 5)]
    public void The_mean_number_of_streams_is_that_of_the_chain(double busy, double ratio)
    {
        double weight = 1, sum = 1, mean = 0;
        for (int n = 1; n < 2_000; n++)
        {
            weight *= busy * (n + ratio) / n; // arrivals over departures: ρ / b against n / (a + b n)
            sum += weight;
            mean += n * weight;
        }

        Assert.Equal(mean / sum, Running(busy, ratio), 1e-6);
    }

    private static double Running(double busy, double ratio) => (ratio + 1) * busy / (1 - busy);

    /// <summary>a and b of n / rate = a + b n, by least squares of the relative errors.</summary>
    private static (double A, double B) Fit((int Streams, double Rate)[] measured)
    {
        double ww = 0, wn = 0, wnn = 0, wt = 0, wnt = 0;
        foreach ((int n, double rate) in measured)
        {
            double time = n / rate, weight = 1 / (time * time);
            (ww, wn, wnn, wt, wnt) = (ww + weight, wn + weight * n, wnn + weight * n * n, wt + weight * time, wnt + weight * n * time);
        }

        double determinant = ww * wnn - wn * wn;
        return ((wt * wnn - wn * wnt) / determinant, (ww * wnt - wn * wt) / determinant);
    }
}
