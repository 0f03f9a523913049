using RnnService.Engine.Kernels;
using RnnService.Engine.Layers;
using RnnService.Engine.Networks;

namespace RnnService.Engine.Generation;

/// <summary>
/// Texts that one model continues together. Streams come in with the first step they take and leave when they end, fail or are removed;
/// between steps their states stay side by side where the network reads them, so that a step copies and allocates nothing. Many streams
/// are several parts, each of which one thread takes through the whole network: threads then wait for each other once a step, and scratch
/// memory grows with a part, not with the batch. A stream that searches takes a row for each of its beams. Not thread-safe.
/// </summary>
/// <param name="network">What continues them.</param>
public sealed class GenerationBatch(ILanguageNetwork network)
{
    /// <summary>The number of streams from which a thread for each part is faster than two threads in every product.</summary>
    private const int WorthParts = 24;

    /// <summary>Streams of a part: enough for the products to reach their speed, few enough for the parts to come out even.</summary>
    private const int StreamsOfPart = 32;

    /// <summary>Tokens from which sources are read by themselves: more together are no faster.</summary>
    private const int SourceTokens = 2048;

    private readonly ThreadPair _threads = new();
    private readonly DrawScratch _hereScratch = new(), _thereScratch = new();
    private readonly List<BatchPart> _parts = [new(network)];
    private readonly Dictionary<GenerationStream, List<Seat>> _seats = [];
    private readonly List<Seat> _taking = []; // this step
    private Action? _here, _there, _betweenParts;
    private int _next; // part to be read
    private int _rows; // of all streams

    /// <summary>Number of streams that have a place.</summary>
    public int Count => _seats.Count;

    /// <summary>
    /// Moves streams on by one step, all together: a stream that is still reading its prompt reads up to <paramref name="promptChunk"/>
    /// tokens, every other one adds a token. A stream's tokens do not depend on its company. A stream that cannot go on has a
    /// <see cref="GenerationStream.Failure"/> afterwards; should the network itself fail, a stream has taken the step as a whole or not at all.
    /// </summary>
    /// <param name="streams">Distinct unfinished streams of this model, in no other batch. Others of this batch wait.</param>
    /// <param name="promptChunk">Most prompt tokens a stream reads in one step, so that a long prompt does not hold up the others.</param>
    /// <param name="betweenParts">Called now and then, by whichever thread computes, when many streams take the step; it must not throw.</param>
    /// <exception cref="ArgumentException">A stream is another model's or in another batch.</exception>
    /// <exception cref="InvalidOperationException">A stream has ended.</exception>
    public void Advance(IReadOnlyList<GenerationStream> streams, int promptChunk = 64, Action? betweenParts = null)
    {
        _betweenParts = betweenParts;
        if (streams.Count == 0) return;
        for (int i = 0; i < streams.Count; i++) Check(streams[i]);
        ReadSources(streams);
        _taking.Clear();
        for (int i = 0; i < streams.Count; i++) _taking.AddRange(SeatsOf(streams[i]));
        Balance();
        foreach (BatchPart part in _parts) part.Begin();
        foreach (Seat seat in _taking) seat.Part!.Take(seat, promptChunk);
        try
        {
            AdvanceParts();
        }
        finally
        {
            for (int i = 0; i < streams.Count; i++)
            {
                if (streams[i].EndStep() is { } rows) Follow(streams[i], rows);
                if (streams[i].Finished is not null || streams[i].Failure is not null) Remove(streams[i]);
            }
        }
    }

    /// <summary>Lets a stream go, with its state, if it is here.</summary>
    public void Remove(GenerationStream stream)
    {
        if (!_seats.Remove(stream, out List<Seat>? seats)) return;
        foreach (Seat seat in seats)
        {
            if (seat.Part is not { } part) continue;
            // A translation that is over is not gone on with.
            if (stream.Source is null || stream.Finished is null) stream.States[seat.Index] ??= part.StateOf(seat);
            part.Remove(seat);
        }

        _rows -= seats.Count;
        stream.Batch = null;
    }

    /// <summary>A copy of the state of a stream that is here; null before its first step.</summary>
    internal RecurrentState? StateOf(GenerationStream stream) => _seats[stream][0] is { Part: { } part } seat ? part.StateOf(seat) : null;

    /// <summary>Reads the sources of those that come with one.</summary>
    private void ReadSources(IReadOnlyList<GenerationStream> streams)
    {
        if (network is not ITranslatorNetwork translator) return;
        List<GenerationStream> some = [];
        for (int i = 0, tokens = 0; i < streams.Count; i++)
        {
            if (streams[i] is { Source: { } source } stream && stream.Batch is null && stream.State is null)
            {
                some.Add(stream);
                tokens += source.Length;
            }

            if (some.Count == 0 || (tokens < SourceTokens && i < streams.Count - 1)) continue;
            RecurrentState states = translator.Encode([.. some.Select(one => one.Source!)], _betweenParts);
            for (int place = 0; place < some.Count; place++)
            {
                some[place].State = network.NewState(1);
                some[place].State!.CopyFrom(states, place, 0);
            }

            some.Clear();
            tokens = 0;
        }
    }

