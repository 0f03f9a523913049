using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;

namespace RnnService.Engine.Generation;

/// <summary>Streams of a <see cref="GenerationBatch"/> whose states lie side by side, to be read by one call of the network.</summary>
internal sealed class BatchPart(LanguageModel model)
{
    private readonly Stack<int> _free = new();
    private GenerationStream?[] _rows = [];
    private ReadOnlyMemory<int>[] _pending = [];
    private int[] _from = [];
    private LogitsReader? _accept;
    private DrawScratch? _scratch;

    /// <summary>The states by row; rows without a stream have any content.</summary>
    public RecurrentState State { get; private set; } = model.NewState(0);

    public int Count => _rows.Length - _free.Count;

    /// <summary>Whether any stream takes the next step.</summary>
    public bool IsTaking { get; private set; }

    /// <summary>Whether any reads tokens of its prompt that follow each other.</summary>
    public bool IsReading { get; private set; }

    /// <summary>The stream in the last row that has one.</summary>
    public GenerationStream Last => Array.FindLast(_rows, stream => stream is not null)!;

    /// <summary>Gives a stream a row, with the state it brings.</summary>
    public void Seat(GenerationStream stream)
    {
        Seat(stream, stream.State, 0);
        stream.State = null;
    }

    /// <summary>Gives a stream a row, with a state that lies in a row of another; null is zero.</summary>
    public void Seat(GenerationStream stream, RecurrentState? state, int from)
    {
        // Empty rows cost a little in every step, changing their number costs a copy of all.
        if (_free.Count == 0) Resize(Count + 1 + Count / 4);
        int row = _free.Pop();
        if (state is null) State.Clear(row);
        else State.CopyFrom(state, from, row);
        stream.Place = (this, row);
        _rows[row] = stream;
    }

    /// <summary>Takes a stream's row away; what lies there stays until another comes.</summary>
    public void Free(GenerationStream stream)
    {
        _rows[stream.Place.Row] = null;
        _free.Push(stream.Place.Row);
        stream.Place = default;
    }

    /// <summary>Starts a step that nobody takes yet, and gives room back when much of it is empty.</summary>
    public void Begin()
    {
        if (_rows.Length > Count + Count / 2 + 1) Resize(Count);
        Array.Clear(_pending);
        (IsTaking, IsReading) = (false, false);
    }

    /// <summary>Lets a stream of this part take the step.</summary>
    public void Take(GenerationStream stream, int promptChunk)
    {
        int row = stream.Place.Row;
        _pending[row] = stream.Pending(promptChunk);
        // Logits are wanted after each stream's last token, and after every one where the prompt is scored.
        _from[row] = stream.IsScoringPrompt ? 0 : _pending[row].Length - 1;
        IsTaking = true;
        IsReading |= _pending[row].Length > 1;
    }

    /// <summary>Does the step for those that take it.</summary>
    public void Read(DrawScratch scratch)
    {
        _scratch = scratch;
        model.Network.Forward(_pending, _from, State, _accept ??= Accept);
    }

    private void Accept(int row, int step, Span<float> logits) => _rows[row]!.Accept(step, _pending[row].Length, logits, _scratch!);

    private void Resize(int rows)
    {
        RecurrentState state = model.NewState(rows);
        var streams = new GenerationStream?[rows];
        int next = 0;
        foreach (GenerationStream? stream in _rows)
        {
            if (stream is null) continue;
            state.CopyFrom(State, stream.Place.Row, next);
            stream.Place = (this, next);
            streams[next++] = stream;
        }

        (State, _rows, _pending, _from) = (state, streams, new ReadOnlyMemory<int>[rows], new int[rows]);
        _free.Clear();
        for (int row = rows - 1; row >= next; row--) _free.Push(row);
    }
}
