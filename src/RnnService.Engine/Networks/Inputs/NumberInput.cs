using RnnService.Engine.Layers;
using RnnService.Engine.Weights;

namespace RnnService.Engine.Networks.Inputs;

/// <summary>The steps of sequences of numbers, standardised by fixed statistics; with dropout over them in training.</summary>
internal sealed class NumberInput(Standardization units) : IInput<NumberInput.Trace>
{
    public int Size => units.Size;

    /// <summary>What the values are measured in.</summary>
    public Standardization Units => units;

    /// <summary>Standardises.</summary>
    /// <param name="pass">The pass.</param>
    /// <param name="layout">Where the steps lie.</param>
    /// <param name="sequences">The steps [T,size] of each sequence.</param>
    /// <param name="dropRate">Dropout of the rows.</param>
    public Trace Forward(Pass pass, BatchLayout layout, IReadOnlyList<ReadOnlyMemory<float>> sequences, float dropRate)
    {
        Memory<float> rows = pass.Workspace.Take(layout.Rows * Size);
        for (int i = 0; i < sequences.Count; i++)
        {
            ReadOnlySpan<float> values = sequences[i].Span;
            for (int t = 0; t < values.Length / Size; t++)
                units.Forward(values.Slice(t * Size, Size), rows.Span.Slice(layout.RowOf(i, t) * Size, Size));
        }

        if (pass.Mask(layout, Size, dropRate) is { } mask) Dropout.Apply(layout, mask.Span, rows.Span);
        return new Trace(LayerInput.OfValues(rows));
    }

    public void Backward(Pass pass, BatchLayout layout, in Trace trace, Memory<float> dInput, Gradients gradients)
    {
        // Nothing of it is learnt.
    }

    public void Refresh() => units.Refresh();

    /// <summary>What the encoder reads.</summary>
    internal readonly record struct Trace(LayerInput Rows) : IInputTrace;
}
