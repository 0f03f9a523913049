using System.Numerics.Tensors;
using RnnService.Engine.Cells;
using RnnService.Engine.Kernels;
using RnnService.Engine.Weights;

namespace RnnService.Engine.Layers;

/// <summary>
/// One layer in one direction: the input projection of all steps as one product, then the cell step by step. Written once for every
/// cell. In either direction the running sequences are the first rows of a step (<see cref="BatchLayout"/>): the others' states lie
/// untouched in the state buffer, as the start of what has not begun or the result of what has ended.
/// </summary>
internal sealed partial class TimeLoop
{
    private const int MostChunkRows = 128; // their gates stay in the second-level cache until their step comes
    private const int MostTableBytes = 4 << 20;

    private readonly Cell _cell;
    private readonly Parameter? _weight; // W [G·H, D]
    private readonly Parameter? _bias;   // b [G·H]
    private readonly PackedMatrix? _forward;
    private readonly BackwardMatrix? _backward;
    private readonly float[] _inputBias;
    private readonly bool _isTrained;
    private readonly Parameter? _tokens; // the embedding [V,D], where tokens may be read
    private readonly float[]? _table; // [V, G·H]: the input projection with its biases of every token

    /// <summary>One layer in one direction.</summary>
    /// <param name="kind">The cell.</param>
    /// <param name="parameters">Where the weights come from.</param>
    /// <param name="prefix">What their names begin with.</param>
    /// <param name="layer">Index of the layer.</param>
    /// <param name="reverse">Whether it reads from the end.</param>
    /// <param name="inputSize">D.</param>
    /// <param name="hiddenSize">H.</param>
    /// <param name="tokens">The embedding whose rows alone are the input; null where it may be anything.</param>
    public TimeLoop(
        CellKind kind, Parameters parameters, string prefix, int layer, bool reverse, int inputSize, int hiddenSize, Parameter? tokens)
    {
        string suffix = reverse ? $"l{layer}_reverse" : $"l{layer}";
        _cell = CreateCell(kind, parameters, prefix, suffix, hiddenSize);
        IsReverse = reverse;
        InputSize = inputSize;
        int width = _cell.Gates * hiddenSize;
        _inputBias = new float[width];
        if (_cell.HasWeights)
        {
            _weight = parameters.Add($"{prefix}.weight_ih_{suffix}", Initializer.Glorot(_cell.Gates), width, inputSize);
            _bias = parameters.Add($"{prefix}.bias_ih_{suffix}", _cell.BiasStart, width);
            _tokens = tokens;
            _forward = new PackedMatrix(inputSize, width, _weight.Type);
            _isTrained = parameters.IsTrainable;
            _backward = new BackwardMatrix(_weight, 0, width, inputSize, _isTrained);
            if (!parameters.HasValues) return;
            Refresh();
            // Training changes what the table is made of at every step.
            if (tokens is null || _isTrained) return;
            int count = tokens.Shape[0];
            if ((long)count * width * sizeof(float) > MostTableBytes && count > inputSize) return;
            _table = new float[count * width];
            Project(count, tokens.Values, _table, threads: null);
        }
        else if (inputSize != hiddenSize)
        {
            throw new ArgumentException($"{prefix} layer {layer}: hidden_size is {hiddenSize}; expected {inputSize}, the width of its input, which a sum keeps");
        }
    }

    public int InputSize { get; }

    /// <summary>Whether it reads from the end.</summary>
    public bool IsReverse { get; }

    public bool HasCellState => _cell.HasCellState;

    /// <summary>Whether to read this many tokens by their ids: every token's projection is there, or in training takes less than the rows'.</summary>
    public bool PrefersIds(int rows) => _table is not null || _isTrained && _tokens is not null && _tokens.Shape[0] <= rows;

