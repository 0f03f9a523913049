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
internal sealed class TimeLoop
{
    private readonly Cell _cell;
    private readonly bool _reverse;
    private readonly Parameter? _weight; // W [G·H, D]
    private readonly Parameter? _bias;   // b [G·H]
    private readonly PackedMatrix? _forward;
    private readonly PackedMatrix? _backward;
    private readonly float[] _inputBias;

    public TimeLoop(CellKind kind, Parameters parameters, string prefix, int layer, bool reverse, int inputSize, int hiddenSize)
    {
        string suffix = reverse ? $"l{layer}_reverse" : $"l{layer}";
        _cell = CreateCell(kind, parameters, prefix, suffix, hiddenSize);
        _reverse = reverse;
        InputSize = inputSize;
        int width = _cell.Gates * hiddenSize;
        _inputBias = new float[width];
        if (_cell.HasWeights)
        {
            _weight = parameters.Add($"{prefix}.weight_ih_{suffix}", Initializer.Glorot(_cell.Gates), width, inputSize);
            _bias = parameters.Add($"{prefix}.bias_ih_{suffix}", _cell.BiasStart, width);
            _forward = new PackedMatrix(inputSize, width);
            _backward = parameters.IsTrainable ? new PackedMatrix(width, inputSize) : null;
            if (parameters.HasValues) Refresh();
        }
        else if (inputSize != hiddenSize)
        {
            throw new ArgumentException($"{prefix} layer {layer}: a sum has hidden_size = input size, but {hiddenSize} is not {inputSize}");
        }
    }

    public int InputSize { get; }

    public bool HasMemory => _cell.HasMemory;

    /// <summary>Runs over all steps.</summary>
    /// <param name="pass">The pass.</param>
    /// <param name="layout">Where the steps lie.</param>
    /// <param name="input">x [R,D].</param>
    /// <param name="h">State [N,H] by rank; in: the start; out: each sequence's state after its last step.</param>
    /// <param name="c">The same for c; empty without memory.</param>
    /// <param name="output">h of every step [R,H].</param>
    /// <returns>What the way back needs; null when the pass does not record.</returns>
    public Tape? Forward(
        Pass pass, BatchLayout layout, ReadOnlyMemory<float> input, Span<float> h, Span<float> c, Span<float> output)
    {
        int size = _cell.HiddenSize, width = _cell.Gates * size, memory = _cell.HasMemory ? size : 0, kept = _cell.Saved * size;
        int stride = pass.Record ? layout.Rows : layout.Batch;
        Memory<float> gates = pass.Workspace.Take(layout.Rows * width);
        Project(layout.Rows, input.Span, gates.Span);

        // Without the way back only the step at hand is kept.
        var tape = new Tape(
            input, gates, pass.Workspace.Take(stride * size), pass.Workspace.Take(stride * memory), pass.Workspace.Take(stride * kept));
        Span<float> gateRows = gates.Span, hPrevious = tape.HPrevious.Span, cPrevious = tape.CPrevious.Span, saved = tape.Saved.Span;
        Span<float> scratch = pass.Workspace.Take(layout.Batch * width).Span;
        for (int step = 0; step < layout.Steps; step++)
        {
            int t = _reverse ? layout.Steps - 1 - step : step;
            int n = layout.Active(t), row = layout.Offset(t), keptRow = pass.Record ? row : 0;
            Span<float> before = hPrevious.Slice(keptRow * size, n * size), cBefore = cPrevious.Slice(keptRow * memory, n * memory);
            h[..before.Length].CopyTo(before);
            c[..cBefore.Length].CopyTo(cBefore);
            Span<float> after = output.Slice(row * size, n * size);
            _cell.Step(
                n, gateRows.Slice(row * width, n * width), before, cBefore, after, c[..cBefore.Length],
                saved.Slice(keptRow * kept, n * kept), scratch);
            after.CopyTo(h);
        }

        return pass.Record ? tape : null;
    }

    /// <summary>The way back over all steps.</summary>
    /// <param name="pass">The pass that recorded.</param>
    /// <param name="layout">Where the steps lie.</param>
    /// <param name="tape">What the way forward left; used up.</param>
    /// <param name="dOutput">Gradient of the output, the columns of this direction, <paramref name="stride"/> floats from row to row.</param>
    /// <param name="stride">Floats from row to row of <paramref name="dOutput"/>.</param>
    /// <param name="dh">[N,H] by rank; in: gradient of the final state; out: of the start.</param>
    /// <param name="dc">The same for c.</param>
    /// <param name="dInput">[R,D]; the gradient of the input is added.</param>
    /// <param name="gradients">The gradients of the parameters are added.</param>
    public void Backward(
        Pass pass, BatchLayout layout, Tape tape, ReadOnlySpan<float> dOutput, int stride,
        Span<float> dh, Span<float> dc, Span<float> dInput, Gradients gradients)
    {
        int size = _cell.HiddenSize, width = _cell.Gates * size, memory = _cell.HasMemory ? size : 0, kept = _cell.Saved * size;
        Span<float> gates = tape.Gates.Span, hPrevious = tape.HPrevious.Span, cPrevious = tape.CPrevious.Span, saved = tape.Saved.Span;
        Span<float> scratch = pass.Workspace.Take(layout.Batch * Math.Max(width, 2 * size)).Span;
        for (int step = layout.Steps - 1; step >= 0; step--)
        {
            int t = _reverse ? layout.Steps - 1 - step : step;
            int n = layout.Active(t), row = layout.Offset(t);
            for (int i = 0; i < n; i++)
            {
                Span<float> rank = dh.Slice(i * size, size);
                TensorPrimitives.Add(rank, dOutput.Slice((row + i) * stride, size), rank);
            }

            _cell.StepBack(
                n, gates.Slice(row * width, n * width), hPrevious.Slice(row * size, n * size), cPrevious.Slice(row * memory, n * memory),
                saved.Slice(row * kept, n * kept), dh[..(n * size)], dc[..(n * memory)], scratch);
            Activations.FlushTiny(dh[..(n * size)]);
            Activations.FlushTiny(dc[..(n * memory)]);
        }

        if (_weight is null)
        {
            TensorPrimitives.Add(dInput, gates, dInput);
            return;
        }

        int rows = layout.Rows;
        if (rows == 0) return;
        _cell.AddRecurrentGradient(rows, gates, hPrevious, saved, gradients, pass.Workspace);
        WeightGradient.Add(rows, gates, width, width, tape.Input.Span, InputSize, InputSize, gradients.Of(_weight), pass.Workspace);
        WeightGradient.AddBias(rows, gates, width, gradients.Of(_bias!));
        _backward!.MultiplyAdd(rows, gates, width, dInput, InputSize);
    }

    public void Refresh()
    {
        if (_weight is null) return;
        _cell.Refresh();
        _forward!.PackTransposed(_weight.Values);
        _backward?.Pack(_weight.Values, InputSize);
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

    private void Project(int rows, ReadOnlySpan<float> input, Span<float> gates)
    {
        if (_forward is null)
        {
            input[..gates.Length].CopyTo(gates);
            return;
        }

        for (int row = 0; row < rows; row++) _inputBias.CopyTo(gates[(row * _inputBias.Length)..]);
        _forward.MultiplyAdd(rows, input, InputSize, gates, _inputBias.Length);
    }

    /// <summary>What one direction of one layer keeps for the way back, all by row of the layout.</summary>
    internal sealed record Tape(
        ReadOnlyMemory<float> Input, Memory<float> Gates, Memory<float> HPrevious, Memory<float> CPrevious, Memory<float> Saved);
}
