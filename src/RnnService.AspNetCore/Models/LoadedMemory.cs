namespace RnnService.AspNetCore.Models;

/// <summary>
/// Gives memory back to the system. Weights are most of the heap, and next to nothing is allocated while texts are computed: what a load or a
/// model leaves behind would be found after hours. Thread-safe.
/// </summary>
internal sealed class LoadedMemory(TimeProvider time) : IDisposable
{
    /// <summary>Bytes of weights that are worth a look at the whole heap, which holds everything up for some tens of milliseconds.</summary>
    private const long Worthwhile = 4_000_000;

    /// <summary>Until then the threads that had the model last have gone on, and further changes may have come.</summary>
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private ITimer? _timer;

    /// <summary>Gives back what nobody holds any more, where so many bytes of weights were loaded or let go of.</summary>
    public void GiveBackSoon(long bytes)
    {
        if (bytes < Worthwhile) return;
        lock (_lock)
        {
            _timer ??= time.CreateTimer(_ => GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true),
                null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            _timer.Change(Soon, Timeout.InfiniteTimeSpan);
        }
    }

    public void Dispose() => _timer?.Dispose();
}
