using System.Threading.Channels;
using RnnService.Engine.Tasks;
using RnnService.Server.Pipeline;

namespace RnnService.Server.Batching;

/// <summary>A token on its way to a reader.</summary>
/// <param name="Generated">The token.</param>
/// <param name="IsLast">Whether the text ends with it.</param>
internal readonly record struct StreamedToken(GeneratedToken Generated, bool IsLast);

/// <summary>
/// One text being continued. The compute loop advances <see cref="Generation"/> and publishes its tokens; the request reads
/// them with <see cref="TryRead"/> and may look at <see cref="Generation"/> again once <see cref="Ended"/>.
/// </summary>
/// <param name="generation">The text and its state.</param>
/// <param name="buffer">Tokens that may wait unread; 0 when nobody reads along.</param>
/// <param name="permit">The request's place in the queue; given back when the stream starts.</param>
/// <param name="left">Cancelled when nobody waits for the text any more.</param>
/// <param name="submitted">Timestamp of handing in.</param>
internal sealed class StreamJob(Generation generation, int buffer, Admission.Permit permit, CancellationToken left, long submitted)
{
    private readonly TaskCompletionSource<Generation> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Channel<StreamedToken>? _tokens = buffer == 0
        ? null
        : Channel.CreateUnbounded<StreamedToken>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });

    private int _unread;

    public Generation Generation { get; } = generation;

    public long Submitted { get; } = submitted;

    /// <summary>Timestamp of the newest token, of the start before the first. For the loop.</summary>
    public long LastToken { get; set; }

    /// <summary>Number of tokens sent on. For the loop.</summary>
    public int Published { get; set; }

    public Task<Generation> Ended => _ended.Task;

    public bool HasLeft => left.IsCancellationRequested;

    /// <summary>Whether the reader is so far behind that the stream waits for it.</summary>
    public bool IsPaused => _tokens is not null && Volatile.Read(ref _unread) >= buffer;

    /// <summary>Told when a paused stream may go on.</summary>
    public Action Wake { get; init; } = () => { };

    /// <summary>Waits for tokens. False when there will be none any more.</summary>
    public ValueTask<bool> WaitForTokenAsync(CancellationToken cancel) => _tokens!.Reader.WaitToReadAsync(cancel);

    public bool TryRead(out StreamedToken token)
    {
        if (!_tokens!.Reader.TryRead(out token)) return false;
        if (Interlocked.Decrement(ref _unread) == buffer - 1) Wake();
        return true;
    }

    /// <summary>Gives the place in the queue back: the stream has started.</summary>
    public void Start(long now)
    {
        permit.Dispose();
        LastToken = now;
    }

    public void Publish(StreamedToken token)
    {
        if (_tokens is null) return;
        Interlocked.Increment(ref _unread);
        _tokens.Writer.TryWrite(token);
    }

    public void Finish() => End(() => _ended.TrySetResult(Generation), null);

    public void Fail(Exception exception) => End(() => _ended.TrySetException(exception), exception);

    public void Cancel() => End(() => _ended.TrySetCanceled(left), null);

    private void End(Func<bool> settle, Exception? fault)
    {
        permit.Dispose();
        settle();
        _tokens?.Writer.TryComplete(fault);
    }
}
