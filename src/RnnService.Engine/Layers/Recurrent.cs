using System.Numerics.Tensors;
using RnnService.Engine.Weights;

namespace RnnService.Engine.Layers;

/// <summary>
/// A stack of recurrent layers in one or two directions over a ragged batch, with PyTorch's parameter names. Immutable but for
/// <see cref="Refresh"/>; safe for any number of threads between refreshes. It can stand on another stack, its base, which starts from zero: its first
/// layer reads what the base gives beside the input. Layers, slots and states are its own alone.
/// </summary>
internal sealed class Recurrent
{
    private readonly TimeLoop[] _loops; // [layers·directions]
    private readonly int _directions;
    private readonly CellKind _kind;
    private readonly Recurrent? _below; // the base

    /// <summary>Asks for the parameters.</summary>
    /// <param name="kind">The cell.</param>
    /// <param name="parameters">Where the weights come from.</param>
    /// <param name="prefix">What their names begin with.</param>
    /// <param name="inputSize">D.</param>
    /// <param name="hiddenSize">H.</param>
    /// <param name="layers">Number of layers.</param>
    /// <param name="direction">Which ways each reads.</param>
    /// <param name="tokens">The embedding whose rows alone are the input, so that ids may be read; null where the input may be anything.</param>
    /// <param name="below">The base, if any: a forward stack over the same input, which is values.</param>
    public Recurrent(
        CellKind kind, Parameters parameters, string prefix, int inputSize, int hiddenSize, int layers, Direction direction,
        Parameter? tokens = null, Recurrent? below = null)
    {
        (_kind, HiddenSize, Direction, _below) = (kind, hiddenSize, direction, below);
        inputSize += below?.OutputSize ?? 0;
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
                    kind, parameters, prefix, layer, reversed[way], layer == 0 ? inputSize : OutputSize, hiddenSize,
                    layer == 0 ? tokens : null);
            }
        }
    }

    /// <summary>H.</summary>
    public int HiddenSize { get; }

    /// <summary>Which ways each layer reads.</summary>
    public Direction Direction { get; }

    /// <summary>Width of an output row: directions·H, forward first.</summary>
    public int OutputSize => _directions * HiddenSize;

    /// <summary>layers·directions.</summary>
    public int Slots => _loops.Length;

    /// <summary>Number of layers.</summary>
    public int Layers => _loops.Length / _directions;

    /// <summary>Whether it stands on a base.</summary>
    public bool HasBase => _below is not null;

    /// <summary>How many layers <see cref="Backward"/> can leave out: of those with a base the base's alone, since what is above is new where it is not.</summary>
    public int LayersToRelease => _below?.Layers ?? Layers;

    /// <summary>Whether the state has a second part c beside h.</summary>
    public bool HasCellState => _loops[0].HasCellState;

    /// <summary>A zero state for this many sequences.</summary>
    /// <param name="batch">N.</param>
    /// <param name="fedSize">Width of the output that a decoder reads again with its next step; 0 for none.</param>
    public RecurrentState NewState(int batch, int fedSize = 0) => new(_loops.Length, batch, HiddenSize, _loops[0].HasCellState, fedSize);

    /// <summary>The slot of a layer and, where there are two, a direction.</summary>
    public int SlotOf(int layer, bool reverse) => layer * _directions + (reverse ? _directions - 1 : 0);

    /// <summary>Whether to read this many tokens by their ids; never without an embedding.</summary>
    public bool PrefersIds(int rows) => _loops[0].PrefersIds(rows);

    /// <summary>Runs the stack over rows of values.</summary>
    public Run Forward(Pass pass, BatchLayout layout, ReadOnlyMemory<float> input, RecurrentState state, float dropBetween = 0) =>
        Forward(pass, layout, LayerInput.OfValues(input), state, dropBetween);

    /// <summary>Runs the stack. A pass that does not record allocates nothing once its workspace has grown.</summary>
    /// <param name="pass">The pass.</param>
    /// <param name="layout">Where the steps lie.</param>
    /// <param name="input">x [R,D] or token ids [R]; kept until backward.</param>
    /// <param name="state">In: the start; out: each sequence's state after its last step. In the caller's order.</param>
    /// <param name="dropBetween">Dropout between layers, and of what a base gives.</param>
    public Run Forward(Pass pass, BatchLayout layout, LayerInput input, RecurrentState state, float dropBetween = 0)
    {
        Footing? footing = null;
        if (_below is not null) (input, footing) = Stand(_below, pass, layout, input, dropBetween);
        TimeLoop.Tape?[] tapes = pass.Record ? new TimeLoop.Tape?[_loops.Length] : [];
        Memory<float>?[] masks = pass.Record ? new Memory<float>?[_loops.Length / _directions] : [];
        Memory<float> output = default;
        for (int layer = 0; layer < _loops.Length / _directions; layer++)
        {
            if (layer > 0)
            {
                if (pass.Mask(layout, OutputSize, dropBetween) is { } mask)
                {
                    Dropout.Apply(layout, mask.Span, output.Span);
                    if (pass.Record) masks[layer] = mask;
                }

                input = LayerInput.OfValues(output);
            }

            output = pass.Workspace.Take(layout.Rows * OutputSize);
            if (_directions == 2 && pass.Threads.IsTwo && !pass.Record)
            {
                RunBoth(pass, layout, layer, input, state, output);
                continue;
            }

            for (int direction = 0; direction < _directions; direction++)
            {
                TimeLoop.Tape? tape = RunOne(pass, layout, layer, direction, input, state, output);
                if (tape is not null) tapes[layer * _directions + direction] = tape;
            }
        }

        return new Run(layout, output, tapes, masks, footing);
    }

    /// <summary>What the first layer reads of the input x [R,D] and a base: both side by side; and, when recorded, what backward needs.</summary>
    private static (LayerInput Input, Footing? Footing) Stand(Recurrent below, Pass pass, BatchLayout layout, LayerInput input, float dropBetween)
    {
        Run run = below.Forward(pass, layout, input, below.NewState(layout.Batch), dropBetween);
        Memory<float>? mask = pass.Mask(layout, below.OutputSize, dropBetween);
        if (mask is { } drop) Dropout.Apply(layout, drop.Span, run.Output.Span);
        int width = layout.Rows == 0 ? 0 : input.Values.Length / layout.Rows, added = below.OutputSize, both = width + added;
        Memory<float> joined = pass.Workspace.Take(layout.Rows * both);
        ReadOnlySpan<float> x = input.Values.Span, given = run.Output.Span;
        Span<float> rows = joined.Span;
        for (int row = 0; row < layout.Rows; row++)
        {
            x.Slice(row * width, width).CopyTo(rows[(row * both)..]);
            given.Slice(row * added, added).CopyTo(rows[(row * both + width)..]);
        }

        return (LayerInput.OfValues(joined), pass.Record ? new Footing(run, mask) : null);
    }

    /// <summary>Makes ready to run the stack, of one direction, step by step.</summary>
    /// <param name="pass">The pass.</param>
    /// <param name="layout">Where the steps lie.</param>
    /// <param name="input">x [R,D] or token ids [R]; kept until backward.</param>
    /// <param name="projectAtOnce">Whether all input is there already; else each step's must be when it is projected.</param>
    /// <param name="state">In: the start; out: each sequence's state after its last step, once the run is ended.</param>
    /// <param name="output">Takes h of every step, <paramref name="stride"/> floats from row to row.</param>
    /// <param name="stride">See <paramref name="output"/>.</param>
    /// <param name="dropBetween">Dropout between layers.</param>
    public SteppedRun Open(
        Pass pass, BatchLayout layout, LayerInput input, bool projectAtOnce, RecurrentState state, Memory<float> output, int stride,
        float dropBetween = 0) =>
        new(_loops, HiddenSize, pass, layout, input, projectAtOnce, state, output, stride, dropBetween);

    /// <summary>G·H, the width of the first layer's input projection.</summary>
    public int GatesSize => _loops[0].GatesSize;

    /// <summary>Backward.</summary>
    /// <param name="pass">The pass that recorded.</param>
    /// <param name="run">What forward returned; used up.</param>
    /// <param name="dOutput">[R, directions·H]; overwritten.</param>
    /// <param name="dState">In: gradient of the final state; out: of the start. In the caller's order.</param>
    /// <param name="gradients">The gradients of the parameters are added; null where only that of the input is asked for, which are values then.</param>
    /// <param name="read">Gives who takes the gradients of h of a slot [layers·directions]; null for nobody.</param>
    /// <param name="depth">
    /// How many of <see cref="LayersToRelease"/> go backward, from the top; more of them than there are give the gradient of the input too.
    /// </param>
    /// <returns>The gradient of the input [R,D]; empty where ids were read, whose embedding has its gradient then, and where it is not asked for.</returns>
    public Memory<float> Backward(
        Pass pass, in Run run, Memory<float> dOutput, RecurrentState dState, Gradients? gradients, Func<int, StateGradientReader>? read = null,
        int depth = int.MaxValue)
    {
        BatchLayout layout = run.Layout;
        int depthBelow = depth;
        if (_below is not null) depth = depthBelow > 0 ? int.MaxValue : Layers;
        int size = HiddenSize, cellSize = _loops[0].HasCellState ? size : 0;
        Span<float> dh = pass.Workspace.Take(layout.Batch * size).Span, dc = pass.Workspace.Take(layout.Batch * cellSize).Span;
        int layers = run.Masks.Length, lowest = Math.Max(0, layers - depth);
        for (int layer = layers - 1; layer >= lowest; layer--)
        {
            bool isWanted = layer > lowest || depth > layers;
            bool byIds = run.Tapes[layer * _directions]!.Input.IsIds;
            Memory<float> dInput = byIds || !isWanted ? default : pass.Workspace.TakeZeros(layout.Rows * _loops[layer * _directions].InputSize);
            for (int direction = 0; direction < _directions; direction++)
            {
                int slot = layer * _directions + direction;
                Gather(layout, dState.Hidden, slot, dh);
                Gather(layout, dState.CellState, slot, dc);
                _loops[slot].Backward(
                    pass, layout, run.Tapes[slot]!, dOutput.Span[Math.Min(direction * size, dOutput.Length)..], OutputSize, dh, dc, dInput.Span,
                    gradients, read?.Invoke(slot));
                Scatter(layout, dh, slot, dState.Hidden);
                Scatter(layout, dc, slot, dState.CellState);
            }

            if (run.Masks[layer] is { } mask && isWanted) Dropout.Apply(layout, mask.Span, dInput.Span);
            dOutput = dInput;
        }

        return _below is null || depthBelow == 0 ? dOutput : BackwardThroughBase(_below, pass, layout, run.Footing!, dOutput, gradients, depthBelow);
    }

    /// <summary>The gradient of the input [R,D] from that of input and base side by side; empty where the base's own layers are not all asked for.</summary>
    private static Memory<float> BackwardThroughBase(
        Recurrent below, Pass pass, BatchLayout layout, Footing footing, Memory<float> dJoined, Gradients? gradients, int depth)
    {
        int added = below.OutputSize, both = layout.Rows == 0 ? added : dJoined.Length / layout.Rows, width = both - added;
        Memory<float> dGiven = pass.Workspace.Take(layout.Rows * added);
        for (int row = 0; row < layout.Rows; row++) dJoined.Span.Slice(row * both + width, added).CopyTo(dGiven.Span[(row * added)..]);
        if (footing.Mask is { } mask) Dropout.Apply(layout, mask.Span, dGiven.Span);
        Memory<float> dInput = below.Backward(pass, footing.Run, dGiven, below.NewState(layout.Batch), gradients, depth: depth);
        if (depth <= below.Layers) return default;
        Span<float> dx = dInput.Span;
        for (int row = 0; row < layout.Rows; row++)
        {
            Span<float> own = dx.Slice(row * width, width);
            TensorPrimitives.Add(own, dJoined.Span.Slice(row * both, width), own);
        }

        return dInput;
    }

    /// <summary>What units showed after each step of a sequence of a run that recorded; to be called before <see cref="Backward"/>.</summary>
    /// <param name="run">The run.</param>
    /// <param name="state">The states at its end.</param>
    /// <param name="place">The sequence's place in the batch.</param>
    /// <param name="slot">Which layer and direction: layer·directions + direction.</param>
    /// <param name="what">What of the units.</param>
    /// <param name="firstUnit">The first unit.</param>
    /// <param name="steps">A row a step, [T][units].</param>
    public void ReadActivations(
        in Run run, RecurrentState state, int place, int slot, ActivationKind what, int firstUnit, float[][] steps)
    {
        TimeLoop.Tape tape = run.Tapes[slot]!;
        bool isState = what is ActivationKind.Hidden or ActivationKind.Cell;
        ReadOnlySpan<float> before = (what == ActivationKind.Cell ? tape.CPrevious : tape.HPrevious).Span;
        ReadOnlySpan<float> final = what == ActivationKind.Cell ? state.CellState : state.Hidden;
        IReadOnlyList<ActivationKind> kinds = ActivationKinds.Of(_kind);
        int gates = kinds.Count(kind => kind is not (ActivationKind.Hidden or ActivationKind.Cell));
        int block = kinds.TakeWhile(kind => kind != what).Count() - (kinds.Count - gates);
        int next = _loops[slot].IsReverse ? -1 : 1;
        for (int t = 0; t < steps.Length; t++)
        {
            // The state after a step is the one before the next.
            int after = t + next;
            ReadOnlySpan<float> units = !isState ? tape.Gates.Span[((run.Layout.RowOf(place, t) * gates + block) * HiddenSize)..]
                : after >= 0 && after < steps.Length ? before[(run.Layout.RowOf(place, after) * HiddenSize)..]
                : final[((slot * run.Layout.Batch + place) * HiddenSize)..];
            units.Slice(firstUnit, steps[t].Length).CopyTo(steps[t]);
        }
    }

    public void Refresh()
    {
        _below?.Refresh();
        foreach (TimeLoop loop in _loops) loop.Refresh();
    }

    /// <summary>One layer in both directions, each by a thread of its own.</summary>
    private void RunBoth(Pass pass, BatchLayout layout, int layer, LayerInput input, RecurrentState state, Memory<float> output)
    {
        pass.Other.Workspace.Reset();
        pass.Threads.Both(
            () => RunOne(pass, layout, layer, 0, input, state, output),
            () => RunOne(pass.Other, layout, layer, 1, input, state, output),
            pass.BetweenSteps);
    }

    private TimeLoop.Tape? RunOne(
        Pass pass, BatchLayout layout, int layer, int direction, LayerInput input, RecurrentState state, Memory<float> output)
    {
        int slot = layer * _directions + direction, cellSize = _loops[slot].HasCellState ? HiddenSize : 0;
        Span<float> h = pass.Workspace.Take(layout.Batch * HiddenSize).Span, c = pass.Workspace.Take(layout.Batch * cellSize).Span;
        Gather(layout, state.Hidden, slot, h);
        Gather(layout, state.CellState, slot, c);
        Span<float> columns = output.Span[Math.Min(direction * HiddenSize, output.Length)..];
        TimeLoop.Tape? tape = _loops[slot].Forward(pass, layout, input, h, c, columns, OutputSize);
        Scatter(layout, h, slot, state.Hidden);
        Scatter(layout, c, slot, state.CellState);
        return tape;
    }

    internal static void Gather(BatchLayout layout, ReadOnlySpan<float> states, int slot, Span<float> byRank)
    {
        int size = byRank.Length / Math.Max(1, layout.Batch);
        for (int rank = 0; rank < layout.Batch; rank++)
            states.Slice((slot * layout.Batch + layout.PlaceOf(rank)) * size, size).CopyTo(byRank[(rank * size)..]);
    }

    internal static void Scatter(BatchLayout layout, ReadOnlySpan<float> byRank, int slot, Span<float> states)
    {
        int size = byRank.Length / Math.Max(1, layout.Batch);
        for (int rank = 0; rank < layout.Batch; rank++)
            byRank.Slice(rank * size, size).CopyTo(states[((slot * layout.Batch + layout.PlaceOf(rank)) * size)..]);
    }

    /// <summary>What one run of the stack left: its output [R, directions·H] and, when recorded, what backward needs, of its base too.</summary>
    internal readonly record struct Run(
        BatchLayout Layout, Memory<float> Output, TimeLoop.Tape?[] Tapes, Memory<float>?[] Masks, Footing? Footing = null);

    /// <summary>What the run of a base left, and the mask of what it gave.</summary>
    internal sealed record Footing(Run Run, Memory<float>? Mask);
}
