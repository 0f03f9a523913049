using RnnService.Engine.Kernels;
using RnnService.Engine.Weights;

namespace RnnService.Engine.Cells;

/// <summary>
/// The gate mathematics of one recurrence, forward and backward, for n rows of one time step. Time, direction, stacking and lengths are
/// the business of the layers. Sizes: n rows, H hidden, G gate blocks. Immutable but for <see cref="Refresh"/>; safe for any number of
/// threads between refreshes.
/// </summary>
internal abstract class Cell(int hiddenSize)
{
    /// <summary>H.</summary>
    public int HiddenSize { get; } = hiddenSize;

    /// <summary>G, the number of blocks in the input projection.</summary>
    public abstract int Gates { get; }

    /// <summary>Values a unit keeps for backward beside its gates.</summary>
    public virtual int Saved => 0;

    /// <summary>Whether the state has a second part c beside h.</summary>
    public virtual bool HasCellState => false;

    /// <summary>Whether there are weights at all: without, the input projection is the input itself.</summary>
    public virtual bool HasWeights => true;

    /// <summary>Floats of scratch memory that the products of a step take (<see cref="StepRows.ForProduct"/>).</summary>
    public virtual int ScratchSize(int rows) => 0;

    /// <summary>How the bias of the input projection starts.</summary>
    public virtual Initializer BiasStart => Initializer.Zero;

    /// <summary>
    /// Adds to the bias of the input projection [G·H] what of the recurrent bias may be added once for all steps.
    /// </summary>
    public virtual void AddToInputBias(Span<float> bias)
    {
    }

    /// <summary>One step forward.</summary>
    /// <param name="rows">What it reads and writes.</param>
    /// <param name="threads">Who computes; no bit depends on it.</param>
    public abstract void Step(in StepRows rows, ThreadPair threads);

    /// <summary>One step backward: the mirror image of <see cref="Step"/>. docs/equations.md derives it.</summary>
    /// <param name="n">Rows.</param>
    /// <param name="gates">[n,G·H]; in: as the step left them; out: the gradient of the input projection.</param>
    /// <param name="hPrevious">[n,H].</param>
    /// <param name="cPrevious">[n,H], empty for cells without.</param>
    /// <param name="saved">[n,Saved·H]; in: as the step left them; out: what <see cref="AddRecurrentGradient"/> needs.</param>
    /// <param name="dh">[n,H]; in: the gradient of the new h; out: of the previous one.</param>
    /// <param name="dc">[n,H]; the same for c.</param>
    /// <param name="scratch">[n,G·H], of no meaning afterwards.</param>
    public abstract void StepBackward(
        int n, Span<float> gates, ReadOnlySpan<float> hPrevious, ReadOnlySpan<float> cPrevious,
        Span<float> saved, Span<float> dh, Span<float> dc, Span<float> scratch);

    /// <summary>Adds the gradients of the recurrent weights and bias from all rows of all steps, after backward.</summary>
    public virtual void AddRecurrentGradient(
        int rows, ReadOnlySpan<float> gates, ReadOnlySpan<float> hPrevious, ReadOnlySpan<float> saved,
        Gradients gradients, Workspace workspace)
    {
    }

    /// <summary>Packs the weights anew after a trainer changed them.</summary>
    public virtual void Refresh()
    {
    }
}
