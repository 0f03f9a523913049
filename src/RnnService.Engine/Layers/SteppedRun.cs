using System.Numerics.Tensors;
using RnnService.Engine.Weights;

namespace RnnService.Engine.Layers;

/// <summary>
/// A run of a stack in the forward direction that its owner takes step by step, since what a step reads comes of the one before: a decoder's. It
/// computes what <see cref="Recurrent.Forward(Pass, BatchLayout, LayerInput, RecurrentState, float)"/> does. Not thread-safe.
/// </summary>
internal sealed class SteppedRun
{
    private readonly TimeLoop[] _loops;
    private readonly TimeLoop.Stepping[] _steps;
    private readonly Memory<float>[] _h, _c; // [layers][N,H] by rank: states, and backward their gradients
    private readonly Memory<float>?[] _masks; // of each layer's input
    private readonly Memory<float>[] _outputs; // [layers][R,H]; the last with its stride
    private readonly int _stride, _size, _cellSize;
    private readonly Pass _pass;
    private readonly BatchLayout _layout;
    private readonly RecurrentState _state;
    private readonly bool _isProjected;
    private readonly Memory<float> _dLower; // [N,H]

    /// <summary>See <see cref="Recurrent.Open"/>.</summary>
    public SteppedRun(
        TimeLoop[] loops, int size, Pass pass, BatchLayout layout, LayerInput input, bool projectAtOnce, RecurrentState state, Memory<float> output,
        int stride, float dropBetween)
    {
        int layers = loops.Length;
        (_loops, _size, _pass, _layout, _state, _stride) = (loops, size, pass, layout, state, stride);
        _cellSize = loops[0].HasCellState ? size : 0;
        (_steps, _h, _c) = (new TimeLoop.Stepping[layers], new Memory<float>[layers], new Memory<float>[layers]);
        (_masks, _outputs) = (new Memory<float>?[layers], new Memory<float>[layers]);
        for (int layer = 0; layer < layers; layer++)
        {
            if (layer > 0) _masks[layer] = pass.Mask(layout.Batch, size, dropBetween);
            _outputs[layer] = layer == layers - 1 ? output : pass.Workspace.Take(layout.Rows * size);
            _steps[layer] = loops[layer].Open(pass, layout, layer == 0 ? input : LayerInput.OfValues(_outputs[layer - 1]));
            _h[layer] = pass.Workspace.Take(layout.Batch * size);
            _c[layer] = pass.Workspace.Take(layout.Batch * _cellSize);
            Recurrent.Gather(layout, state.Hidden, layer, _h[layer].Span);
            Recurrent.Gather(layout, state.CellState, layer, _c[layer].Span);
        }

        if (layers > 1 && pass.Record) _dLower = pass.Workspace.Take(layout.Batch * size);
        _isProjected = projectAtOnce;
        if (projectAtOnce && layout.Rows > 0) loops[0].Project(pass, _steps[0], 0, layout.Rows);
    }

    /// <summary>The first layer's input projection [n,G·H] of a step, whose input is there by now; what else the step reads is added to it.</summary>
    public Span<float> Project(int t)
    {
        int row = _layout.Offset(t), n = _layout.Active(t);
        if (!_isProjected) _loops[0].Project(_pass, _steps[0], row, n);
        return _steps[0].GatesOf(row, n, _loops[0].GatesSize);
    }

    /// <summary>A step, after <see cref="Project"/>: its output is where the run was told to put it.</summary>
    public void Step(int t)
    {
        int row = _layout.Offset(t), n = _layout.Active(t);
        for (int layer = 0; layer < _loops.Length; layer++)
        {
            if (layer > 0)
            {
                if (_masks[layer] is { } mask) Drop(mask, _outputs[layer - 1].Span.Slice(row * _size, n * _size));
                _loops[layer].Project(_pass, _steps[layer], row, n);
            }

            int stride = layer == _loops.Length - 1 ? _stride : _size;
            _loops[layer].Step(_pass, _steps[layer], n, row, _h[layer].Span, _c[layer].Span, _outputs[layer].Span[(row * stride)..], stride);
        }
    }

    /// <summary>Puts the states after the last step into the caller's.</summary>
    public void End()
    {
        for (int layer = 0; layer < _loops.Length; layer++)
        {
            Recurrent.Scatter(_layout, _h[layer].Span, layer, _state.Hidden);
            Recurrent.Scatter(_layout, _c[layer].Span, layer, _state.CellState);
        }
    }

    /// <summary>Begins backward, with nothing coming from after the last step.</summary>
    public void BeginBackward()
    {
        foreach (Memory<float> dh in _h) dh.Span.Clear();
        foreach (Memory<float> dc in _c) dc.Span.Clear();
    }

    /// <summary>A step backward.</summary>
    /// <param name="t">The step; they come from the last to the first.</param>
    /// <param name="dOutput">[n,H], the gradient of the step's output.</param>
    /// <returns>[n,G·H], the gradient of the first layer's input projection and of whatever was added to it.</returns>
    public Span<float> StepBackward(int t, ReadOnlySpan<float> dOutput)
    {
        int row = _layout.Offset(t), n = _layout.Active(t);
        for (int layer = _loops.Length - 1; layer >= 0; layer--)
        {
            Span<float> dh = _h[layer].Span[..(n * _size)], dLower = layer == 0 ? default : _dLower.Span[..(n * _size)];
            TensorPrimitives.Add(dh, dOutput, dh);
            dLower.Clear();
            _loops[layer].StepBackward(_steps[layer], n, row, dh, _c[layer].Span, dLower);
            if (_masks[layer] is { } mask) Drop(mask, dLower);
            dOutput = dLower;
        }

        return _steps[0].GatesOf(row, n, _loops[0].GatesSize);
    }

    /// <summary>The gradient of the first layer's input projection [R,G·H], after all steps backward.</summary>
    public ReadOnlySpan<float> GatesGradient => _steps[0].Tape.Gates.Span;

    /// <summary>Adds the gradients of the parameters.</summary>
    /// <param name="dState">Takes the gradient of the start, in the caller's order.</param>
    /// <param name="gradients">Where they are added.</param>
    /// <returns>The gradient of the input [R,D]; empty where ids were read, whose embedding has its gradient then.</returns>
    public Memory<float> EndBackward(RecurrentState dState, Gradients gradients)
    {
        for (int layer = 0; layer < _loops.Length; layer++)
        {
            Recurrent.Scatter(_layout, _h[layer].Span, layer, dState.Hidden);
            Recurrent.Scatter(_layout, _c[layer].Span, layer, dState.CellState);
        }

        Memory<float> dInput = _steps[0].Tape.Input.IsIds ? default : _pass.Workspace.TakeZeros(_layout.Rows * _loops[0].InputSize);
        for (int layer = 0; layer < _loops.Length; layer++)
            _loops[layer].Close(_pass, _steps[layer], _layout.Rows, layer == 0 ? dInput.Span : default, gradients);
        return dInput;
    }

    private static void Drop(Memory<float> mask, Span<float> rows) => TensorPrimitives.Multiply(rows, mask.Span[..rows.Length], rows);
}
