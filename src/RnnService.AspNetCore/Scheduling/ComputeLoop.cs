using System.Collections.Immutable;
using Microsoft.Extensions.Hosting;
using RnnService.AspNetCore.Options;

namespace RnnService.AspNetCore.Scheduling;

/// <summary>
/// Where all computing happens, one turn at a time. A thread of its own gives the turns of <see cref="TurnScheduler"/>, and sleeps when there is
/// nothing to do; a short request that is alone takes its turn on its own thread, as waking another takes longer. When the host is
/// asked to stop it finishes what it has, within <see cref="RnnModelsOptions.DrainSeconds"/>.
/// </summary>
internal sealed class ComputeLoop : IHostedService, ITurns, IDisposable
{
    /// <summary>How often requests are looked after that wait while nothing else happens.</summary>
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    private readonly AutoResetEvent _wake = new(false);
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Readiness _readiness;
    private readonly RnnModelsOptions _options;
    private readonly TimeProvider _time;
    private readonly TurnScheduler _turnScheduler;
    private readonly Lock _lock = new();
    private readonly Lock _turns = new(); // held by the thread that computes
    private readonly List<(ImmutableArray<ModelScheduler> Schedulers, TaskCompletionSource Removed)> _leaving = []; // also what is locked
    private bool _ended; // with what is leaving
    private ITimer? _drainLimit, _look;
    private long _turnStarted; // 0 between turns
    private bool _started;
    private volatile bool _draining;
    private volatile bool _abandoned;

    public ComputeLoop(Readiness readiness, RnnModelsOptions options, TimeProvider time, IHostApplicationLifetime lifetime)
    {
        (_readiness, _options, _time) = (readiness, options, time);
        _turnScheduler = new TurnScheduler(time);
        lifetime.ApplicationStopping.Register(Drain);
    }

    public ImmutableArray<ModelScheduler> Schedulers => _turnScheduler.Schedulers;

    /// <summary>Who has requests here.</summary>
    public ActiveClients Clients => _turnScheduler.Clients;

    /// <summary>What <see cref="IsStuck"/> means, for people.</summary>
    public const string StuckSentence = "a turn of computing does not end";

    /// <summary>Whether the turn that is under way takes longer than <see cref="RnnModelsOptions.StuckSeconds"/>.</summary>
    public bool IsStuck => Volatile.Read(ref _turnStarted) is not 0 and var started
        && _time.GetElapsedTime(started) > TimeSpan.FromSeconds(_options.StuckSeconds);

    /// <summary>Takes up work for a model.</summary>
    public void Add(ModelScheduler scheduler)
    {
        _turnScheduler.Add(scheduler);
        _wake.Set();
    }

    /// <summary>
    /// Has no more work for a model, of which nobody hands anything in any more. Ends once nothing of it waits or is being computed.
    /// </summary>
    public Task RemoveAsync(IEnumerable<ModelScheduler> schedulers)
    {
        var removed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_leaving)
        {
            if (_ended) return Task.CompletedTask;
            _leaving.Add(([.. schedulers], removed));
        }

        _wake.Set();
        return removed.Task;
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

    public void Wake() => _wake.Set();

    public void BetweenSteps() => _turnScheduler.Interleave();

    /// <summary>
    /// Gives a model a turn on the calling thread, if its request is alone and so were those before. Requests that come together had better
    /// wait for each other in the queue: together they take less time than one after the other.
    /// </summary>
    public bool TryTurn(ModelScheduler scheduler)
    {
        if (!Clients.IsOneByOne || !_turns.TryEnter()) return false;
        try
        {
            _turnScheduler.Turn(scheduler);
            if (!scheduler.IsEmpty) _wake.Set();
            return true;
        }
        finally
        {
            _turns.Exit();
        }
    }

    /// <summary>Runs something on a thread of its own, and gives others short turns until it has ended.</summary>
    public void RunAside(Action run)
    {
        Task running = Task.Factory.StartNew(run, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        running.ContinueWith(
            _ => _wake.Set(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        while (!running.IsCompleted && !_abandoned)
        {
            // It takes a processor of its own, so the others may have this one.
            if (!_turnScheduler.Interleave(force: true)) _wake.WaitOne(1);
        }

        if (_abandoned && !running.IsCompleted) throw new OperationCanceledException();
        _wake.Set(); // what was said meanwhile is looked at once more
        running.GetAwaiter().GetResult();
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
            _turnScheduler.Close();
            lock (_leaving) _ended = true;
            Remove();
        }

        _stopped.TrySetResult();
    }

    /// <summary>Lets go of those that leave and have nothing left to do.</summary>
    private void Remove()
    {
        lock (_leaving)
        {
            for (int i = _leaving.Count - 1; i >= 0; i--)
            {
                (ImmutableArray<ModelScheduler> schedulers, TaskCompletionSource removed) = _leaving[i];
                if (!schedulers.All(scheduler => scheduler.IsEmpty)) continue;
                foreach (ModelScheduler scheduler in schedulers)
                {
                    _turnScheduler.Remove(scheduler);
                    scheduler.Close();
                }

                _leaving.RemoveAt(i);
                removed.SetResult();
            }
        }
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
                    bool worked = _turnScheduler.Round();
                    Remove();
                    if (_draining && _turnScheduler.IsEmpty) return true;
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
}
