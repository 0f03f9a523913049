using System.Collections.Immutable;

namespace RnnService.AspNetCore.Scheduling;

/// <summary>
/// In which order models have their turns: one after the other, and within a long turn short ones of the others, so that a long text costs
/// those beside it a fraction of a millisecond and not its own time. For one thread at a time, but for <see cref="Add"/>,
/// <see cref="Remove"/> and <see cref="Clients"/>.
/// </summary>
internal sealed class TurnScheduler(TimeProvider time) : ITurns
{
    /// <summary>Least time that a turn goes on for between others.</summary>
    private static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(.25);

    /// <summary>
    /// Time after which any turn lets short texts of the same client in. Before, they wait: together they take less time than one by one.
    /// </summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(20);

    /// <summary>How much time others may have in between, for each time of the turn itself.</summary>
    private const int ShareOfOthers = 3;

    private ImmutableArray<ModelScheduler> _schedulers = [];
    private ModelScheduler? _current;
    private int _thread; // that computes
    private long _turnStarted, _sliceStarted;
    private TimeSpan _slice;

    public ImmutableArray<ModelScheduler> Schedulers => _schedulers;

    public ActiveClients Clients { get; } = new(time);

    /// <summary>Whether nothing waits and nothing runs.</summary>
    public bool IsEmpty
    {
        get
        {
            foreach (ModelScheduler scheduler in _schedulers)
            {
                if (!scheduler.IsEmpty) return false;
            }

            return true;
        }
    }

    /// <summary>Takes up work for a model. Safe from any thread.</summary>
    public void Add(ModelScheduler scheduler)
    {
        ImmutableInterlocked.Update(ref _schedulers, schedulers => schedulers.Add(scheduler));
    }

    /// <summary>Has no more work for a model. Safe from any thread.</summary>
    public void Remove(ModelScheduler scheduler)
    {
        ImmutableInterlocked.Update(ref _schedulers, schedulers => schedulers.Remove(scheduler));
    }

    /// <summary>Gives every model a turn.</summary>
    /// <returns>Whether there was anything to compute.</returns>
    public bool Round()
    {
        bool worked = false;
        foreach (ModelScheduler scheduler in _schedulers) worked |= Turn(scheduler);
        return worked;
    }

    /// <summary>Gives a model a turn.</summary>
    public bool Turn(ModelScheduler scheduler)
    {
        _thread = Environment.CurrentManagedThreadId;
        _current = scheduler;
        _turnStarted = _sliceStarted = time.GetTimestamp();
        _slice = Slice;
        try
        {
            return scheduler.Turn();
        }
        finally
        {
            _current = null;
            _thread = 0;
        }
    }

    /// <summary>Gives the others short turns within one, when it is time.</summary>
    /// <param name="force">Whether it is time anyway.</param>
    /// <returns>Whether there was anything to compute.</returns>
    public bool Interleave(bool force = false)
    {
        // Who helps to compute comes by too, and so do those that are in between.
        if (_thread != Environment.CurrentManagedThreadId || _current is not { } current) return false;
        long now = time.GetTimestamp();
        TimeSpan own = time.GetElapsedTime(_sliceStarted, now);
        if (!force && own < _slice) return false;
        bool texts = force || current.IsInLongTurn || Clients.AreSeveral || time.GetElapsedTime(_turnStarted, now) > Patience;
        bool worked = false;
        _current = null;
        try
        {
            bool more;
            do
            {
                more = false;
                foreach (ModelScheduler scheduler in _schedulers)
                {
                    if (texts || scheduler.IsStepwise) more |= scheduler.Turn(isShort: true);
                }

                worked |= more;
            }
            while (more && time.GetElapsedTime(now) < own * ShareOfOthers);
        }
        finally
        {
            _current = current;
            _sliceStarted = time.GetTimestamp();
            TimeSpan share = time.GetElapsedTime(now, _sliceStarted) / ShareOfOthers;
            _slice = share > Slice ? share : Slice;
        }

        return worked;
    }

    void ITurns.BetweenSteps() => Interleave();

    // Alone, without a loop, turns are given by whoever calls Round.
    void ITurns.Wake()
    {
    }

    bool ITurns.TryTurn(ModelScheduler scheduler) => false;

    void ITurns.RunAside(Action run) => run();

    /// <summary>Ends everything, and whatever is handed in from now on.</summary>
    public void Close()
    {
        foreach (ModelScheduler scheduler in _schedulers) scheduler.Close();
    }
}
