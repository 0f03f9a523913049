using System.Numerics.Tensors;
using RnnService.Engine.Kernels;
using RnnService.Engine.Weights;

namespace RnnService.Engine.Cells;

/// <summary>
/// GRU of Cho et al. 2014, gates in the order r, z, n, the reset before the recurrent product:
/// r = σ(x̂ᵣ + Uᵣ h + bᵣ);  z = σ(x̂_z + U_z h + b_z);  n = tanh(x̂ₙ + Uₙ (r⊙h) + bₙ);  h' = (1−z)⊙n + z⊙h.
/// </summary>
internal sealed class GruBeforeCell : Cell
{
    private readonly Parameter _bias; // [3H]
    private readonly RecurrentWeights _gateWeights; // Uᵣ, U_z [2H,H]
    private readonly RecurrentWeights _candidateWeights; // Uₙ [H,H]

    public GruBeforeCell(Parameters parameters, string prefix, string suffix, int hiddenSize)
        : base(hiddenSize)
    {
        Parameter weight = parameters.Add($"{prefix}.weight_hh_{suffix}", Initializer.Orthogonal(3), 3 * hiddenSize, hiddenSize);
        _bias = parameters.Add($"{prefix}.bias_hh_{suffix}", Initializer.Zero, 3 * hiddenSize);
        _gateWeights = new RecurrentWeights(weight, 0, 2, parameters.IsTrainable);
        _candidateWeights = new RecurrentWeights(weight, 2, 1, parameters.IsTrainable);
    }

    public override int Gates => 3;

    public override int Saved => 1; // r⊙h

    public override void AddToInputBias(Span<float> bias) => TensorPrimitives.Add(bias, _bias.Values, bias);

    public override void Step(
        int n, Span<float> gates, Span<float> h, Span<float> c, Span<float> saved, Span<float> scratch, Crew crew)
    {
        int size = HiddenSize;
        _gateWeights.Forward(n, h, gates, 3 * size, crew);
        Span<float> remembered = saved.IsEmpty ? scratch : saved; // r⊙h
        for (int row = 0; row < n; row++)
        {
            Span<float> r = gates.Slice(row * 3 * size, size), z = gates.Slice((row * 3 + 1) * size, size);
            Span<float> rh = remembered.Slice(row * size, size), hRow = h.Slice(row * size, size);
            for (int unit = 0; unit < size; unit += Lanes.Count)
            {
                Lanes reset = Lanes.Sigmoid(Lanes.Load(r, unit));
                reset.Store(r, unit);
                Lanes.Sigmoid(Lanes.Load(z, unit)).Store(z, unit);
                (reset * Lanes.Load(hRow, unit)).Store(rh, unit);
            }
        }

        _candidateWeights.Forward(n, remembered, gates[(2 * size)..], 3 * size, crew);
        for (int row = 0; row < n; row++)
        {
            Span<float> z = gates.Slice((row * 3 + 1) * size, size), candidate = gates.Slice((row * 3 + 2) * size, size);
            Span<float> hRow = h.Slice(row * size, size);
            for (int unit = 0; unit < size; unit += Lanes.Count)
            {
                Lanes next = Lanes.Tanh(Lanes.Load(candidate, unit));
                next.Store(candidate, unit);
                GruBlend.Forward(Lanes.Load(z, unit), next, Lanes.Load(hRow, unit)).Store(hRow, unit);
            }
        }
    }

    public override void StepBack(
        int n, Span<float> gates, ReadOnlySpan<float> hPrevious, ReadOnlySpan<float> cPrevious,
        Span<float> saved, Span<float> dh, Span<float> dc, Span<float> scratch)
    {
        int size = HiddenSize;
        Span<float> dRemembered = scratch[..(n * size)]; // the gradient of r⊙h
        for (int row = 0; row < n; row++)
        {
            Span<float> z = gates.Slice((row * 3 + 1) * size, size), candidate = gates.Slice((row * 3 + 2) * size, size);
            Span<float> dhRow = dh.Slice(row * size, size);
            ReadOnlySpan<float> before = hPrevious.Slice(row * size, size);
            for (int unit = 0; unit < size; unit += Lanes.Count)
            {
                GruBlend.Backward(
                    Lanes.Load(z, unit), Lanes.Load(candidate, unit), Lanes.Load(before, unit), Lanes.Load(dhRow, unit),
                    out Lanes dUpdate, out Lanes dCandidate, out Lanes dBefore);
                dUpdate.Store(z, unit);
                dCandidate.Store(candidate, unit);
                dBefore.Store(dhRow, unit);
            }
        }

        dRemembered.Clear();
        _candidateWeights.Backward(n, gates[(2 * size)..], 3 * size, dRemembered);
        for (int row = 0; row < n; row++)
        {
            Span<float> r = gates.Slice(row * 3 * size, size), dhRow = dh.Slice(row * size, size);
            ReadOnlySpan<float> dRow = dRemembered.Slice(row * size, size), before = hPrevious.Slice(row * size, size);
            for (int unit = 0; unit < size; unit += Lanes.Count)
            {
                Lanes reset = Lanes.Load(r, unit), gradient = Lanes.Load(dRow, unit);
                Lanes.MultiplyAdd(gradient, reset, Lanes.Load(dhRow, unit)).Store(dhRow, unit);
                Lanes.SigmoidBackward(reset, gradient * Lanes.Load(before, unit)).Store(r, unit);
            }
        }

        _gateWeights.Backward(n, gates, 3 * size, dh);
    }

    public override void AddRecurrentGradient(
        int rows, ReadOnlySpan<float> gates, ReadOnlySpan<float> hPrevious, ReadOnlySpan<float> saved,
        Gradients gradients, Workspace workspace)
    {
        int size = HiddenSize;
        _gateWeights.AddGradient(rows, gates, 3 * size, hPrevious, gradients, workspace);
        _candidateWeights.AddGradient(rows, gates[(2 * size)..], 3 * size, saved, gradients, workspace);
        WeightGradient.AddBias(rows, gates, 3 * size, gradients.Of(_bias));
    }

    public override void Refresh()
    {
        _gateWeights.Refresh();
        _candidateWeights.Refresh();
    }
}