    /// <summary>Runs over all steps.</summary>
    /// <param name="pass">The pass.</param>
    /// <param name="layout">Where the steps lie.</param>
    /// <param name="input">x [R,D] or token ids [R].</param>
    /// <param name="h">State [N,H] by rank; in: the start; out: each sequence's state after its last step.</param>
    /// <param name="c">The same for c; empty for cells without.</param>
    /// <param name="output">h of every step [R,H], <paramref name="stride"/> floats from row to row.</param>
    /// <param name="stride">Floats from row to row of <paramref name="output"/>.</param>
    /// <returns>What backward needs; null when the pass does not record.</returns>
    public Tape? Forward(Pass pass, BatchLayout layout, LayerInput input, Span<float> h, Span<float> c, Span<float> output, int stride)
    {
        int width = _cell.Gates * _cell.HiddenSize;
        Tape? tape = pass.Record ? NewTape(pass, layout, input) : null;
        ReadOnlyMemory<float> table = input.Values.IsEmpty && _tokens is not null ? TableOfTokens(pass) : default;
        Span<float> scratch = pass.Workspace.Take(layout.Batch * width).Span;
        int forProduct = Math.Max(_cell.ScratchSize(layout.Batch), _forward?.ScratchSize(ChunkRows(layout)) ?? 0);
        Span<float> productScratch = pass.Workspace.Take(forProduct).Span;
        Span<float> gates = tape is null ? pass.Workspace.Take(ChunkRows(layout) * width).Span : tape.Gates.Span;
        for (int step = 0, projected = 0, firstRow = 0; step < layout.Steps; step++)
        {
            pass.BetweenSteps?.Invoke();
            int t = IsReverse ? layout.Steps - 1 - step : step, n = layout.Active(t), row = layout.Offset(t);
            if (step == projected)
            {
                (projected, firstRow, int rows) = Chunk(layout, step, tape is null);
                Project(input, table.Span, firstRow, rows, gates, pass.Threads, productScratch);
            }

            Advance(
                tape, n, row, gates[((row - firstRow) * width)..], h, c, output[(row * stride)..], stride, pass.Threads, scratch, productScratch);
        }

        return tape;
    }

    /// <summary>Backward over all steps.</summary>
    /// <param name="pass">The pass that recorded.</param>
    /// <param name="layout">Where the steps lie.</param>
    /// <param name="tape">What forward left; used up.</param>
    /// <param name="dOutput">Gradient of the output, the columns of this direction, <paramref name="stride"/> floats from row to row.</param>
    /// <param name="stride">Floats from row to row of <paramref name="dOutput"/>.</param>
    /// <param name="dh">[N,H] by rank; in: gradient of the final state; out: of the start.</param>
    /// <param name="dc">The same for c.</param>
    /// <param name="dInput">[R,D]; the gradient of the input is added. Empty where ids were read: their embedding's is added instead.</param>
    /// <param name="gradients">The gradients of the parameters are added; null where only that of the input is asked for, which are values then.</param>
    /// <param name="read">Takes the gradient of h after each step, by row; null for nobody.</param>
    public void Backward(
        Pass pass, BatchLayout layout, Tape tape, ReadOnlySpan<float> dOutput, int stride,
        Span<float> dh, Span<float> dc, Span<float> dInput, Gradients? gradients, StateGradientReader? read = null)
    {
        int size = _cell.HiddenSize, width = _cell.Gates * size;
        Span<float> gates = tape.Gates.Span;
        Span<float> scratch = pass.Workspace.Take(layout.Batch * Math.Max(width, 2 * size)).Span;
        for (int step = layout.Steps - 1; step >= 0; step--)
        {
            int t = IsReverse ? layout.Steps - 1 - step : step;
            int n = layout.Active(t), row = layout.Offset(t);
            pass.BetweenSteps?.Invoke();
            for (int i = 0; i < n; i++)
            {
                Span<float> rank = dh.Slice(i * size, size);
                TensorPrimitives.Add(rank, dOutput.Slice((row + i) * stride, size), rank);
                read?.Invoke(row + i, rank);
            }

            Retreat(tape, n, row, dh, dc, scratch);
        }

        if (_weight is null)
        {
            if (!dInput.IsEmpty) TensorPrimitives.Add(dInput, gates, dInput);
            return;
        }

        int rows = layout.Rows;
        if (rows == 0) return;
        if (gradients is not null) AddGradients(pass, tape, rows, dInput, gradients);
        else _backward!.MultiplyAdd(rows, gates, width, dInput);
    }

    /// <summary>Adds the gradients of the parameters, and that of the input where there is room for it, from what the steps left in the tape.</summary>
    private void AddGradients(Pass pass, Tape tape, int rows, Span<float> dInput, Gradients gradients)
    {
        int width = _cell.Gates * _cell.HiddenSize;
        Span<float> gates = tape.Gates.Span;
        _cell.AddRecurrentGradient(rows, gates, tape.HPrevious.Span, tape.Saved.Span, gradients, pass.Workspace);
        ReadOnlySpan<float> x = tape.Input.Values.Span;
        if (x.IsEmpty && _tokens is not null)
        {
            // What the rows of one token send back meets in one row, and goes on to the embedding's.
            rows = _tokens.Shape[0];
            x = _tokens.Values;
            dInput = gradients.Of(_tokens);
            gates = SumByToken(pass, tape, rows, width);
        }

        WeightGradient.Add(rows, gates, width, width, x, InputSize, InputSize, gradients.Of(_weight!), pass.Workspace);
        WeightGradient.AddBias(rows, gates, width, gradients.Of(_bias!));
        if (!dInput.IsEmpty) _backward!.MultiplyAdd(rows, gates, width, dInput);
    }

