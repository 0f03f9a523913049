namespace RnnService.Engine.Kernels;

/// <summary>
/// What a cell's step over n rows reads and writes, each row a sequence. All of it is memory of a workspace. Sizes: H hidden, G blocks of
/// gates.
/// </summary>
/// <param name="count">n.</param>
/// <param name="size">H.</param>
/// <param name="blocks">G.</param>
/// <param name="gates">[n,G·H]; in: the input projection with its bias; out: what the way back needs of the gates.</param>
/// <param name="h">[n,H]; the previous state.</param>
/// <param name="next">[n,H]; out: the new state, <paramref name="strideNext"/> floats from row to row.</param>
/// <param name="strideNext">Floats from row to row of <paramref name="next"/>.</param>
/// <param name="c">[n,H]; in: the previous c; out: the new one; none without memory.</param>
/// <param name="saved">[n,H], kept for the way back; none when there is none: then neither these nor the gates are needed.</param>
/// <param name="scratch">[n,G·H], of no meaning afterwards.</param>
internal readonly struct StepRows(
    int count, int size, int blocks, Floats gates, Floats h, Floats next, int strideNext, Floats c, Floats saved, Floats scratch)
{
    /// <summary>n.</summary>
    public int Count => count;

    /// <summary>A block of a row's gates [H].</summary>
    public Floats Gate(int row, int block) => gates.From(((nint)row * blocks + block) * size);

    /// <summary>A row's previous state [H].</summary>
    public Floats H(int row) => h.From((nint)row * size);

    /// <summary>A row's new state [H].</summary>
    public Floats Next(int row) => next.From((nint)row * strideNext);

    /// <summary>A row's c [H]; none without memory.</summary>
    public Floats Memory(int row) => c.From((nint)row * size);

    /// <summary>What a row keeps for the way back [H]; none when nothing is kept.</summary>
    public Floats Saved(int row) => saved.From((nint)row * size);

    /// <summary>A block of a row's scratch [H].</summary>
    public Floats Scratch(int row, int block) => scratch.From(((nint)row * blocks + block) * size);

    /// <summary>Copies some units of a row to the only row of others, or back.</summary>
    public void Exchange(int row, int first, int units, in StepRows others, bool back)
    {
        for (int block = 0; block < blocks; block++)
        {
            Copy(Gate(row, block), others.Gate(0, block));
            Copy(Scratch(row, block), others.Scratch(0, block));
        }

        if (back) Copy(Next(row), others.Next(0));
        else Copy(H(row), others.H(0));
        Copy(Memory(row), others.Memory(0));
        Copy(Saved(row), others.Saved(0));

        void Copy(Floats here, Floats there)
        {
            if (here.IsNone) return;
            Span<float> some = here.From(first).Span(units), copies = there.Span(units);
            if (back) copies.CopyTo(some);
            else some.CopyTo(copies);
        }
    }
}
