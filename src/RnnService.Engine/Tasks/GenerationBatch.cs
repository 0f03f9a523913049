using RnnService.Engine.Layers;

namespace RnnService.Engine.Tasks;

/// <summary>
/// Texts that one model continues together. Streams come in with the first step they take and leave when they end, fail or are removed;
/// between steps their states stay side by side where the network reads them, so that a step copies and allocates nothing. Not
/// thread-safe.
/// </summary>
/// <param name="model">The model.</param>
public sealed class GenerationBatch(LanguageModel model)
{
    private readonly DrawScratch _scratch = new();
    private readonly Stack<int> _free = new();
    private RecurrentState _state = model.NewState(0);
    private Generation?[] _rows = [];
    private ReadOnlyMemory<int>[] _pending = [];
    private int[] _from = [];
    private LogitsReader? _accept;

    /// <summary>Number of streams that have a place.</summary>
    public int Count => _rows.Length - _free.Count;

    /// <summary>
    /// Moves streams on by one step, all together: a stream that is still reading its prompt reads up to <paramref name="promptChunk"/>
    /// tokens, every other one adds a token. A stream's tokens do not depend on its company. A stream that cannot go on has a
    /// <see cref="Generation.Failure"/> afterwards; should the network itself fail, no stream has moved.
    /// </summary>
    /// <param name="streams">Distinct unfinished streams of this model, in no other batch. Others of this batch wait.</param>
    /// <param name="promptChunk">Most prompt tokens a stream reads in one step, so that a long prompt does not hold up the others.</param>
    /// <exception cref="ArgumentException">A stream is another model's or in another batch.</exception>
    /// <exception cref="InvalidOperationException">A stream has ended.</exception>
    public void Advance(IReadOnlyList<Generation> streams, int promptChunk = 64)
    {
        if (streams.Count == 0) return;
        for (int i = 0; i < streams.Count; i++) Check(streams[i]);
        Fit(streams);
        Array.Clear(_pending);
        for (int i = 0; i < streams.Count; i++)
        {
            int row = RowOf(streams[i]);
            _pending[row] = streams[i].Pending(promptChunk);
            // Logits are wanted after each stream's last token, and after every one where the prompt is scored.
            _from[row] = streams[i].IsScoringPrompt ? 0 : _pending[row].Length - 1;
        }

        model.Network.Read(_pending, _from, _state, _accept ??= Accept);
        for (int i = 0; i < streams.Count; i++)
        {
            if (streams[i].Finished is not null || streams[i].Failure is not null) Free(streams[i]);
        }
    }

    /// <summary>Lets a stream go, with its state, if it is here.</summary>
    public void Remove(Generation stream)
    {
        if (stream.Place.Batch != this) return;
        stream.State = model.NewState(1);
        stream.State.CopyFrom(_state, stream.Place.Row, 0);
        Free(stream);
    }

    private void Accept(int row, int step, Span<float> logits) => _rows[row]!.Accept(step, _pending[row].Length, logits, _scratch);

    private void Check(Generation stream)
    {
        if (stream.Model != model) throw new ArgumentException("a stream is another model's");
        if (stream.Place.Batch is { } batch && batch != this) throw new ArgumentException("a stream is in another batch");
        if (stream.Finished is not null) throw new InvalidOperationException("the generation has finished");
        if (stream.Failure is not null) throw new InvalidOperationException("the generation has failed", stream.Failure);
    }

    private int RowOf(Generation stream)
    {
        if (stream.Place.Batch is not null) return stream.Place.Row;
        int row = _free.Pop();
        if (stream.State is null) _state.Clear(row);
        else _state.CopyFrom(stream.State, 0, row);
        stream.State = null;
        stream.Place = (this, row);
        _rows[row] = stream;
        return row;
    }

    private void Free(Generation stream)
    {
        _rows[stream.Place.Row] = null;
        _free.Push(stream.Place.Row);
        stream.Place = default;
    }

    /// <summary>Makes room for those that come, and gives room back when most of it is empty.</summary>
    private void Fit(IReadOnlyList<Generation> streams)
    {
        int wanted = Count;
        for (int i = 0; i < streams.Count; i++) wanted += streams[i].Place.Batch is null ? 1 : 0;
        // Empty rows cost a little in every step, changing their number costs a copy of all: some are kept.
        int room = wanted + wanted / 8;
        if (wanted <= _rows.Length && _rows.Length <= room + room / 4) return;

        RecurrentState state = model.NewState(room);
        var rows = new Generation?[room];
        int next = 0;
        foreach (Generation? stream in _rows)
        {
            if (stream is null) continue;
            state.CopyFrom(_state, stream.Place.Row, next);
            stream.Place = (this, next);
            rows[next++] = stream;
        }

        (_state, _rows, _pending, _from) = (state, rows, new ReadOnlyMemory<int>[room], new int[room]);
        _free.Clear();
        for (int row = room - 1; row >= next; row--) _free.Push(row);
    }
}
