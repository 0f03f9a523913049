using System.Collections.Immutable;

namespace RnnService.Server.Batching;

/// <summary>
/// In which order models have their turns: one after the other, and within a long turn short ones of the others, so that a long text costs
/// those beside it a fraction of a millisecond and not its own time. For one thread at a time, but for <see cref="Add"/> and
/// <see cref="Company"/>.
/// </summary>
internal sealed class Rounds(TimeProvider time)
{
    /// <summary>Least time that a turn goes on for between others.</summary>
    private static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(.25);

    /// <summary>
    /// Time after which any turn lets short texts of the same client in. Before, they wait: together they take less time than one by one.
    /// </summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(20);

    /// <summary>How much time others may have in between, for each time of the turn itself.</summary>
    private const int MostShare = 3;

    private ImmutableArray<Workload> _workloads = [];
    private Workload? _current;
    private int _thread; // that computes
    private long _turnStarted, _sliceStarted;
    private TimeSpan _slice;

    public ImmutableArray<Workload> Workloads => _workloads;

    public Company Company { get; } = new(time);

    /// <summary>Whether nothing waits and nothing runs.</summary>
    public bool IsEmpty
    {
        get
        {
            foreach (Workload workload in _workloads)
            {
                if (!workload.IsEmpty) return false;
            }

            return true;
        }
    }

    /// <summary>Takes up work for a model. Safe from any thread.</summary>
    public void Add(Workload workload)
    {
        workload.BetweenSteps = () => Between();
        workload.HasCompany = () => Company.HasOthers;
        ImmutableInterlocked.Update(ref _workloads, workloads => workloads.Add(workload));
    }

    /// <summary>Gives every model a turn.</summary>
    /// <returns>Whether there was anything to compute.</returns>
    public bool Round()
    {
        bool worked = false;
        foreach (Workload workload in _workloads) worked |= Turn(workload);
        return worked;
    }

    /// <summary>Gives a model a turn.</summary>
    public bool Turn(Workload workload)
    {
        _thread = Environment.CurrentManagedThreadId;
        _current = workload;
        _turnStarted = _sliceStarted = time.GetTimestamp();
        _slice = Slice;
        try
        {
            return workload.Turn();
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
    public bool Between(bool force = false)
    {
        // Who helps to compute comes by too, and so do those that are in between.
        if (_thread != Environment.CurrentManagedThreadId || _current is not { } current) return false;
        long now = time.GetTimestamp();
        TimeSpan own = time.GetElapsedTime(_sliceStarted, now);
        if (!force && own < _slice) return false;
        bool texts = force || current.IsLong || Company.HasOthers || time.GetElapsedTime(_turnStarted, now) > Patience;
        bool worked = false;
        _current = null;
        try
        {
            bool more;
            do
            {
                more = false;
                foreach (Workload workload in _workloads)
                {
                    if (texts || workload.IsStepwise) more |= workload.Turn(brief: true);
                }

                worked |= more;
            }
            while (more && time.GetElapsedTime(now) < own * MostShare);
        }
        finally
        {
            _current = current;
            _sliceStarted = time.GetTimestamp();
            TimeSpan share = time.GetElapsedTime(now, _sliceStarted) / MostShare;
            _slice = share > Slice ? share : Slice;
        }

        return worked;
    }

    /// <summary>Ends everything, and whatever is handed in from now on.</summary>
    public void Close()
    {
        foreach (Workload workload in _workloads) workload.Close();
    }
}