    /// <summary>Lets each row of a stream go on from one of those it had.</summary>
    private void Follow(GenerationStream stream, int[] rows)
    {
        List<Seat> before = _seats[stream];
        var after = new Seat?[rows.Length];
        // The first that goes on from a row keeps its place; those beside it copy what stays, into places that are left over.
        for (int i = 0; i < rows.Length; i++)
        {
            if (Array.IndexOf(rows, rows[i]) == i) after[i] = before[rows[i]];
        }

        var free = new Queue<Seat>(before.Except(after).OfType<Seat>());
        for (int i = 0; i < rows.Length; i++)
        {
            if (after[i] is not null) continue;
            Seat from = before[rows[i]];
            if (free.TryDequeue(out Seat? seat)) seat.Part!.Copy(from, seat);
            else from.Part!.AddCopy(seat = new Seat(stream, i), from);
            after[i] = seat;
        }

        foreach (Seat seat in free) seat.Part!.Remove(seat);
        for (int i = 0; i < after.Length; i++) after[i]!.Index = i;
        _rows += after.Length - before.Count;
        _seats[stream] = [.. after.OfType<Seat>()];
    }

    private void Check(GenerationStream stream)
    {
        if (stream.Network != network) throw new ArgumentException("a stream is another model's");
        if (stream.Batch is { } batch && batch != this) throw new ArgumentException("a stream is in another batch");
        if (stream.Finished is not null) throw new InvalidOperationException("the generation has finished");
        if (stream.Failure is not null) throw new InvalidOperationException("the generation has failed", stream.Failure);
    }

    private List<Seat> SeatsOf(GenerationStream stream)
    {
        if (_seats.TryGetValue(stream, out List<Seat>? seats)) return seats;
        _seats.Add(stream, seats = []);
        for (int row = 0; row < stream.Rows; row++) seats.Add(new Seat(stream, row));
        _rows += seats.Count;
        stream.Batch = this;
        return seats;
    }

    /// <summary>Gives those that come a place and keeps the parts about equal.</summary>
    private void Balance()
    {
        int all = _rows;
        int parts = all < WorthParts ? 1 : Math.Max(2, (all + StreamsOfPart - 1) / StreamsOfPart);
        while (_parts.Count < parts) _parts.Add(new BatchPart(network));
        // A little below the border they stay as they are, so that a stream that comes and goes does not move the others each time.
        while (_parts.Count > parts && all * 4 < (_parts.Count == 2 ? WorthParts : (_parts.Count - 1) * StreamsOfPart) * 3)
        {
            BatchPart last = _parts[^1];
            _parts.RemoveAt(_parts.Count - 1);
            while (last.Count > 0) last.MoveLastTo(Smallest());
        }

        foreach (Seat seat in _taking)
        {
            if (seat.Part is null) Smallest().Add(seat);
        }

        int slack = 1 + all / _parts.Count / 4;
        foreach (BatchPart part in _parts)
        {
            while (part.Count > all / _parts.Count + slack) part.MoveLastTo(Smallest());
        }
    }

    private BatchPart Smallest()
    {
        BatchPart smallest = _parts[0];
        foreach (BatchPart part in _parts)
        {
            if (part.Count < smallest.Count) smallest = part;
        }

        return smallest;
    }

    /// <summary>
    /// Moves the parts on: those with a prompt one after the other, as its tokens follow each other and two threads in each product serve
    /// them better than one; the others two at a time, so that who is held up leaves more of them to the other.
    /// </summary>
    private void AdvanceParts()
    {
        int writing = 0;
        foreach (BatchPart part in _parts)
        {
            if (part.IsReading)
            {
                part.Advance(_hereScratch);
                _betweenParts?.Invoke();
            }
            else
            {
                writing += part.IsTaking ? 1 : 0;
            }
        }

        _next = 0;
        if (writing < 2)
        {
            AdvanceRest(_hereScratch);
            return;
        }

        _threads.Begin(Environment.ProcessorCount);
        try
        {
            if (_threads.IsTwo) _threads.Both(_here ??= () => AdvanceRest(_hereScratch), _there ??= () => AdvanceRest(_thereScratch));
            else AdvanceRest(_hereScratch);
        }
        finally
        {
            _threads.End();
        }
    }

    private void AdvanceRest(DrawScratch scratch)
    {
        for (int i; (i = Interlocked.Increment(ref _next) - 1) < _parts.Count;)
        {
            if (!_parts[i].IsTaking || _parts[i].IsReading) continue;
            _parts[i].Advance(scratch);
            _betweenParts?.Invoke();
        }
    }
}
