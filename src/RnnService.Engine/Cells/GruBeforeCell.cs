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
        int n, Span<float> gates, ReadOnlySpan<float> hPrevious, ReadOnlySpan<float> cPrevious,
        Span<float> h, Span<float> c, Span<float> saved, Span<float> scratch)
    {
        int size = HiddenSize;
        _gateWeights.Forward(n, hPrevious, gates, 3 * size);
        for (int row = 0; row < n; row++)
        {
            Span<float> rz = gates.Slice(row * 3 * size, 2 * size);
            Activations.Sigmoid(rz, rz);
            TensorPrimitives.Multiply(rz[..size], hPrevious.Slice(row * size, size), saved[(row * size)..]);
        }

        _candidateWeights.Forward(n, saved, gates[(2 * size)..], 3 * size);
        for (int row = 0; row < n; row++)
        {
            Span<float> gate = gates.Slice(row * 3 * size, 3 * size), candidate = gate[(2 * size)..];
            Activations.Tanh(candidate, candidate);
            GruBlend.Forward(gate.Slice(size, size), candidate, hPrevious.Slice(row * size, size), h.Slice(row * size, size));
        }

        Activations.FlushTiny(h);
    }

    public override void StepBack(
        int n, Span<float> gates, ReadOnlySpan<float> hPrevious, ReadOnlySpan<float> cPrevious,
        Span<float> saved, Span<float> dh, Span<float> dc, Span<float> scratch)
    {
        int size = HiddenSize;
        Span<float> dReset = scratch[..(n * size)], rest = scratch[(n * size)..], product = rest[..size]; // the gradient of r⊙h
        for (int row = 0; row < n; row++)
        {
            Span<float> gate = gates.Slice(row * 3 * size, 3 * size);
            GruBlend.Backward(
                gate.Slice(size, size), gate[(2 * size)..], hPrevious.Slice(row * size, size), dh.Slice(row * size, size), rest);
        }

        dReset.Clear();
        _candidateWeights.Backward(n, gates[(2 * size)..], 3 * size, dReset);
        for (int row = 0; row < n; row++)
        {
            Span<float> r = gates.Slice(row * 3 * size, size), dhRow = dh.Slice(row * size, size);
            ReadOnlySpan<float> dRow = dReset.Slice(row * size, size);
            TensorPrimitives.MultiplyAdd(dRow, r, dhRow, dhRow);
            TensorPrimitives.Multiply(dRow, hPrevious.Slice(row * size, size), product);
            Activations.SigmoidBackward(r, product, r);
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
