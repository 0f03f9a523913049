using RnnService.AspNetCore.Scheduling;

namespace RnnService.Server.Endpoints;

/// <summary>
/// Tells a stream's reader when nothing has been sent for a while. One timer for the whole stream, which a token only gives a time stamp.
/// </summary>
internal sealed class KeepAlive : IAsyncDisposable
{
    private readonly IReadOnlyList<GenerationJob> _jobs;
    private readonly TimeSpan _most;
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private long _sent;

    public KeepAlive(IReadOnlyList<GenerationJob> jobs, TimeSpan most, TimeProvider time)
    {
        (_jobs, _most, _time, _sent) = (jobs, most, time, time.GetTimestamp());
        _timer = time.CreateTimer(static state => ((KeepAlive)state!).Look(), this, most, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Something is sent now.</summary>
    public void Reset() => Volatile.Write(ref _sent, _time.GetTimestamp());

    public ValueTask DisposeAsync() => _timer.DisposeAsync();

    private void Look()
    {
        TimeSpan left = _most - _time.GetElapsedTime(Volatile.Read(ref _sent));
        // One reader is enough: all write into one stream.
        if (left <= TimeSpan.Zero) _jobs.FirstOrDefault(job => !job.Ended.IsCompleted)?.Announce(StreamSignal.Silence);
        _timer.Change(left > TimeSpan.Zero ? left : _most, Timeout.InfiniteTimeSpan);
    }
}
