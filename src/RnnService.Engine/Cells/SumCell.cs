using RnnService.Engine.Kernels;

namespace RnnService.Engine.Cells;

/// <summary>The plain sum of inputs, s' = s + x: the simplest recurrence (CBOW). Input and hidden size are one.</summary>
internal sealed class SumCell(int hiddenSize) : Cell(hiddenSize)
{
    public override int Gates => 1;

    public override bool HasWeights => false;

    public override void Step(in StepRows rows, ThreadPair threads)
    {
        for (int row = 0; row < rows.Count; row++)
        {
            Span<float> x = rows.Gate(row, 0).Span(HiddenSize), before = rows.H(row).Span(HiddenSize), after = rows.Next(row).Span(HiddenSize);
            for (int unit = 0; unit < HiddenSize; unit += Vector8.Count)
                Vector8.FlushTiny(Vector8.Load(before, unit) + Vector8.Load(x, unit)).Store(after, unit);
        }
    }

    // The gradient of s is at once that of the input and of the state before.
    public override void StepBackward(
        int n, Span<float> gates, ReadOnlySpan<float> hPrevious, ReadOnlySpan<float> cPrevious,
        Span<float> saved, Span<float> dh, Span<float> dc, Span<float> scratch) => dh.CopyTo(gates);
}
