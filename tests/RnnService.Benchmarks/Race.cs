using System.Diagnostics;

namespace RnnService.Benchmarks;

/// <summary>Two runners timed in turn in one process, so that whatever else the machine does meets both.</summary>
internal static class Race
{
    private static readonly double Seconds = 1.0 / Stopwatch.Frequency;
    private static readonly TimeSpan Rest = TimeSpan.FromMilliseconds(200);

    /// <summary>Seconds a run of each: medians of all rounds.</summary>
    /// <param name="ours">One run.</param>
    /// <param name="theirs">One run.</param>
    /// <param name="threads">
    /// How many each may use. A second thread goes on looking for work after a run, ONNX Runtime's for more than 40 ms: where there are
    /// two, each side waits until the other's has gone to sleep.
    /// </param>
    /// <param name="budget">Seconds that all rounds together may take, roughly.</param>
    public static (double Ours, double Theirs) Run(Action ours, Action theirs, int threads = 1, double budget = 0.7)
    {
        Warm(ours);
        Warm(theirs);
        // Rounds of about 3 ms, so that a moment's disturbance spoils one or two of many.
        int ourRuns = Math.Max(1, (int)(0.003 / Time(ours, 1))), theirRuns = Math.Max(1, (int)(0.003 / Time(theirs, 1)));
        var ourTimes = new List<double>();
        var theirTimes = new List<double>();
        long start = Stopwatch.GetTimestamp();
        while (ourTimes.Count < 9 || (Stopwatch.GetTimestamp() - start) * Seconds < budget)
        {
            ourTimes.Add(Round(ours, ourRuns, threads));
            theirTimes.Add(Round(theirs, theirRuns, threads));
        }

        return (Median(ourTimes), Median(theirTimes));
    }

    /// <summary>Long enough for the just-in-time compiler's last tier to be in place.</summary>
    private static void Warm(Action run)
    {
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < 3 || (Stopwatch.GetTimestamp() - start) * Seconds < 0.4; i++) run();
    }

    /// <summary>The first runs of a round are not counted: they find in the caches what the other side has left there, and threads asleep.</summary>
    private static double Round(Action run, int times, int threads)
    {
        if (threads > 1) Thread.Sleep(Rest);
        Time(run, 1 + times / 3);
        return Time(run, times);
    }

    private static double Time(Action run, int times)
    {
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < times; i++) run();
        return (Stopwatch.GetTimestamp() - start) * Seconds / times;
    }

    private static double Median(List<double> values)
    {
        values.Sort();
        return values[values.Count / 2];
    }
}
