using RnnService.Server.Pipeline;

namespace RnnService.Server.Hosting;

/// <summary>Whether the service answers requests. Thread-safe.</summary>
internal sealed class Readiness(HttpOptions options, TimeProvider time)
{
    private readonly TaskCompletionSource _known = new(TaskCreationOptions.RunContinuationsAsynchronously); // loaded, or never
    private volatile string? _notLoaded = "the models are being loaded";
    private volatile bool _draining;

    /// <summary>Ends when loading is over or the service stops before.</summary>
    public Task Known => _known.Task;

    /// <summary>Loading is over.</summary>
    /// <param name="served">Number of models that can be served.</param>
    public void Loaded(int served)
    {
        _notLoaded = served > 0 ? null : "no model can be served; /models says why";
        _known.TrySetResult();
    }

    /// <summary>The service is stopping: no new work.</summary>
    public void Drain()
    {
        _draining = true;
        _known.TrySetResult();
    }

    /// <exception cref="RequestProblem">The service is not ready.</exception>
    public void ThrowIfNotReady()
    {
        if (_draining) throw new RequestProblem(ProblemKind.NotReady, "the service is stopping");
        if (_notLoaded is { } reason) throw new RequestProblem(ProblemKind.NotReady, reason);
    }

    /// <summary>Waits while models are loaded, within <see cref="HttpOptions.LoadWaitSeconds"/>.</summary>
    /// <exception cref="RequestProblem">The service is not ready, and will not be soon enough.</exception>
    /// <exception cref="OperationCanceledException">Nobody waits for the answer any more.</exception>
    public ValueTask WaitAsync(CancellationToken cancel)
    {
        if (!_known.Task.IsCompleted && options.LoadWaitSeconds > 0) return WaitForLoadingAsync(cancel);
        ThrowIfNotReady();
        return ValueTask.CompletedTask;
    }

    private async ValueTask WaitForLoadingAsync(CancellationToken cancel)
    {
        try
        {
            await _known.Task.WaitAsync(TimeSpan.FromSeconds(options.LoadWaitSeconds), time, cancel);
        }
        catch (TimeoutException)
        {
            // Said below.
        }

        ThrowIfNotReady();
    }
}
