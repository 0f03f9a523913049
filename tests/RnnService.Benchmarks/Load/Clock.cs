using System.Diagnostics;

namespace RnnService.Benchmarks.Load;

/// <summary>Seconds since the process began to look.</summary>
internal static class Clock
{
    private static readonly long Start = Stopwatch.GetTimestamp();

    public static double Now => Stopwatch.GetElapsedTime(Start).TotalSeconds;

    /// <summary>Blocks until then: a sleep for the most part, and the rest by looking, because a sleep is a millisecond late.</summary>
    public static void WaitUntil(double time)
    {
        while (time - Now is > 0.002 and var rest) Thread.Sleep((int)(rest * 1e3 - 1));
        while (Now < time) Thread.SpinWait(20);
    }

    /// <summary>Arrivals that know nothing of each other, so many a second on average.</summary>
    public static IEnumerable<double> Poisson(int seed, double rate)
    {
        var random = new Random(seed);
        for (double time = 0; ;)
        {
            time -= Math.Log(1 - random.NextDouble()) / rate;
            yield return time;
        }
    }
}
