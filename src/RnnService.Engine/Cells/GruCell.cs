using RnnService.Engine.Kernels;
using RnnService.Engine.Weights;

namespace RnnService.Engine.Cells;

/// <summary>
/// GRU as PyTorch and cuDNN have it, gates in the order r, z, n, the reset after the recurrent product:
/// r = σ(x̂ᵣ + Uᵣ h + bᵣ);  z = σ(x̂_z + U_z h + b_z);  n = tanh(x̂ₙ + r⊙(Uₙ h + bₙ));  h' = (1−z)⊙n + z⊙h.
/// </summary>
internal sealed class GruCell : Cell
{
    private readonly Parameter _bias; // [3H]; its last block stands inside the reset, so none is merged into the input's
    private readonly RecurrentWeights _weights; // U [3H,H]

    public GruCell(Parameters parameters, string prefix, string suffix, int hiddenSize)
        : base(hiddenSize)
    {
        Parameter weight = parameters.Add($"{prefix}.weight_hh_{suffix}", Initializer.Orthogonal(3), 3 * hiddenSize, hiddenSize);
        _bias = parameters.Add($"{prefix}.bias_hh_{suffix}", Initializer.Zero, 3 * hiddenSize);
        _weights = new RecurrentWeights(weight, 0, 3, parameters.IsTrainable);
    }

    public override int Gates => 3;

    public override int Saved => 1; // forward: Uₙ h + bₙ; on the way back: its gradient

    public override void Step(
        int n, Span<float> gates, Span<float> h, Span<float> c, Span<float> saved, Span<float> scratch, Crew crew)
    {
        int size = HiddenSize;
        for (int row = 0; row < n; row++) _bias.Values.CopyTo(scratch[(row * 3 * size)..]);
        _weights.Forward(n, h, scratch, 3 * size, crew);
        bool record = !saved.IsEmpty;
        for (int row = 0; row < n; row++)
        {
            Span<float> r = gates.Slice(row * 3 * size, size), z = gates.Slice((row * 3 + 1) * size, size),
                candidate = gates.Slice((row * 3 + 2) * size, size), hRow = h.Slice(row * size, size);
            ReadOnlySpan<float> rHere = scratch.Slice(row * 3 * size, size), zHere = scratch.Slice((row * 3 + 1) * size, size),
                inside = scratch.Slice((row * 3 + 2) * size, size);
            Span<float> kept = record ? saved.Slice(row * size, size) : default;
            for (int unit = 0; unit < size; unit += Lanes.Count)
            {
                Lanes recurrent = Lanes.Load(inside, unit);
                Lanes reset = Lanes.Sigmoid(Lanes.Load(r, unit) + Lanes.Load(rHere, unit));
                Lanes update = Lanes.Sigmoid(Lanes.Load(z, unit) + Lanes.Load(zHere, unit));
                Lanes next = Lanes.Tanh(Lanes.MultiplyAdd(reset, recurrent, Lanes.Load(candidate, unit)));
                GruBlend.Forward(update, next, Lanes.Load(hRow, unit)).Store(hRow, unit);
                if (!record) continue;
                reset.Store(r, unit);
                update.Store(z, unit);
                next.Store(candidate, unit);
                recurrent.Store(kept, unit);
            }
        }
    }

    public override void StepBack(
        int n, Span<float> gates, ReadOnlySpan<float> hPrevious, ReadOnlySpan<float> cPrevious,
        Span<float> saved, Span<float> dh, Span<float> dc, Span<float> scratch)
    {
        int size = HiddenSize;
        for (int row = 0; row < n; row++)
        {
            Span<float> r = gates.Slice(row * 3 * size, size), z = gates.Slice((row * 3 + 1) * size, size),
                candidate = gates.Slice((row * 3 + 2) * size, size);
            Span<float> drHere = scratch.Slice(row * 3 * size, size), dzHere = scratch.Slice((row * 3 + 1) * size, size),
                dInside = scratch.Slice((row * 3 + 2) * size, size);
            Span<float> inside = saved.Slice(row * size, size), dhRow = dh.Slice(row * size, size);
            ReadOnlySpan<float> before = hPrevious.Slice(row * size, size);
            for (int unit = 0; unit < size; unit += Lanes.Count)
            {
                Lanes reset = Lanes.Load(r, unit);
                GruBlend.Backward(
                    Lanes.Load(z, unit), Lanes.Load(candidate, unit), Lanes.Load(before, unit), Lanes.Load(dhRow, unit),
                    out Lanes dUpdate, out Lanes dCandidate, out Lanes dBefore);
                Lanes dReset = Lanes.SigmoidBackward(reset, dCandidate * Lanes.Load(inside, unit)), dRecurrent = dCandidate * reset;
                dReset.Store(r, unit);
                dReset.Store(drHere, unit);
                dUpdate.Store(z, unit);
                dUpdate.Store(dzHere, unit);
                dCandidate.Store(candidate, unit);
                dRecurrent.Store(inside, unit);
                dRecurrent.Store(dInside, unit);
                dBefore.Store(dhRow, unit);
            }
        }

        _weights.Backward(n, scratch, 3 * size, dh);
    }

    public override void AddRecurrentGradient(
        int rows, ReadOnlySpan<float> gates, ReadOnlySpan<float> hPrevious, ReadOnlySpan<float> saved,
        Gradients gradients, Workspace workspace)
    {
        // The input's gradient with its last block replaced by that of the recurrent candidate.
        int size = HiddenSize;
        Span<float> recurrent = workspace.Take(rows * 3 * size).Span;
        for (int row = 0; row < rows; row++)
        {
            gates.Slice(row * 3 * size, 2 * size).CopyTo(recurrent[(row * 3 * size)..]);
            saved.Slice(row * size, size).CopyTo(recurrent[((row * 3 + 2) * size)..]);
        }

        _weights.AddGradient(rows, recurrent, 3 * size, hPrevious, gradients, workspace);
        WeightGradient.AddBias(rows, recurrent, 3 * size, gradients.Of(_bias));
    }

    public override void Refresh() => _weights.Refresh();
}