    private static Span<float> SumByToken(Pass pass, Tape tape, int tokens, int width)
    {
        Span<float> sums = pass.Workspace.TakeZeros(tokens * width).Span;
        ReadOnlySpan<float> gates = tape.Gates.Span;
        ReadOnlySpan<int> ids = tape.Input.Ids.Span;
        for (int row = 0; row < ids.Length; row++)
        {
            Span<float> sum = sums.Slice(ids[row] * width, width);
            TensorPrimitives.Add(sum, gates.Slice(row * width, width), sum);
        }

        return sums;
    }

    public void Refresh()
    {
        if (_weight is null) return;
        _cell.Refresh();
        _forward!.PackTransposed(_weight.Values);
        _backward!.Refresh();
        _bias!.Values.CopyTo(_inputBias);
        _cell.AddToInputBias(_inputBias);
    }

    private static Cell CreateCell(CellKind kind, Parameters parameters, string prefix, string suffix, int hiddenSize) => kind switch
    {
        CellKind.Tanh or CellKind.Relu => new ElmanCell(kind == CellKind.Relu, parameters, prefix, suffix, hiddenSize),
        CellKind.Gru => new GruCell(parameters, prefix, suffix, hiddenSize),
        CellKind.GruBefore => new GruBeforeCell(parameters, prefix, suffix, hiddenSize),
        CellKind.Lstm => new LstmCell(parameters, prefix, suffix, hiddenSize),
        CellKind.Sum => new SumCell(hiddenSize),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "not a cell"),
    };

    private ReadOnlyMemory<float> TableOfTokens(Pass pass)
    {
        if (_table is not null) return _table;
        int count = _tokens!.Shape[0];
        Memory<float> table = pass.Workspace.Take(count * _inputBias.Length);
        Project(count, _tokens.Values, table.Span, pass.Threads);
        return table;
    }

    private Tape NewTape(Pass pass, BatchLayout layout, LayerInput input)
    {
        int floats = layout.Rows * _cell.HiddenSize;
        return new Tape(
            input, pass.Workspace.Take(_cell.Gates * floats), pass.Workspace.Take(floats),
            pass.Workspace.Take(_cell.HasCellState ? floats : 0), pass.Workspace.Take(_cell.Saved * floats));
    }

    /// <summary>Rows of input that are projected together when nothing is recorded: at most, and at least those of a step.</summary>
    private static int ChunkRows(BatchLayout layout) => Math.Max(layout.Batch, Math.Min(layout.Rows, MostChunkRows));

    /// <summary>The steps, starting with <paramref name="step"/>, whose input is projected together: the step after them, their first row and their rows.</summary>
    private (int End, int FirstRow, int Rows) Chunk(BatchLayout layout, int step, bool cut)
    {
        if (!cut) return (layout.Steps, 0, layout.Rows);
        int end = step, rows = 0, most = ChunkRows(layout), firstRow = int.MaxValue;
        for (; end < layout.Steps; end++)
        {
            int t = IsReverse ? layout.Steps - 1 - end : end;
            if (rows + layout.Active(t) > most) break;
            rows += layout.Active(t);
            firstRow = Math.Min(firstRow, layout.Offset(t));
        }

        return (end, firstRow, rows);
    }

    /// <summary>The input projection with its biases of some rows, into the first rows of the gates.</summary>
    private void Project(LayerInput input, ReadOnlySpan<float> table, int firstRow, int rows, Span<float> gates, ThreadPair threads, Span<float> scratch)
    {
        int width = _inputBias.Length;
        if (!table.IsEmpty)
        {
            ReadOnlySpan<int> ids = input.Ids.Span.Slice(firstRow, rows);
            for (int row = 0; row < rows; row++) table.Slice(ids[row] * width, width).CopyTo(gates[(row * width)..]);
            return;
        }

        ReadOnlySpan<float> x = input.Values.Span.Slice(firstRow * InputSize, rows * InputSize);
        if (_forward is null) x.CopyTo(gates);
        else Project(rows, x, gates, threads, scratch);
    }

    private void Project(int rows, ReadOnlySpan<float> x, Span<float> gates, ThreadPair? threads, Span<float> scratch = default)
    {
        for (int row = 0; row < rows; row++) _inputBias.CopyTo(gates[(row * _inputBias.Length)..]);
        _forward!.MultiplyAdd(rows, x, InputSize, gates, _inputBias.Length, threads, scratch);
    }
}
