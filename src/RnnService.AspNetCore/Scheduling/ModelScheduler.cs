using RnnService.AspNetCore.Errors;
using RnnService.AspNetCore.Options;

namespace RnnService.AspNetCore.Scheduling;

/// <summary>
/// The queue of one model and what is being computed with it. Requests are handed in from any thread; <see cref="Turn"/> and what it touches
/// belong to the compute loop alone, which gives one turn at a time. A turn is bounded, and a long one lets others have short turns in between.
/// </summary>
internal abstract class ModelScheduler
{
    /// <summary>Most tokens of a turn between the steps of another's, or beside other clients: about a millisecond.</summary>
    public const int ShortTurnTokens = 64;

    /// <summary>Tokens from which on a text is so long that no short one should wait for it.</summary>
    protected const int LongTextTokens = 512;

    private volatile bool _closed;

    protected ModelScheduler(string model, BatchingOptions options, TimeProvider time, ITurns turns)
    {
        (Model, Options, Time, Turns) = (model, options, time, turns);
        Admission = new Admission(options.QueueLength, "for this model", options.QueueTokens) { RetryAfter = SecondsOfWaiting };
    }

    /// <summary>Name of the model.</summary>
    public string Model { get; }

    /// <summary>Requests that wait.</summary>
    public int Waiting => Admission.Waiting;

    /// <summary>Tokens of the requests that wait.</summary>
    public long WaitingTokens => Admission.Tokens;

    /// <summary>Whether the turn that runs is one that short texts should not wait for. For the loop.</summary>
    public bool IsInLongTurn { get; protected set; }

    /// <summary>Whether its turns are steps of texts that grow, which are waited for token by token.</summary>
    public virtual bool IsStepwise => false;

    /// <summary>Whether nothing waits and nothing runs. For the loop.</summary>
    public abstract bool IsEmpty { get; }

    /// <summary>Streams of numbers that are open now.</summary>
    public virtual int LiveStreams => 0;

    protected Admission Admission { get; }

    protected BatchingOptions Options { get; }

    protected TimeProvider Time { get; }

    protected ITurns Turns { get; }

    /// <summary>
    /// Lets go of requests whose client has left or that have waited too long, then computes one batch or one step. A short turn may come
    /// within another turn of the same scheduler.
    /// </summary>
    /// <param name="isShort">Whether it has to be short: it comes between the steps of another's turn.</param>
    /// <returns>Whether there was anything to compute.</returns>
    public abstract bool Turn(bool isShort = false);

    /// <summary>Ends everything that waits or runs, and whatever is handed in from now on: the loop has stopped.</summary>
    public void Close()
    {
        _closed = true;
        Interlocked.MemoryBarrier(); // the inbox must not be looked at before others can see this
        var stopping = ModelNotReadyException.Stopping();
        RefuseInbox(stopping);
        Abandon(stopping);
    }

    /// <summary>Has something computed that is in the inbox now, or refuses it when the loop has stopped.</summary>
    /// <param name="isShort">Whether computing it takes about as long as waking a thread: then it may be done before this returns.</param>
    protected void Announce(bool isShort = false)
    {
        if (!isShort || _closed || !Turns.TryTurn(this)) Turns.Wake();
        if (_closed) RefuseInbox(ModelNotReadyException.Stopping());
    }

    /// <summary>Whether something that was handed in then and is not begun has waited too long.</summary>
    protected bool IsOverdue(long submitted) => Time.GetElapsedTime(submitted) > TimeSpan.FromSeconds(Options.QueueSeconds);

    protected QueueTimeoutException Overdue() => new($"the request was not begun within {Options.QueueSeconds} s", SecondsOfWaiting());

    /// <summary>Seconds until what waits now has been begun, as far as the speed of the last seconds tells; null when it does not.</summary>
    protected abstract int? SecondsOfWaiting();

    /// <summary>Ends what was handed in and not yet seen by the loop. Safe from any thread.</summary>
    protected abstract void RefuseInbox(InferenceException reason);

    /// <summary>Ends what the loop has seen.</summary>
    protected abstract void Abandon(InferenceException reason);
}
