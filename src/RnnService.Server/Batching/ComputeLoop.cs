using System.Collections.Immutable;
using RnnService.Server.Hosting;

namespace RnnService.Server.Batching;

/// <summary>
/// Where all computing happens, one turn at a time. A thread of its own gives the turns of <see cref="Rounds"/>, and sleeps when there is
/// nothing to do; a short request that is alone takes its turn on its own thread, as waking another takes longer. When the service is
/// asked to stop it finishes what it has, within <see cref="HttpOptions.DrainSeconds"/>.
/// </summary>
internal sealed class ComputeLoop : IHostedService, IDisposable
{
    /// <summary>How often requests are looked after that wait while nothing else happens.</summary>
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    private readonly AutoResetEvent _wake = new(false);
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Readiness _readiness;
    private readonly HttpOptions _options;
    private readonly TimeProvider _time;
    private readonly Rounds _rounds;
    private readonly Lock _lock = new();
    private readonly Lock _turns = new(); // held by the thread that computes
    private ITimer? _drainLimit, _look;
    private long _turnStarted; // 0 between turns
    private bool _started;
    private volatile bool _draining;
    private volatile bool _abandoned;

    public ComputeLoop(Readiness readiness, HttpOptions options, TimeProvider time, IHostApplicationLifetime lifetime)
    {
        (_readiness, _options, _time) = (readiness, options, time);
        _rounds = new Rounds(time);
        lifetime.ApplicationStopping.Register(Drain);
    }

    public ImmutableArray<Workload> Workloads => _rounds.Workloads;

    /// <summary>Who has requests here.</summary>
    public Company Company => _rounds.Company;

    /// <summary>Whether the turn that is under way takes longer than <see cref="HttpOptions.StuckSeconds"/>.</summary>
    public bool IsStuck => Volatile.Read(ref _turnStarted) is not 0 and var started
        && _time.GetElapsedTime(started) > TimeSpan.FromSeconds(_options.StuckSeconds);

    /// <summary>Takes up work for a model.</summary>
    public void Add(Workload workload)
    {
        workload.Wake = () => _wake.Set();
        workload.TryTurn = () => TryTurn(workload);
        workload.Aside = Aside;
        _rounds.Add(workload);
        _wake.Set();
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _started = true;
        _look = _time.CreateTimer(_ => _wake.Set(), null, Look, Look);
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
        _look?.Dispose();
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
        lock (_turns) _rounds.Close();
        _stopped.TrySetResult();
    }

    /// <summary>Gives turns until there is nothing to compute.</summary>
    /// <returns>Whether the service has stopped and nothing is left.</returns>
    private bool Work()
    {
        lock (_turns)
        {
            try
            {
                while (!_abandoned)
                {
                    Volatile.Write(ref _turnStarted, _time.GetTimestamp());
                    bool worked = _rounds.Round();
                    if (_draining && _rounds.IsEmpty) return true;
                    if (!worked) return false;
                }

                return true;
            }
            finally
            {
                Volatile.Write(ref _turnStarted, 0);
            }
        }
    }

    /// <summary>
    /// Gives a model a turn on the calling thread, if its request is alone and so were those before. Requests that come together had better
    /// wait for each other in the queue: together they take less time than one after the other.
    /// </summary>
    private bool TryTurn(Workload workload)
    {
        if (!Company.IsAlone || !_turns.TryEnter()) return false;
        try
        {
            _rounds.Turn(workload);
            if (!workload.IsEmpty) _wake.Set();
            return true;
        }
        finally
        {
            _turns.Exit();
        }
    }

    /// <summary>Runs something on a thread of its own, and gives others short turns until it has ended.</summary>
    private void Aside(Action run)
    {
        Task running = Task.Factory.StartNew(run, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        running.ContinueWith(
            _ => _wake.Set(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        while (!running.IsCompleted && !_abandoned)
        {
            // It takes a processor of its own, so the others may have this one.
            if (!_rounds.Between(force: true)) _wake.WaitOne(1);
        }

        if (_abandoned && !running.IsCompleted) throw new OperationCanceledException();
        _wake.Set(); // what was said meanwhile is looked at once more
        running.GetAwaiter().GetResult();
    }
}
