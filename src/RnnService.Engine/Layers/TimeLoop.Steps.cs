using RnnService.Engine.Kernels;
using RnnService.Engine.Weights;

namespace RnnService.Engine.Layers;

/// <summary>One step of time, for the loop over all of them and for whoever makes the next step's input of this one's output.</summary>
internal sealed partial class TimeLoop
{
    /// <summary>G·H, the width of the input projection.</summary>
    public int GatesSize => _inputBias.Length;

    /// <summary>Makes ready to step in the forward direction over rows whose input need not be there yet.</summary>
    /// <param name="pass">The pass.</param>
    /// <param name="layout">Where the steps lie.</param>
    /// <param name="input">x [R,D] or token ids [R]; each step's must be there once it is projected.</param>
    public Stepping Open(Pass pass, BatchLayout layout, LayerInput input)
    {
        Tape tape = pass.Record
            ? NewTape(pass, layout, input)
            : new Tape(input, pass.Workspace.Take(layout.Rows * GatesSize), default, default, default);
        ReadOnlyMemory<float> table = input.IsIds ? TableOfTokens(pass) : default;
        return new Stepping(
            tape, table, pass.Workspace.Take(layout.Batch * Math.Max(GatesSize, 2 * _cell.HiddenSize)),
            pass.Workspace.Take(Math.Max(_cell.ScratchSize(layout.Batch), _forward?.ScratchSize(layout.Rows) ?? 0)));
    }

    /// <summary>Projects the input of some rows.</summary>
    public void Project(Pass pass, Stepping steps, int row, int count) =>
        Project(steps.Tape.Input, steps.Table.Span, row, count, steps.GatesOf(row, count, GatesSize), pass.Threads, steps.ForProduct.Span);

    /// <summary>One step over rows that were projected.</summary>
    /// <param name="pass">The pass.</param>
    /// <param name="steps">From <see cref="Open"/>.</param>
    /// <param name="n">Sequences that run.</param>
    /// <param name="row">Row of the first.</param>
    /// <param name="h">[N,H] by rank; in: the states before; out: after it.</param>
    /// <param name="c">The same for c.</param>
    /// <param name="next">Takes the new states h, <paramref name="stride"/> floats from row to row.</param>
    /// <param name="stride">See <paramref name="next"/>.</param>
    public void Step(Pass pass, Stepping steps, int n, int row, Span<float> h, Span<float> c, Span<float> next, int stride) => Advance(
        pass.Record ? steps.Tape : null, n, row, steps.GatesOf(row, n, GatesSize), h, c, next, stride, pass.Threads, steps.Free.Span,
        steps.ForProduct.Span);

    /// <summary>One step backward; afterwards <see cref="Stepping.GatesOf"/> is the gradient of the input projection.</summary>
    /// <param name="steps">Of the pass that recorded.</param>
    /// <param name="n">Sequences that run.</param>
    /// <param name="row">Row of the first.</param>
    /// <param name="dh">[N,H] by rank; in: the gradient of the new states; out: of those before.</param>
    /// <param name="dc">The same for c.</param>
    /// <param name="dInput">[n,D]; the gradient of the input is added. Empty where it is asked for at the end.</param>
    public void StepBackward(Stepping steps, int n, int row, Span<float> dh, Span<float> dc, Span<float> dInput)
    {
        Retreat(steps.Tape, n, row, dh, dc, steps.Free.Span);
        if (!dInput.IsEmpty) _backward!.MultiplyAdd(n, steps.GatesOf(row, n, GatesSize), GatesSize, dInput);
    }

    /// <summary>Adds the gradients of the parameters after all steps backward, and that of the input [R,D] where there is room for it.</summary>
    public void Close(Pass pass, Stepping steps, int rows, Span<float> dInput, Gradients gradients)
    {
        if (rows > 0) AddGradients(pass, steps.Tape, rows, dInput, gradients);
    }

    private void Advance(
        Tape? tape, int n, int row, Span<float> gates, Span<float> h, Span<float> c, Span<float> next, int stride, ThreadPair threads,
        Span<float> scratch, Span<float> productScratch)
    {
        int size = _cell.HiddenSize, cellSize = _cell.HasCellState ? size : 0;
        Span<float> hHere = h[..(n * size)], cHere = c[..(n * cellSize)], saved = default;
        if (tape is not null)
        {
            hHere.CopyTo(tape.HPrevious.Span[(row * size)..]);
            cHere.CopyTo(tape.CPrevious.Span[(row * cellSize)..]);
            saved = tape.Saved.Span.Slice(row * _cell.Saved * size, n * _cell.Saved * size);
        }

        var here = new StepRows
        {
            Count = n,
            Size = size,
            Blocks = _cell.Gates,
            Gates = new(gates),
            HPrevious = new(hHere),
            HNext = new(next),
            StrideNext = stride,
            C = new(cHere),
            Kept = new(saved),
            Free = new(scratch),
            ForProduct = new(productScratch),
        };
        _cell.Step(here, threads);
        for (int i = 0; i < n; i++) next.Slice(i * stride, size).CopyTo(hHere[(i * size)..]);
    }

    private void Retreat(Tape tape, int n, int row, Span<float> dh, Span<float> dc, Span<float> scratch)
    {
        int size = _cell.HiddenSize, width = _cell.Gates * size, cellSize = _cell.HasCellState ? size : 0, kept = _cell.Saved * size;
        _cell.StepBackward(
            n, tape.Gates.Span.Slice(row * width, n * width), tape.HPrevious.Span.Slice(row * size, n * size),
            tape.CPrevious.Span.Slice(row * cellSize, n * cellSize), tape.Saved.Span.Slice(row * kept, n * kept),
            dh[..(n * size)], dc[..(n * cellSize)], scratch);
        Activations.FlushTiny(dh[..(n * size)]);
    }

    /// <summary>What one direction of one layer keeps for backward, all by row of the layout.</summary>
    internal sealed record Tape(
        LayerInput Input, Memory<float> Gates, Memory<float> HPrevious, Memory<float> CPrevious, Memory<float> Saved);

    /// <summary>A layer that is run a step at a time: what it keeps, the projections of all tokens where ids are read, and scratch memory.</summary>
    internal readonly record struct Stepping(Tape Tape, ReadOnlyMemory<float> Table, Memory<float> Free, Memory<float> ForProduct)
    {
        /// <summary>The gates of some rows: as projected before a step; after one backward the gradient of that projection.</summary>
        public Span<float> GatesOf(int row, int count, int width) => Tape.Gates.Span.Slice(row * width, count * width);
    }
}

/// <summary>Takes the gradient of the state h after the step of a row, [H].</summary>
/// <param name="row">The row of the layout.</param>
/// <param name="dh">The gradient; of no meaning after the call.</param>
internal delegate void StateGradientReader(int row, ReadOnlySpan<float> dh);
