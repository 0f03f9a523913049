namespace RnnService.AspNetCore.Scheduling;

/// <summary>How fast what waits is done, over the last seconds of work. Written by the compute loop, read from any thread.</summary>
internal sealed class Throughput
{
    private const double MostSeconds = 10; // of the past that count
    private const int LongestWait = 120;
    private double _done, _seconds;
    private double _perSecond;

    /// <summary>Counts work.</summary>
    /// <param name="done">How much was done.</param>
    /// <param name="took">In what time, with something to do all along.</param>
    public void Count(long done, TimeSpan took)
    {
        (_done, _seconds) = (_done + done, _seconds + took.TotalSeconds);
        if (_seconds > MostSeconds) (_done, _seconds) = (_done * MostSeconds / _seconds, MostSeconds);
        Volatile.Write(ref _perSecond, _seconds > 0 ? _done / _seconds : 0);
    }

    /// <summary>Whole seconds until this much will be done, at least one and at most some; null when nothing is known.</summary>
    public int? SecondsFor(long amount) => Volatile.Read(ref _perSecond) is > 0 and var pace
        ? (int)Math.Clamp(Math.Ceiling(amount / pace), 1, LongestWait) : null;
}
