using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace RnnService.Engine.Kernels;

/// <summary>The equations of a cell, or of a part of its step, after their product.</summary>
internal interface IEquations
{
    /// <summary>The units of a row from <paramref name="first"/> to <paramref name="end"/>, whole vectors.</summary>
    static abstract void Finish<TVector>(in StepRows rows, int row, int first, int end) where TVector : struct, IVector<TVector>;
}

/// <summary>
/// A product with recurrent weights and equations for every unit. Both are taken some units at a time: the sums of their gates are still
/// in the first-level cache when the equations want them, and while a processor works these out it already reads the weights of the units
/// that follow.
/// </summary>
internal static unsafe class FusedStep
{
    /// <summary>Runs both; no bit depends on how many threads there are.</summary>
    public static void Run<TEquations>(in StepRows rows, in ProductPlan product, ThreadPair threads)
        where TEquations : struct, IEquations
    {
        if (Vector512.IsHardwareAccelerated) Run<TEquations, Vector16>(rows, product, threads);
        else Run<TEquations, Vector8>(rows, product, threads);
    }

    private static void Run<TEquations, TVector>(in StepRows rows, in ProductPlan product, ThreadPair threads)
        where TEquations : struct, IEquations
        where TVector : struct, IVector<TVector>
    {
        if (!threads.IsTwo || !product.IsWorthSharing)
        {
            Run<TEquations, TVector>(rows, product, 0, product.Parts);
            return;
        }

        var shared = new Shared(rows, product);
        threads.Both(&RunHalf<TEquations, TVector>, &shared);
    }

    private static void RunHalf<TEquations, TVector>(void* shared, int half)
        where TEquations : struct, IEquations
        where TVector : struct, IVector<TVector>
    {
        var work = (Shared*)shared;
        (int first, int end) = work->Product.Half(half);
        Run<TEquations, TVector>(work->Rows, work->Product, first, end);
    }

    private static void Run<TEquations, TVector>(in StepRows rows, in ProductPlan product, int firstPart, int endPart)
        where TEquations : struct, IEquations
        where TVector : struct, IVector<TVector>
    {
        for (int part = firstPart; part < endPart; part++)
        {
            product.Run(part, part + 1);
            (int first, int end) = product.Units(part);
            int whole = end - (end - first) % TVector.Count;
            for (int row = 0; row < rows.Count; row++)
            {
                TEquations.Finish<TVector>(rows, row, first, whole);
                if (whole < end) FinishEnd<TEquations, TVector>(rows, row, whole, end - whole);
            }
        }
    }

    /// <summary>The last units of a row, which do not fill a vector, in memory where there is room for more.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void FinishEnd<TEquations, TVector>(in StepRows rows, int row, int first, int units)
        where TEquations : struct, IEquations
        where TVector : struct, IVector<TVector>
    {
        const int MostBlocks = 4;
        int size = TVector.Count;
        float* memory = stackalloc float[(2 * MostBlocks + 4) * size];
        Floats free = new(memory), gates = free.From(4 * size), scratch = gates.From(MostBlocks * size);
        var few = new StepRows
        {
            Count = 1,
            Size = size,
            Blocks = MostBlocks,
            Gates = gates,
            HPrevious = free,
            HNext = free.From(size),
            StrideNext = size,
            C = free.From(2 * size),
            Kept = rows.Saved(row).IsNone ? default : free.From(3 * size),
            Free = scratch,
        };
        rows.Exchange(row, first, units, few, back: false);
        TEquations.Finish<TVector>(few, 0, 0, size);
        rows.Exchange(row, first, units, few, back: true);
    }

    private readonly struct Shared(StepRows rows, ProductPlan product)
    {
        public readonly StepRows Rows = rows;
        public readonly ProductPlan Product = product;
    }
}
