using RnnService.AspNetCore.Errors;

namespace RnnService.AspNetCore.Scheduling;

/// <summary>How far the host is on its way out: serving, leaving, stopping. Thread-safe.</summary>
internal sealed class Readiness
{
    private readonly CancellationTokenSource _stopping = new();
    private volatile bool _leaving;

    /// <summary>Whether the host is asked to stop: probes are told so, while requests may still be answered.</summary>
    public bool IsLeaving => _leaving;

    /// <summary>Cancelled when no new work is taken any more.</summary>
    public CancellationToken Stopping => _stopping.Token;

    /// <summary>The host will stop soon: whoever shares requests out should send them elsewhere.</summary>
    public void Leave() => _leaving = true;

    /// <summary>The host is stopping: no new work.</summary>
    public void Drain()
    {
        _leaving = true;
        _ = _stopping.CancelAsync(); // those who wait for a model are answered on threads of their own
    }

    /// <exception cref="ModelNotReadyException">The host takes no new work.</exception>
    public void ThrowIfStopping()
    {
        if (_stopping.IsCancellationRequested) throw ModelNotReadyException.Stopping();
    }
}
