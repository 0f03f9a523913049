using RnnService.Engine.Layers;
using RnnService.Engine.Networks;

namespace RnnService.Engine.Generation;

/// <summary>The place of one of a stream's rows in a batch: a part of it and a row there. Only the batch knows it.</summary>
internal sealed class Seat(GenerationStream stream, int index)
{
    public GenerationStream Stream { get; } = stream;

    /// <summary>Which of the stream's rows.</summary>
    public int Index { get; set; } = index;

    /// <summary>The part; null before the first and after the last.</summary>
    public BatchPart? Part { get; set; }

    public int Row { get; set; }
}

/// <summary>Streams of a <see cref="GenerationBatch"/> whose states lie side by side, to be read by one call of the network.</summary>
internal sealed class BatchPart(ILanguageNetwork network)
{
    private readonly Stack<int> _free = new();
    private Seat?[] _rows = [];
    private ReadOnlyMemory<int>[] _pending = [];
    private int[] _start = [];
    private LogitsReader? _accept;
    private DrawScratch? _scratch;

    public int Count => _rows.Length - _free.Count;

    /// <summary>Whether any stream takes the next step.</summary>
    public bool IsTaking { get; private set; }

    /// <summary>Whether any reads tokens of its prompt that follow each other.</summary>
    public bool IsReading { get; private set; }

    /// <summary>The states by row; rows without a stream have any content.</summary>
    private RecurrentState State { get; set; } = network.NewState(0);

    /// <summary>Gives a newcomer a row, with the state that its stream brings.</summary>
    public void Add(Seat seat)
    {
        Add(seat, seat.Stream.States[seat.Index], 0);
        seat.Stream.States[seat.Index] = null;
    }

    /// <summary>Gives a newcomer a row with the state of another seat of any part.</summary>
    public void AddCopy(Seat seat, Seat from)
    {
        Add(seat, null, 0);
        Copy(from, seat);
    }

    /// <summary>Puts a copy of the state of one seat, of any part, in the place of that of a seat of this.</summary>
    public void Copy(Seat from, Seat to) => State.CopyFrom(from.Part!.State, from.Row, to.Row);

    /// <summary>Takes a seat's row away.</summary>
    public void Remove(Seat seat)
    {
        Free(seat.Row);
        seat.Part = null;
    }

    /// <summary>Moves the stream of the last row, with its state, to another part.</summary>
    public void MoveLastTo(BatchPart other)
    {
        Seat seat = Array.FindLast(_rows, row => row is not null)!;
        int row = seat.Row;
        other.Add(seat, State, row);
        Free(row);
    }

    /// <summary>A copy of a seat's state.</summary>
    public RecurrentState StateOf(Seat seat)
    {
        RecurrentState state = network.NewState(1);
        state.CopyFrom(State, seat.Row, 0);
        return state;
    }

    /// <summary>Starts a step that nobody takes yet, and gives room back when much of it is empty.</summary>
    public void Begin()
    {
        if (_rows.Length > Count + Count / 2 + 1) Resize(Count);
        Array.Clear(_pending);
        (IsTaking, IsReading) = (false, false);
    }

    /// <summary>Lets a stream of this part take the step.</summary>
    public void Take(Seat seat, int promptChunk)
    {
        _pending[seat.Row] = seat.Stream.Pending(seat.Index, promptChunk);
        // Logits are needed after each stream's last token, and after every one where the prompt is scored.
        _start[seat.Row] = seat.Stream.IsScoringPrompt ? 0 : _pending[seat.Row].Length - 1;
        IsTaking = true;
        IsReading |= _pending[seat.Row].Length > 1;
    }

    /// <summary>Does the step for those that take it.</summary>
    public void Advance(DrawScratch scratch)
    {
        _scratch = scratch;
        network.Forward(_pending, _start, State, _accept ??= Accept);
    }

    private void Add(Seat seat, RecurrentState? state, int row)
    {
        // Empty rows cost a little in every step, changing their number costs a copy of all.
        if (_free.Count == 0) Resize(Count + 1 + Count / 4);
        (seat.Part, seat.Row) = (this, _free.Pop());
        if (state is null) State.Clear(seat.Row);
        else State.CopyFrom(state, row, seat.Row);
        _rows[seat.Row] = seat;
    }

    /// <summary>Lets go of a row. Its numbers stay until another comes; what it attends to is large, and every step would make room for it.</summary>
    private void Free(int row)
    {
        _rows[row] = null;
        State.Sources[row] = null;
        _free.Push(row);
    }

    private void Accept(int row, int step, Span<float> logits) => _rows[row]!.Stream.Accept(
        _rows[row]!.Index, step, _pending[row].Length, logits, State.Sources[row] is { } source ? source.Weights : default, _scratch!);

    private void Resize(int rows)
    {
        RecurrentState state = network.NewState(rows);
        var seats = new Seat?[rows];
        int next = 0;
        foreach (Seat? seat in _rows)
        {
            if (seat is null) continue;
            state.CopyFrom(State, seat.Row, next);
            seat.Row = next;
            seats[next++] = seat;
        }

        (State, _rows, _pending, _start) = (state, seats, new ReadOnlyMemory<int>[rows], new int[rows]);
        _free.Clear();
        for (int row = rows - 1; row >= next; row--) _free.Push(row);
    }
}
