namespace RnnService.Engine.Kernels;

/// <summary>
/// What a cell's step over n rows reads and writes, each row a sequence. All of it is memory of a workspace. Sizes: H hidden, G blocks of
/// gates.
/// </summary>
internal readonly struct StepRows
{
    /// <summary>n.</summary>
    public required int Count { get; init; }

    /// <summary>H.</summary>
    public required int Size { get; init; }

    /// <summary>G.</summary>
    public required int Blocks { get; init; }

    /// <summary>[n,G·H]; in: the input projection with its bias; out: what backward needs of the gates.</summary>
    public required Floats Gates { private get; init; }

    /// <summary>[n,H]; the previous state.</summary>
    public required Floats HPrevious { private get; init; }

    /// <summary>[n,H]; out: the new state, <see cref="StrideNext"/> floats from row to row.</summary>
    public required Floats HNext { private get; init; }

    /// <summary>Floats from row to row of the new state.</summary>
    public required int StrideNext { private get; init; }

    /// <summary>[n,H]; in: the previous c; out: the new one; none for cells without.</summary>
    public required Floats C { private get; init; }

    /// <summary>[n,H], kept for backward; none when there is no backward pass: then neither these nor the gates are needed.</summary>
    public required Floats Kept { private get; init; }

    /// <summary>[n,G·H], of no meaning afterwards.</summary>
    public required Floats Free { private get; init; }

    /// <summary>Scratch memory of the cell's products (<see cref="PackedMatrix.ScratchSize"/>); none where they take none.</summary>
    public Floats ForProduct { get; init; }

    /// <summary>A block of a row's gates [H].</summary>
    public Floats Gate(int row, int block) => Gates.From(((nint)row * Blocks + block) * Size);

    /// <summary>A row's previous state [H].</summary>
    public Floats H(int row) => HPrevious.From((nint)row * Size);

    /// <summary>A row's new state [H].</summary>
    public Floats Next(int row) => HNext.From((nint)row * StrideNext);

    /// <summary>A row's c [H]; none for cells without.</summary>
    public Floats CellState(int row) => C.From((nint)row * Size);

    /// <summary>What a row keeps for backward [H]; none when nothing is kept.</summary>
    public Floats Saved(int row) => Kept.From((nint)row * Size);

    /// <summary>A block of a row's scratch [H].</summary>
    public Floats Scratch(int row, int block) => Free.From(((nint)row * Blocks + block) * Size);

    /// <summary>Copies some units of a row to the only row of others, or back.</summary>
    public void Exchange(int row, int first, int units, in StepRows others, bool back)
    {
        for (int block = 0; block < Blocks; block++)
        {
            Copy(Gate(row, block), others.Gate(0, block));
            Copy(Scratch(row, block), others.Scratch(0, block));
        }

        if (back) Copy(Next(row), others.Next(0));
        else Copy(H(row), others.H(0));
        Copy(CellState(row), others.CellState(0));
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
