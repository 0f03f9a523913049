using RnnService.Server.Pipeline;

namespace RnnService.Server.Batching;

/// <summary>
/// What is to be computed with one model. Requests are handed in from any thread; <see cref="Turn"/> and what it touches belong to the
/// compute loop alone, which gives one turn at a time. A turn is bounded, so that models take turns.
/// </summary>
internal abstract class Workload(string model, int queueLength)
{
    private volatile bool _closed;

    public string Model { get; } = model;

    /// <summary>Requests that wait.</summary>
    public int Waiting => Admission.Waiting;

    protected Admission Admission { get; } = new(queueLength, "for this model");

    /// <summary>Called after something was handed in or changed, so that the loop looks.</summary>
    public Action Wake { get; set; } = () => { };

    /// <summary>Takes a turn on the calling thread if nothing else is to be done. Gives whether it did.</summary>
    public Func<bool> TryTurn { get; set; } = () => false;

    /// <summary>Whether nothing waits and nothing runs. For the loop.</summary>
    public abstract bool IsEmpty { get; }

    /// <summary>Lets go of requests whose client has left, then computes one batch or one step.</summary>
    /// <returns>Whether there was anything to compute.</returns>
    public abstract bool Turn();

    /// <summary>Ends everything that waits or runs, and whatever is handed in from now on: the loop has stopped.</summary>
    public void Close()
    {
        _closed = true;
        Interlocked.MemoryBarrier(); // the inbox must not be looked at before others can see this
        var stopping = new RequestProblem(ProblemKind.NotReady, "the service is stopping");
        RefuseInbox(stopping);
        Abandon(stopping);
    }

    /// <summary>Has something computed that is in the inbox now, or refuses it when the loop has stopped.</summary>
    /// <param name="brief">Whether computing it takes about as long as waking a thread: then it may be done before this returns.</param>
    protected void Announce(bool brief = false)
    {
        if (!brief || _closed || !TryTurn()) Wake();
        if (_closed) RefuseInbox(new RequestProblem(ProblemKind.NotReady, "the service is stopping"));
    }

    /// <summary>Ends what was handed in and not yet seen by the loop. Safe from any thread.</summary>
    protected abstract void RefuseInbox(RequestProblem problem);

    /// <summary>Ends what the loop has seen.</summary>
    protected abstract void Abandon(RequestProblem problem);
}
