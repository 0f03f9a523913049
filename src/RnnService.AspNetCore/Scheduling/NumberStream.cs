using System.Runtime.CompilerServices;
using System.Threading.Channels;
using RnnService.AspNetCore.Errors;
using RnnService.Engine.Networks;

namespace RnnService.AspNetCore.Scheduling;

/// <summary>What a model says after some steps of a stream.</summary>
/// <param name="Steps">The steps that were read last.</param>
/// <param name="First">Index of the first of them in the stream.</param>
/// <param name="Outputs">The network's outputs: a row for each of these steps, or one after the last.</param>
internal readonly record struct StreamedOutputs(NumberSequence Steps, long First, float[] Outputs);

/// <summary>
/// One stream of numbers while it is read. Its request pushes steps as they come, which waits while earlier ones are not computed, and reads what the
/// model says of them; the compute loop owns the state. Disposed of by the request, once.
/// </summary>
/// <param name="owner">What computes it.</param>
/// <param name="client">Whose it is.</param>
/// <param name="state">Where the network stands.</param>
/// <param name="left">Cancelled when nobody waits for it any more.</param>
/// <param name="abort">Cuts the connection of a client that does not read.</param>
internal sealed class NumberStream(NumberStreams owner, string client, NumberStreamState state, CancellationToken left, Action abort) : IDisposable
{
    /// <summary>Steps of a piece at most: longer ones are cut.</summary>
    public const int StepsOfPiece = 256;

    /// <summary>Pieces that may wait to be computed, and answers that may wait to be read.</summary>
    private const int MostPieces = 4, MostAnswers = 32;

    private readonly Channel<NumberSequence> _pieces = Channel.CreateBounded<NumberSequence>(
        new BoundedChannelOptions(MostPieces) { SingleReader = true, SingleWriter = true });

    private readonly Channel<StreamedOutputs> _answers = Channel.CreateUnbounded<StreamedOutputs>(new UnboundedChannelOptions { SingleReader = true });
    private NumberSequence _piece; // what is left of the piece that is being computed
    private int _unread, _isPaused, _reads;
    private volatile bool _hasEnded;

    public string Client { get; } = client;

    /// <summary>Where the network stands. For the loop.</summary>
    public NumberStreamState State { get; } = state;

    /// <summary>Steps that have been read. For the loop.</summary>
    public long Position { get; private set; }

    /// <summary>Whether it stands among those that have something to compute. For the loop.</summary>
    public bool IsQueued { get; set; }

    /// <summary>Whether its client is here because of it. For the loop.</summary>
    public bool IsHere { get; set; }

    /// <summary>Since when it is paused and how much had been read then. For the loop.</summary>
    public (long Since, int Reads) Unread { get; set; }

    /// <summary>Number of answers that were taken.</summary>
    public int Reads => Volatile.Read(ref _reads);

    public bool HasLeft => left.IsCancellationRequested;

    /// <summary>Whether its reader is so far behind that it waits for it.</summary>
    public bool IsPaused => Volatile.Read(ref _isPaused) == 1;

    /// <summary>Whether it will say nothing more.</summary>
    public bool HasEnded => _hasEnded;

    /// <summary>Hands in steps; returns once they have a place.</summary>
    /// <param name="steps">The next steps, finite numbers.</param>
    /// <param name="cancel">Ends waiting.</param>
    /// <exception cref="ChannelClosedException">The stream has ended, and <see cref="Answers"/> says why.</exception>
    public async ValueTask PushAsync(NumberSequence steps, CancellationToken cancel)
    {
        for (int at = 0; at < steps.Steps; at += StepsOfPiece)
        {
            await _pieces.Writer.WriteAsync(steps.Slice(at, Math.Min(StepsOfPiece, steps.Steps - at)), cancel).ConfigureAwait(false);
            owner.HasNews(this);
        }
    }

    /// <summary>No more steps will come: what waits is computed, and then the answers end.</summary>
    public void Complete()
    {
        if (_pieces.Writer.TryComplete()) owner.HasNews(this);
    }

    /// <summary>What the model says, in order.</summary>
    /// <exception cref="InferenceException">The service stops, or the answers were not read in time.</exception>
    /// <exception cref="NetworkException">The model cannot compute these numbers.</exception>
    public async IAsyncEnumerable<StreamedOutputs> Answers([EnumeratorCancellation] CancellationToken cancel)
    {
        await foreach (StreamedOutputs answer in _answers.Reader.ReadAllAsync(cancel).ConfigureAwait(false))
        {
            Interlocked.Increment(ref _reads);
            if (Interlocked.Decrement(ref _unread) <= MostAnswers / 2 && Interlocked.Exchange(ref _isPaused, 0) == 1) owner.HasNews(this);
            yield return answer;
        }
    }

    /// <summary>Takes steps to compute; none when nothing waits. For the loop.</summary>
    public NumberSequence Take(int most)
    {
        if (_piece.Steps == 0 && !_pieces.Reader.TryRead(out _piece)) return default;
        int steps = Math.Min(most, _piece.Steps);
        NumberSequence taken = _piece.Slice(0, steps);
        _piece = _piece.Slice(steps, _piece.Steps - steps);
        return taken;
    }

    /// <summary>Whether steps wait. For the loop.</summary>
    public bool HasSteps => _piece.Steps > 0 || _pieces.Reader.TryPeek(out _);

    /// <summary>Says what the model makes of steps. For the loop.</summary>
    public void Publish(NumberSequence steps, float[] outputs)
    {
        if (Interlocked.Increment(ref _unread) >= MostAnswers) Volatile.Write(ref _isPaused, 1);
        _answers.Writer.TryWrite(new StreamedOutputs(steps, Position, outputs));
        Position += steps.Steps;
    }

    /// <summary>Ends the answers where no steps will come any more. For the loop.</summary>
    public void FinishIfComplete()
    {
        if (!HasSteps && _pieces.Reader.Completion.IsCompleted) End(null);
    }

    /// <summary>Ends it with a fault; safe from any thread.</summary>
    public void Fail(Exception fault) => End(fault);

    /// <summary>Ends it, as its client does not read: nothing can be said to it.</summary>
    public void GiveUp()
    {
        End(new StreamUnreadException("the answers were not read for too long; expected a reader that keeps up, or a higher Batching:UnreadSeconds"));
        abort();
    }

    public void Dispose()
    {
        End(null);
        owner.Close(this);
    }

    private void End(Exception? fault)
    {
        _hasEnded = true;
        _answers.Writer.TryComplete(fault);
        _pieces.Writer.TryComplete();
    }
}
