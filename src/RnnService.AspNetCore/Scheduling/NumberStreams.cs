using System.Collections.Concurrent;
using RnnService.AspNetCore.Errors;
using RnnService.AspNetCore.Options;
using RnnService.Engine.Networks;

namespace RnnService.AspNetCore.Scheduling;

/// <summary>
/// Streams of numbers that one model reads while they come: in each turn the steps of all that have some, together, in one batch; clients take turns.
/// A stream's state is a value of its own, put beside the others for a turn, so that its answers are those of the whole sequence at once, bit for bit.
/// One whose answers are not read takes no steps until they are. Its client is among those who have something to compute only while it has steps that can be
/// computed: one that is open and silent costs the others nothing.
/// </summary>
/// <param name="name">Name of the model.</param>
/// <param name="network">The model's network, which reads forward alone.</param>
/// <param name="outputs">Outputs of a step.</param>
/// <param name="isStepwise">Whether each step has outputs, and not the last of some alone.</param>
/// <param name="options">How many there may be, and the size of a batch.</param>
/// <param name="metrics">Where batches are counted.</param>
/// <param name="time">The clock.</param>
/// <param name="turns">Who gives it its turns.</param>
/// <param name="isAside">Whether a long turn cannot be interrupted and is run beside the loop.</param>
internal sealed class NumberStreams(
    string name, INumberNetwork network, int outputs, bool isStepwise, BatchingOptions options, SchedulingMetrics metrics, TimeProvider time, ITurns turns,
    bool isAside = false)
    : ModelScheduler(name, options, time, turns)
{
    public const string Kind = "stream";

    private readonly ConcurrentDictionary<NumberStream, bool> _open = new();
    private readonly Dictionary<string, int> _clients = new(StringComparer.Ordinal); // how many each has open; also what is locked
    private readonly ConcurrentQueue<NumberStream> _inbox = new(); // those that may have something new
    private readonly FairQueue<NumberStream> _ready = new();
    private readonly HashSet<NumberStream> _paused = []; // their readers are behind
    private readonly List<(NumberStream Stream, NumberSequence Steps)> _rows = []; // of this turn
    private readonly NumberBatch _batch = new(network);
    private readonly Action _betweenSteps = turns.BetweenSteps;
    private int _count;
    private bool _isComputing;

    /// <summary>Streams that are open now.</summary>
    public override int LiveStreams => Volatile.Read(ref _count);

    public override bool IsStepwise => true;

    public override bool IsEmpty => _inbox.IsEmpty && _ready.Count == 0 && _paused.Count == 0;

    /// <summary>Begins a stream.</summary>
    /// <param name="client">Whose it is.</param>
    /// <param name="left">Cancelled when nobody waits for it any more.</param>
    /// <param name="abort">Cuts the connection of a client that does not read.</param>
    /// <exception cref="QueueFullException">As many are open as may be, of this client or altogether.</exception>
    public NumberStream Open(string client, CancellationToken left, Action abort)
    {
        var stream = new NumberStream(this, client, _batch.NewState(), left, abort);
        lock (_clients)
        {
            int own = _clients.GetValueOrDefault(client);
            if (_count >= Options.MaxLiveStreams) throw new QueueFullException($"{_count} streams of this model are open already", SecondsOfWaiting());
            if (own >= Options.MaxLiveStreamsOfClient) throw new QueueFullException($"{own} streams of this client are open already", SecondsOfWaiting());
            _clients[client] = own + 1;
            _count++;
        }

        _open[stream] = true;
        HasNews(stream);
        return stream;
    }

    /// <summary>Has a stream looked at: steps have come, or answers were read. Safe from any thread.</summary>
    public void HasNews(NumberStream stream)
    {
        _inbox.Enqueue(stream);
        Announce();
    }

    /// <summary>Lets a stream go. Safe from any thread.</summary>
    public void Close(NumberStream stream)
    {
        if (!_open.TryRemove(stream, out _)) return;
        lock (_clients)
        {
            _count--;
            if (--_clients[stream.Client] == 0) _clients.Remove(stream.Client);
        }

        Turns.Wake(); // one that is paused stands in the loop's way until it is seen to have ended
    }

    public override bool Turn(bool isShort = false)
    {
        if (_isComputing) return false;
        Collect();
        int room = isShort ? ShortTurnTokens : Options.BatchTokens;
        _rows.Clear();
        // Who does not fit completely has another turn: all take one before any takes a second.
        while (room > 0 && _ready.TryDequeue(out NumberStream stream))
        {
            stream.IsQueued = false;
            if (Take(stream, room) is not { Steps: > 0 } steps)
            {
                Leave(stream);
                continue;
            }

            room -= steps.Steps;
            _rows.Add((stream, steps));
        }

        if (_rows.Count == 0) return false;
        long started = Time.GetTimestamp();
        _isComputing = true;
        try
        {
            Compute(_rows);
        }
        finally
        {
            _isComputing = false;
        }

        metrics.Batch(Model, Kind, _rows.Count, _rows.Sum(row => row.Steps.Steps), Time.GetElapsedTime(started));
        foreach ((NumberStream stream, _) in _rows)
        {
            Enqueue(stream);
            if (!stream.IsQueued) Leave(stream);
        }

        return true;
    }

    // They stay open as long as their clients like.
    protected override int? SecondsOfWaiting() => null;

    protected override void RefuseInbox(InferenceException reason)
    {
        while (_inbox.TryDequeue(out NumberStream? stream)) stream.Fail(reason);
    }

    protected override void Abandon(InferenceException reason)
    {
        foreach (NumberStream stream in _open.Keys) stream.Fail(reason);
        foreach (NumberStream stream in _ready.Drain()) Leave(stream);
        _paused.Clear();
    }

    private NumberSequence Take(NumberStream stream, int room)
    {
        if (stream.HasEnded || stream.HasLeft) return default;
        if (!stream.IsPaused)
        {
            NumberSequence steps = stream.Take(room);
            if (steps.Steps == 0) stream.FinishIfComplete();
            return steps;
        }

        stream.Unread = (Time.GetTimestamp(), stream.Reads);
        _paused.Add(stream);
        return default;
    }

    private void Collect()
    {
        while (_inbox.TryDequeue(out NumberStream? stream)) Enqueue(stream);
        if (_paused.Count == 0) return;
        long now = Time.GetTimestamp();
        _paused.RemoveWhere(stream =>
        {
            if (stream.HasEnded || stream.HasLeft) return true;
            if (!stream.IsPaused)
            {
                Enqueue(stream); // its reader is about to
                return true;
            }

            if (stream.Unread.Reads != stream.Reads) stream.Unread = (now, stream.Reads);
            if (Time.GetElapsedTime(stream.Unread.Since, now) <= TimeSpan.FromSeconds(Options.UnreadSeconds)) return false;
            stream.GiveUp();
            return true;
        });
    }

    private void Enqueue(NumberStream stream)
    {
        if (stream.IsQueued || stream.HasEnded) return;
        if (!stream.HasSteps)
        {
            stream.FinishIfComplete();
            return;
        }

        stream.IsQueued = true;
        _ready.Enqueue(stream.Client, stream);
        if (stream.IsHere) return;
        stream.IsHere = true;
        Turns.Clients.Enter(stream.Client);
    }

    /// <summary>Has nothing to compute of a stream for the time being.</summary>
    private void Leave(NumberStream stream)
    {
        if (!stream.IsHere) return;
        stream.IsHere = false;
        Turns.Clients.Leave(stream.Client);
    }

    /// <summary>Reads the steps of some streams; when that fails, those of each alone, so that only the one at fault is lost.</summary>
    private void Compute(IReadOnlyList<(NumberStream Stream, NumberSequence Steps)> rows)
    {
        try
        {
            Read(rows);
        }
        catch (OperationCanceledException)
        {
            // The loop ends while a turn goes on beside it, and says so to all.
        }
        catch (Exception fault) when (rows.Count == 1)
        {
            rows[0].Stream.Fail(fault);
        }
        catch (Exception)
        {
            foreach (var row in rows) Compute([row]);
        }
    }

    private void Read(IReadOnlyList<(NumberStream Stream, NumberSequence Steps)> rows)
    {
        float[][] found = [.. rows.Select(row => new float[(isStepwise ? row.Steps.Steps : 1) * outputs])];
        if (isAside && rows.Sum(row => row.Steps.Steps) > ShortTurnTokens) Turns.RunAside(() => Compute(null));
        else Compute(_betweenSteps);
        for (int row = 0; row < rows.Count; row++)
        {
            try
            {
                NetworkException.ThrowIfNotFinite(found[row]);
                rows[row].Stream.Publish(rows[row].Steps, found[row]);
            }
            catch (NetworkException fault)
            {
                rows[row].Stream.Fail(fault);
            }
        }

        void Compute(Action? betweenSteps) => _batch.Read(
            [.. rows.Select(row => row.Stream.State)], [.. rows.Select(row => row.Steps)],
            (row, step, logits) => logits.CopyTo(found[row].AsSpan((isStepwise ? step : 0) * outputs)), betweenSteps);
    }
}
