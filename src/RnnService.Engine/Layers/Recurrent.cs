using RnnService.Engine.Weights;

namespace RnnService.Engine.Layers;

/// <summary>
/// A stack of recurrent layers in one or two directions over a ragged batch, with PyTorch's parameter names. Immutable but for
/// <see cref="Refresh"/>; safe for any number of threads between refreshes.
/// </summary>
internal sealed class Recurrent
{
    private readonly TimeLoop[] _loops; // [layers·directions]
    private readonly int _directions;

    public Recurrent(
        CellKind kind, Parameters parameters, string prefix, int inputSize, int hiddenSize, int layers, Direction direction)
    {
        HiddenSize = hiddenSize;
        bool[] reversed = direction switch
        {
            Direction.Forward => [false],
            Direction.Reverse => [true],
            _ => [false, true],
        };
        _directions = reversed.Length;
        _loops = new TimeLoop[layers * _directions];
        for (int layer = 0; layer < layers; layer++)
        {
            for (int way = 0; way < _directions; way++)
            {
                _loops[layer * _directions + way] = new TimeLoop(
                    kind, parameters, prefix, layer, reversed[way], layer == 0 ? inputSize : OutputSize, hiddenSize);
            }
        }
    }

    /// <summary>H.</summary>
    public int HiddenSize { get; }

    /// <summary>Width of an output row: directions·H, forward first.</summary>
    public int OutputSize => _directions * HiddenSize;

    /// <summary>A zero state for this many sequences.</summary>
    public RecurrentState NewState(int batch) => new(_loops.Length, batch, HiddenSize, _loops[0].HasMemory);

    /// <summary>Runs the stack.</summary>
    /// <param name="pass">The pass.</param>
    /// <param name="layout">Where the steps lie.</param>
    /// <param name="input">x [R,D]; kept until the way back.</param>
    /// <param name="state">In: the start; out: each sequence's state after its last step. In the caller's order.</param>
    /// <param name="dropBetween">Dropout between layers.</param>
    public Run Forward(Pass pass, BatchLayout layout, ReadOnlyMemory<float> input, RecurrentState state, float dropBetween = 0)
    {
        var tapes = new TimeLoop.Tape?[_loops.Length];
        var masks = new Memory<float>?[_loops.Length / _directions];
        int size = HiddenSize, memory = _loops[0].HasMemory ? size : 0;
        Span<float> h = pass.Workspace.Take(layout.Batch * size).Span, c = pass.Workspace.Take(layout.Batch * memory).Span;
        Memory<float> output = default;
        for (int layer = 0; layer < masks.Length; layer++)
        {
            if (layer > 0)
            {
                masks[layer] = pass.Mask(layout.Batch, OutputSize, dropBetween);
                if (masks[layer] is { } mask) Dropout.Apply(layout, mask.Span, output.Span);
                input = output;
            }

            output = pass.Workspace.Take(layout.Rows * OutputSize);
            Memory<float> one = _directions == 1 ? output : pass.Workspace.Take(layout.Rows * size);
            for (int direction = 0; direction < _directions; direction++)
            {
                int slot = layer * _directions + direction;
                Gather(layout, state.Hidden, slot, h);
                Gather(layout, state.Memory, slot, c);
                tapes[slot] = _loops[slot].Forward(pass, layout, input, h, c, one.Span);
                Scatter(layout, h, slot, state.Hidden);
                Scatter(layout, c, slot, state.Memory);
                if (_directions == 2)
                {
                    for (int row = 0; row < layout.Rows; row++)
                        one.Span.Slice(row * size, size).CopyTo(output.Span[(row * OutputSize + direction * size)..]);
                }
            }
        }

        return new Run(layout, output, tapes, masks);
    }

    /// <summary>The way back.</summary>
    /// <param name="pass">The pass that recorded.</param>
    /// <param name="run">What the way forward returned; used up.</param>
    /// <param name="dOutput">[R, directions·H]; overwritten.</param>
    /// <param name="dState">In: gradient of the final state; out: of the start. In the caller's order.</param>
    /// <param name="gradients">The gradients of the parameters are added.</param>
    /// <returns>The gradient of the input [R,D].</returns>
    public Memory<float> Backward(Pass pass, Run run, Memory<float> dOutput, RecurrentState dState, Gradients gradients)
    {
        BatchLayout layout = run.Layout;
        int size = HiddenSize, memory = _loops[0].HasMemory ? size : 0;
        Span<float> dh = pass.Workspace.Take(layout.Batch * size).Span, dc = pass.Workspace.Take(layout.Batch * memory).Span;
        for (int layer = run.Masks.Length - 1; layer >= 0; layer--)
        {
            Memory<float> dInput = pass.Workspace.TakeZeros(layout.Rows * _loops[layer * _directions].InputSize);
            for (int direction = 0; direction < _directions; direction++)
            {
                int slot = layer * _directions + direction;
                Gather(layout, dState.Hidden, slot, dh);
                Gather(layout, dState.Memory, slot, dc);
                _loops[slot].Backward(
                    pass, layout, run.Tapes[slot]!, dOutput.Span[Math.Min(direction * size, dOutput.Length)..], OutputSize, dh, dc, dInput.Span,
                    gradients);
                Scatter(layout, dh, slot, dState.Hidden);
                Scatter(layout, dc, slot, dState.Memory);
            }

            if (run.Masks[layer] is { } mask) Dropout.Apply(layout, mask.Span, dInput.Span);
            dOutput = dInput;
        }

        return dOutput;
    }

    public void Refresh()
    {
        foreach (TimeLoop loop in _loops) loop.Refresh();
    }

    private static void Gather(BatchLayout layout, ReadOnlySpan<float> states, int slot, Span<float> byRank)
    {
        int size = byRank.Length / Math.Max(1, layout.Batch);
        for (int rank = 0; rank < layout.Batch; rank++)
            states.Slice((slot * layout.Batch + layout.PlaceOf(rank)) * size, size).CopyTo(byRank[(rank * size)..]);
    }

    private static void Scatter(BatchLayout layout, ReadOnlySpan<float> byRank, int slot, Span<float> states)
    {
        int size = byRank.Length / Math.Max(1, layout.Batch);
        for (int rank = 0; rank < layout.Batch; rank++)
            byRank.Slice(rank * size, size).CopyTo(states[((slot * layout.Batch + layout.PlaceOf(rank)) * size)..]);
    }

    /// <summary>What one run of the stack left: its output [R, directions·H] and, when recorded, what the way back needs.</summary>
    internal sealed record Run(BatchLayout Layout, Memory<float> Output, TimeLoop.Tape?[] Tapes, Memory<float>?[] Masks);
}
