using System.Diagnostics;
using System.Runtime.InteropServices;

namespace RnnService.Benchmarks.Load;

/// <summary>Seconds since the process began to look.</summary>
internal static class Clock
{
    private static readonly long Start = Stopwatch.GetTimestamp();

    public static double Now => Stopwatch.GetElapsedTime(Start).TotalSeconds;

    /// <summary>
    /// Blocks until then, asleep: a thread that looks at the clock instead takes one of the processors from what is measured, and adds
    /// milliseconds to its longest waits. Some microseconds late.
    /// </summary>
    public static void WaitUntil(double time)
    {
        if (!OperatingSystem.IsLinux())
        {
            while (Now < time) Thread.Sleep(0);
            return;
        }

        const int TimerSlack = 29; // PR_SET_TIMERSLACK of this thread, in nanoseconds; 50 µs otherwise
        _ = Control(TimerSlack, 1, 0, 0, 0);
        while (time - Now is > 0 and var rest) _ = Sleep(new TimeSpec((nint)rest, (nint)(rest % 1 * 1e9)), 0);
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

    [DllImport("libc", EntryPoint = "nanosleep")]
    private static extern int Sleep(in TimeSpec wanted, nint left);

    [DllImport("libc", EntryPoint = "prctl")]
    private static extern int Control(int option, nuint value, nuint third, nuint fourth, nuint fifth);

    private readonly record struct TimeSpec(nint Seconds, nint Nanoseconds);
}
