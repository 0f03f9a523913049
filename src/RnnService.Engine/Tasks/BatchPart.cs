using RnnService.Engine.Layers;

namespace RnnService.Engine.Tasks;

/// <summary>Streams whose states lie side by side, to be read with one call of the network. Not thread-safe.</summary>
internal sealed class BatchPart(LanguageModel model)
{
    private readonly DrawScratch _scratch = new();
    private readonly Stack<int> _free = new();
    private Generation?[] _rows = [];
    private ReadOnlyMemory<int>[] _pending = [];
    private int[] _from = [];
    private LogitsReader? _accept;

    /// <summary>The states by row; rows without a stream have any content.</summary>
    public RecurrentState State { get; private set; } = model.NewState(0);

    public int Count => _rows.Length - _free.Count;

    /// <summary>Whether any stream takes the next step.</summary>
    public bool IsTaking { get; private set; }

    /// <summary>The stream in the last row that has one.</summary>
    public Generation Last => Array.FindLast(_rows, stream => stream is not null)!;

    /// <summary>Makes room for so many streams, and gives room back when most of it is empty.</summary>
    public void Fit(int streams)
    {
        // Empty rows cost a little in every step, changing their number costs a copy of all: some are kept.
        int room = streams + streams / 8;
        if (streams <= _rows.Length && _rows.Length <= room + room / 4) return;

        RecurrentState state = model.NewState(room);
        var rows = new Generation?[room];
        int next = 0;
        foreach (Generation? stream in _rows)
        {
            if (stream is null) continue;
            state.CopyFrom(State, stream.Place.Row, next);
            stream.Place = (this, next);
            rows[next++] = stream;
        }

        (State, _rows, _pending, _from) = (state, rows, new ReadOnlyMemory<int>[room], new int[room]);
        _free.Clear();
        for (int row = room - 1; row >= next; row--) _free.Push(row);
    }

    /// <summary>Gives a stream a row, with the state it brings.</summary>
    public void Seat(Generation stream)
    {
        Seat(stream, stream.State, 0);
        stream.State = null;
    }

    /// <summary>Gives a stream a row, with a state that lies in a row of another; null is zero.</summary>
    public void Seat(Generation stream, RecurrentState? state, int from)
    {
        int row = _free.Pop();
        if (state is null) State.Clear(row);
        else State.CopyFrom(state, from, row);
        stream.Place = (this, row);
        _rows[row] = stream;
    }

    /// <summary>Takes a stream's row away and copies its state where it is wanted.</summary>
    public void Free(Generation stream, RecurrentState? state = null)
    {
        int row = stream.Place.Row;
        state?.CopyFrom(State, row, 0);
        stream.Place = default;
        _rows[row] = null;
        _free.Push(row);
    }

    /// <summary>Starts a step that nobody takes yet.</summary>
    public void Begin()
    {
        Array.Clear(_pending);
        IsTaking = false;
    }

    /// <summary>Lets a stream of this part take the step.</summary>
    /// <returns>The tokens that it reads.</returns>
    public int Take(Generation stream, int promptChunk)
    {
        int row = stream.Place.Row;
        _pending[row] = stream.Pending(promptChunk);
        // Logits are wanted after each stream's last token, and after every one where the prompt is scored.
        _from[row] = stream.IsScoringPrompt ? 0 : _pending[row].Length - 1;
        IsTaking = true;
        return _pending[row].Length;
    }

    /// <summary>Does the step for those that take it.</summary>
    public void Read()
    {
        if (IsTaking) model.Network.Read(_pending, _from, State, _accept ??= Accept);
    }

    private void Accept(int row, int step, Span<float> logits) => _rows[row]!.Accept(step, _pending[row].Length, logits, _scratch);
}
