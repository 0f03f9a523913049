using System.Collections.Immutable;
using RnnService.Server.Hosting;

namespace RnnService.Server.Batching;

/// <summary>
/// Where all computing happens, one turn at a time. A thread of its own gives every model a turn, again and again, and sleeps when there is
/// nothing to do; a short request that is alone takes its turn on its own thread, as waking another takes longer. When the service is
/// asked to stop it finishes what it has, within <see cref="HttpOptions.DrainSeconds"/>.
/// </summary>
internal sealed class ComputeLoop : IHostedService, IDisposable
{
    /// <summary>Requests that have to come one by one until the next is thought to be alone too.</summary>
    private const int Company = 16;

    private readonly AutoResetEvent _wake = new(false);
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Readiness _readiness;
    private readonly HttpOptions _options;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private readonly Lock _turns = new(); // held by the thread that computes
    private ImmutableArray<Workload> _workloads = [];
    private ITimer? _drainLimit;
    private int _requests;
    private int _alone; // requests in a row that met no other
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
        workload.TryTurn = () => TryTurn(workload);
        ImmutableInterlocked.Update(ref _workloads, workloads => workloads.Add(workload));
        _wake.Set();
    }

    /// <summary>A request has come that will have something to compute; <see cref="Leave"/> when it is answered.</summary>
    public void Enter()
    {
        if (Interlocked.Increment(ref _requests) > 1) Volatile.Write(ref _alone, 0);
        else Interlocked.Increment(ref _alone);
    }

    public void Leave() => Interlocked.Decrement(ref _requests);

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
        while (!Work()) _wake.WaitOne();
        lock (_turns)
        {
            foreach (Workload workload in _workloads) workload.Close();
        }

        _stopped.TrySetResult();
    }

    /// <summary>Gives turns until there is nothing to compute.</summary>
    /// <returns>Whether the service has stopped and nothing is left.</returns>
    private bool Work()
    {
        lock (_turns)
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

                if (_draining && empty) return true;
                if (!worked) return false;
            }

            return true;
        }
    }

    /// <summary>
    /// Gives a model a turn on the calling thread, if its request is alone and so were those before. Requests that come together had better
    /// wait for each other in the queue: together they take less time than one after the other.
    /// </summary>
    private bool TryTurn(Workload workload)
    {
        if (Volatile.Read(ref _alone) <= Company || !_turns.TryEnter()) return false;
        try
        {
            workload.Turn();
            if (!workload.IsEmpty) _wake.Set();
            return true;
        }
        finally
        {
            _turns.Exit();
        }
    }
}
