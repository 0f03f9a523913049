using RnnService.Server.Hosting;
using RnnService.Server.Pipeline;

namespace RnnService.Server.Batching;

/// <summary>
/// What is to be computed with one model. Requests are handed in from any thread; <see cref="Turn"/> and what it touches belong to the
/// compute loop alone, which gives one turn at a time. A turn is bounded, and a long one lets others have short turns in between.
/// </summary>
internal abstract class Workload
{
    /// <summary>Most tokens of a turn between the steps of another's, or beside other clients: about a millisecond.</summary>
    public const int BriefTokens = 64;

    /// <summary>Tokens from which on a text is so long that no short one should wait for it.</summary>
    protected const int LongTokens = 512;

    private volatile bool _closed;

    protected Workload(string model, BatchingOptions options, TimeProvider time)
    {
        (Model, Options, Time) = (model, options, time);
        Admission = new Admission(options.QueueLength, "for this model", options.QueueTokens) { RetryAfter = SecondsOfWaiting };
    }

    public string Model { get; }

    /// <summary>Requests that wait.</summary>
    public int Waiting => Admission.Waiting;

    /// <summary>Tokens of the requests that wait.</summary>
    public long WaitingTokens => Admission.Tokens;

    /// <summary>Called after something was handed in or changed, so that the loop looks.</summary>
    public Action Wake { get; set; } = () => { };

    /// <summary>Takes a turn on the calling thread if nothing else is to be done. Gives whether it did.</summary>
    public Func<bool> TryTurn { get; set; } = () => false;

    /// <summary>Called within a turn by what computes: others take short turns when it is time.</summary>
    public Action BetweenSteps { get; set; } = () => { };

    /// <summary>Runs what cannot be interrupted, on another thread, while others take short turns.</summary>
    public Action<Action> Aside { get; set; } = run => run();

    /// <summary>Whether several clients have had requests lately: then no one may take a turn for itself.</summary>
    public Func<bool> HasCompany { get; set; } = () => false;

    /// <summary>Whether the turn that runs is one that short texts should not wait for. For the loop.</summary>
    public bool IsLong { get; protected set; }

    /// <summary>Whether its turns are steps of texts that grow, which are waited for token by token.</summary>
    public virtual bool IsStepwise => false;

    /// <summary>Whether nothing waits and nothing runs. For the loop.</summary>
    public abstract bool IsEmpty { get; }

    protected Admission Admission { get; }

    protected BatchingOptions Options { get; }

    protected TimeProvider Time { get; }

    /// <summary>
    /// Lets go of requests whose client has left or that have waited too long, then computes one batch or one step. A brief turn may come
    /// within another turn of the same workload.
    /// </summary>
    /// <param name="brief">Whether it has to be short: it comes between the steps of another's turn.</param>
    /// <returns>Whether there was anything to compute.</returns>
    public abstract bool Turn(bool brief = false);

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

    /// <summary>Whether something that was handed in then and is not begun has waited too long.</summary>
    protected bool IsOverdue(long submitted) => Time.GetElapsedTime(submitted) > TimeSpan.FromSeconds(Options.QueueSeconds);

    protected RequestProblem Overdue() => new(ProblemKind.WaitedTooLong, $"the request was not begun within {Options.QueueSeconds} s")
    {
        RetryAfterSeconds = SecondsOfWaiting(),
    };

    /// <summary>Seconds until what waits now has been begun, as far as the speed of the last seconds tells; null when it does not.</summary>
    protected abstract int? SecondsOfWaiting();

    /// <summary>Ends what was handed in and not yet seen by the loop. Safe from any thread.</summary>
    protected abstract void RefuseInbox(RequestProblem problem);

    /// <summary>Ends what the loop has seen.</summary>
    protected abstract void Abandon(RequestProblem problem);
}
