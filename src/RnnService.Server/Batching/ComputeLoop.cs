using System.Collections.Immutable;
using RnnService.Server.Hosting;

namespace RnnService.Server.Batching;

/// <summary>
/// The one thread that computes. It gives every model a turn, again and again, and sleeps when there is nothing to do. When the service
/// is asked to stop it finishes what it has, within <see cref="HttpOptions.DrainSeconds"/>.
/// </summary>
internal sealed class ComputeLoop : IHostedService, IDisposable
{
    private readonly AutoResetEvent _wake = new(false);
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Readiness _readiness;
    private readonly HttpOptions _options;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private ImmutableArray<Workload> _workloads = [];
    private ITimer? _drainLimit;
    private bool _started;
    private volatile bool _draining;
    private volatile bool _abandoned;

    public ComputeLoop(Readiness readiness, HttpOptions options, TimeProvider time, IHostApplicationLifetime lifetime)
    {
        (_readiness, _options, _time) = (readiness, options, time);
        lifetime.ApplicationStopping.Register(Drain);
    }

    public ImmutableArray<Workload> Workloads => _workloads;

    /// <summary>Takes up work for a model.</summary>
    public void Add(Workload workload)
    {
        workload.Wake = () => _wake.Set();
        ImmutableInterlocked.Update(ref _workloads, workloads => workloads.Add(workload));
        _wake.Set();
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _started = true;
        new Thread(Run) { IsBackground = true, Name = "compute" }.Start();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        Drain();
        return _started ? _stopped.Task.WaitAsync(cancellationToken) : Task.CompletedTask;
    }

    public void Dispose()
    {
        _drainLimit?.Dispose();
        // A host that is disposed without being stopped leaves the thread running: it ends at its next turn.
        _abandoned = _draining = true;
        _wake.Set();
    }

    private void Drain()
    {
        lock (_lock)
        {
            if (_draining) return;
            _readiness.Drain();
            _drainLimit = _time.CreateTimer(_ => Abandon(), null, TimeSpan.FromSeconds(_options.DrainSeconds), Timeout.InfiniteTimeSpan);
            _draining = true;
        }

        _wake.Set();
    }

    private void Abandon()
    {
        _abandoned = true;
        _wake.Set();
    }

    private void Run()
    {
        while (!_abandoned)
        {
            bool worked = false;
            bool empty = true;
            foreach (Workload workload in _workloads)
            {
                worked |= workload.Turn();
                empty &= workload.IsEmpty;
            }

            if (_draining && empty) break;
            if (!worked) _wake.WaitOne();
        }

        foreach (Workload workload in _workloads) workload.Close();
        _stopped.TrySetResult();
    }
}
