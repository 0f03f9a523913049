using RnnService.Engine.Kernels;

namespace RnnService.Engine.Cells;

/// <summary>The plain sum of inputs, s' = s + x: the simplest recurrence (CBOW). Input and hidden size are one.</summary>
internal sealed class SumCell(int hiddenSize) : Cell(hiddenSize)
{
    public override int Gates => 1;

    public override bool HasWeights => false;

    public override void Step(
        int n, Span<float> gates, Span<float> h, Span<float> c, Span<float> saved, Span<float> scratch, Crew crew)
    {
        for (int unit = 0; unit < h.Length; unit += Lanes.Count)
            Lanes.FlushTiny(Lanes.Load(h, unit) + Lanes.Load(gates, unit)).Store(h, unit);
    }

    // The gradient of s is at once that of the input and of the state before.
    public override void StepBack(
        int n, Span<float> gates, ReadOnlySpan<float> hPrevious, ReadOnlySpan<float> cPrevious,
        Span<float> saved, Span<float> dh, Span<float> dc, Span<float> scratch) => dh.CopyTo(gates);
}
