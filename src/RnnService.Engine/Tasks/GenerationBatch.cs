using RnnService.Engine.Kernels;
using RnnService.Engine.Layers;

namespace RnnService.Engine.Tasks;

/// <summary>
/// Texts that one model continues together. Streams come in with the first step they take and leave when they end, fail or are removed;
/// between steps their states stay side by side where the network reads them, so that a step copies and allocates nothing. Many streams
/// are two halves, each of which a thread takes through the whole network. Not thread-safe.
/// </summary>
/// <param name="model">The model.</param>
public sealed class GenerationBatch(LanguageModel model)
{
    /// <summary>Streams from which on two halves are faster than two threads in every product.</summary>
    private const int WorthHalving = 24;

    private readonly Crew _crew = new();
    private readonly BatchPart _first = new(model), _second = new(model);
    private Action? _readFirst, _readSecond;

    /// <summary>Number of streams that have a place.</summary>
    public int Count => _first.Count + _second.Count;

    /// <summary>
    /// Moves streams on by one step, all together: a stream that is still reading its prompt reads up to <paramref name="promptChunk"/>
    /// tokens, every other one adds a token. A stream's tokens do not depend on its company. A stream that cannot go on has a
    /// <see cref="Generation.Failure"/> afterwards; should the network itself fail, a stream has taken the step as a whole or not at all.
    /// </summary>
    /// <param name="streams">Distinct unfinished streams of this model, in no other batch. Others of this batch wait.</param>
    /// <param name="promptChunk">Most prompt tokens a stream reads in one step, so that a long prompt does not hold up the others.</param>
    /// <exception cref="ArgumentException">A stream is another model's or in another batch.</exception>
    /// <exception cref="InvalidOperationException">A stream has ended.</exception>
    public void Advance(IReadOnlyList<Generation> streams, int promptChunk = 64)
    {
        if (streams.Count == 0) return;
        for (int i = 0; i < streams.Count; i++) Check(streams[i]);
        Seat(streams);
        _first.Begin();
        _second.Begin();
        bool reading = false; // a prompt
        for (int i = 0; i < streams.Count; i++) reading |= streams[i].Place.Part!.Take(streams[i], promptChunk) > 1;
        try
        {
            Read(reading);
        }
        finally
        {
            for (int i = 0; i < streams.Count; i++)
            {
                if (streams[i].Finished is not null || streams[i].Failure is not null) streams[i].Place.Part!.Free(streams[i]);
            }
        }
    }

    /// <summary>Lets a stream go, with its state, if it is here.</summary>
    public void Remove(Generation stream)
    {
        if (!Holds(stream)) return;
        RecurrentState state = model.NewState(1);
        stream.Place.Part!.Free(stream, state);
        stream.State = state;
    }

    private bool Holds(Generation stream) => stream.Place.Part is { } part && (part == _first || part == _second);

    private void Check(Generation stream)
    {
        if (stream.Model != model) throw new ArgumentException("a stream is another model's");
        if (stream.Place.Part is not null && !Holds(stream)) throw new ArgumentException("a stream is in another batch");
        if (stream.Finished is not null) throw new InvalidOperationException("the generation has finished");
        if (stream.Failure is not null) throw new InvalidOperationException("the generation has failed", stream.Failure);
    }

    /// <summary>Gives those that come a place and keeps the halves equal, or all in the first part where they are few.</summary>
    private void Seat(IReadOnlyList<Generation> streams)
    {
        int coming = 0;
        for (int i = 0; i < streams.Count; i++) coming += streams[i].Place.Part is null ? 1 : 0;
        int all = Count + coming;
        // A little below the border they stay as they are, so that a stream that comes and goes does not move the others each time.
        bool halves = all >= WorthHalving || (_second.Count > 0 && all >= WorthHalving * 3 / 4);
        int second = halves ? all / 2 : 0, slack = halves ? all / 16 : 0;
        _first.Fit(Math.Max(_first.Count, all - second));
        _second.Fit(Math.Max(_second.Count, second));
        while (_second.Count > second + slack) Move(_second, _first);
        while (_first.Count > all - second + slack) Move(_first, _second);
        for (int i = 0; i < streams.Count; i++)
        {
            if (streams[i].Place.Part is null) (_second.Count < second ? _second : _first).Seat(streams[i]);
        }
    }

    private static void Move(BatchPart from, BatchPart to)
    {
        Generation stream = from.Last;
        RecurrentState state = from.State;
        int row = stream.Place.Row;
        from.Free(stream);
        to.Seat(stream, state, row);
    }

    /// <summary>A prompt's tokens follow each other: two threads in each product serve them better than one thread a half.</summary>
    private void Read(bool prompt)
    {
        if (!prompt && _first.IsTaking && _second.IsTaking)
        {
            _crew.Begin(Environment.ProcessorCount);
            try
            {
                if (_crew.IsTwo)
                {
                    _crew.Both(_readFirst ??= _first.Read, _readSecond ??= _second.Read);
                    return;
                }
            }
            finally
            {
                _crew.End();
            }
        }

        _first.Read();
        _second.Read();
    }
}
