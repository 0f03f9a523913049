using System.Threading.Tasks.Sources;
using RnnService.AspNetCore.Diagnostics;
using RnnService.AspNetCore.Errors;
using RnnService.Engine.Generation;

namespace RnnService.AspNetCore.Scheduling;

/// <summary>A token on its way to a reader.</summary>
/// <param name="Generated">The token.</param>
/// <param name="IsLast">Whether the text ends with it.</param>
internal readonly record struct StreamedToken(GeneratedToken Generated, bool IsLast);

/// <summary>What a reader was woken for.</summary>
internal enum StreamSignal
{
    /// <summary>There are tokens.</summary>
    Tokens,

    /// <summary>Nothing came for a while.</summary>
    Silence,

    /// <summary>There will be no more tokens.</summary>
    End,
}

/// <summary>
/// One text being continued. The compute loop advances <see cref="GenerationStream"/> and publishes its tokens; the request reads
/// them with <see cref="TryRead"/> and may look at <see cref="GenerationStream"/> again once <see cref="Ended"/>. Nothing is allocated a token.
/// </summary>
/// <param name="stream">The text and its state.</param>
/// <param name="buffer">Tokens that may wait unread; 0 when nobody reads along.</param>
/// <param name="permit">The request's place in the queue; given back when the stream starts.</param>
/// <param name="left">Cancelled when nobody waits for the text any more.</param>
/// <param name="submitted">Timestamp of handing in.</param>
/// <param name="turns">Told when a paused stream may go on.</param>
/// <param name="abort">Cuts the connection of a client that does not read.</param>
internal sealed class GenerationJob(
    GenerationStream stream, int buffer, Admission.Permit permit, CancellationToken left, long submitted, ITurns turns, Action? abort = null)
    : IValueTaskSource<StreamSignal>
{
    /// <summary>Readers that are woken by one thread, one after the other.</summary>
    private const int ReadersOfOneThread = 64;

    private readonly TaskCompletionSource<GenerationStream> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Queue<StreamedToken> _unread = new(); // also what is locked
    private ManualResetValueTaskSourceCore<StreamSignal> _signals;
    private Exception? _fault;
    private int _ending; // 1 once it ends
    private bool _over; // no more tokens
    private bool _waits; // the reader
    private bool _paused;
    private int _reads;

    /// <summary>The text, its state and the tokens so far.</summary>
    public GenerationStream Stream { get; } = stream;

    /// <summary>How its prompt is read, where states of its beginnings are kept. For the loop.</summary>
    public PrefixReading? Reading { get; set; }

    /// <summary>Whose it is.</summary>
    public string Client => permit.Client;

    public long Submitted { get; } = submitted;

    /// <summary>What a trace shows of it; null where nobody listens.</summary>
    public JobTrace? Trace { get; init; }

    /// <summary>Called once, just before it ends: with why, unless it does with its last token. From any thread.</summary>
    public Action<GenerationJob, Exception?>? Ending { get; init; }

    /// <summary>Whether it has had a place. For the loop.</summary>
    public bool HasStarted { get; private set; }

    /// <summary>Timestamp since when it is paused and nothing is read, and how much had been read then. For the loop.</summary>
    public (long Since, int Reads) Unread { get; set; }

    /// <summary>Number of tokens that the reader has taken.</summary>
    public int Reads => Volatile.Read(ref _reads);

    /// <summary>Timestamp of the first token. For the loop.</summary>
    public long FirstToken { get; set; }

    /// <summary>Timestamp of the newest token, of the start before the first. For the loop.</summary>
    public long LastToken { get; set; }

    /// <summary>Number of tokens sent on. For the loop.</summary>
    public int Published { get; set; }

    public Task<GenerationStream> Ended => _ended.Task;

    public bool HasLeft => left.IsCancellationRequested;

    /// <summary>Whether the reader is so far behind that the stream waits for it; until it has caught up with half of that.</summary>
    public bool IsPaused
    {
        get
        {
            if (buffer == 0) return false;
            lock (_unread) return _paused;
        }
    }

    /// <summary>Waits for news; for one reader that waits once at a time. Ends when its client leaves, as the loop ends the job then.</summary>
    /// <exception cref="InferenceException">The stream failed.</exception>
    /// <exception cref="OperationCanceledException">Nobody waits for it any more.</exception>
    public ValueTask<StreamSignal> WaitAsync()
    {
        lock (_unread)
        {
            if (_unread.Count > 0) return new ValueTask<StreamSignal>(StreamSignal.Tokens);
            if (_over) return _fault is null ? new(StreamSignal.End) : ValueTask.FromException<StreamSignal>(_fault);
            _signals.Reset();
            _waits = true;
            return new ValueTask<StreamSignal>(this, _signals.Version);
        }
    }

    public bool TryRead(out StreamedToken token)
    {
        bool resumes;
        lock (_unread)
        {
            if (!_unread.TryDequeue(out token)) return false;
            _reads++;
            resumes = _paused && _unread.Count <= buffer / 2;
            if (resumes) _paused = false;
        }

        if (resumes) turns.Wake();
        return true;
    }

    /// <summary>Gives the place in the queue back: the stream has started.</summary>
    public void Start(long now)
    {
        permit.Dispose();
        Trace?.Begin();
        LastToken = now;
        HasStarted = true;
    }

    /// <summary>Ends it, as its reader does not read. Where there is a connection it is cut: nothing can be said to its client.</summary>
    public void GiveUp()
    {
        if (abort is null)
        {
            Fail(new StreamUnreadException("the tokens were not read for too long; expected a reader that keeps up, or a higher Batching:UnreadSeconds"));
            return;
        }

        abort();
        Cancel();
    }

    /// <summary>Puts a token where the reader finds it; <see cref="Announce"/> wakes the reader.</summary>
    public void Publish(StreamedToken token)
    {
        if (buffer == 0) return;
        lock (_unread)
        {
            _unread.Enqueue(token);
            _paused |= _unread.Count >= buffer;
        }
    }

    /// <summary>Wakes a reader that waits: it goes on within this call.</summary>
    public void Announce(StreamSignal signal = StreamSignal.Tokens)
    {
        lock (_unread)
        {
            if (!_waits || (signal == StreamSignal.Tokens && _unread.Count == 0)) return;
            _waits = false;
        }

        _signals.SetResult(signal);
    }

    /// <summary>Wakes the readers, many by one thread: writing a token takes less time than waking a thread for it.</summary>
    public static void AnnounceAll(List<GenerationJob> jobs)
    {
        for (int from = 0; from < jobs.Count; from += ReadersOfOneThread)
        {
            ThreadPool.UnsafeQueueUserWorkItem(
                static some =>
                {
                    foreach (GenerationJob job in some) job.Announce();
                },
                jobs.GetRange(from, Math.Min(ReadersOfOneThread, jobs.Count - from)),
                preferLocal: false);
        }
    }

    public void Finish() => End(() => _ended.TrySetResult(Stream), null);

    public void Fail(Exception exception) => End(() => _ended.TrySetException(exception), exception);

    public void Cancel() => End(() => _ended.TrySetCanceled(), new OperationCanceledException());

    StreamSignal IValueTaskSource<StreamSignal>.GetResult(short token) => _signals.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<StreamSignal>.GetStatus(short token) => _signals.GetStatus(token);

    void IValueTaskSource<StreamSignal>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _signals.OnCompleted(continuation, state, token, flags);

    private void End(Action settle, Exception? fault)
    {
        permit.Dispose();
        if (Interlocked.Exchange(ref _ending, 1) == 0) Ending?.Invoke(this, fault);
        settle();
        bool waited, tokens;
        lock (_unread)
        {
            if (_over) return;
            (_over, _fault) = (true, fault);
            (waited, tokens, _waits) = (_waits, _unread.Count > 0, false);
        }

        if (!waited) return;
        _signals.RunContinuationsAsynchronously = true; // the reader must not go on within the compute loop
        if (fault is null || tokens) _signals.SetResult(tokens ? StreamSignal.Tokens : StreamSignal.End);
        else _signals.SetException(fault);
    }
}
