using System.Numerics.Tensors;
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
        int n, Span<float> gates, ReadOnlySpan<float> hPrevious, ReadOnlySpan<float> cPrevious,
        Span<float> h, Span<float> c, Span<float> saved, Span<float> scratch)
    {
        int size = HiddenSize;
        for (int row = 0; row < n; row++) _bias.Values.CopyTo(scratch[(row * 3 * size)..]);
        _weights.Forward(n, hPrevious, scratch, 3 * size);
        for (int row = 0; row < n; row++)
        {
            Span<float> gate = gates.Slice(row * 3 * size, 3 * size), recurrent = scratch.Slice(row * 3 * size, 3 * size);
            Span<float> rz = gate[..(2 * size)], candidate = gate[(2 * size)..];
            TensorPrimitives.Add(rz, recurrent[..(2 * size)], rz);
            Activations.Sigmoid(rz, rz);
            recurrent[(2 * size)..].CopyTo(saved[(row * size)..]);
            TensorPrimitives.MultiplyAdd(rz[..size], recurrent[(2 * size)..], candidate, candidate);
            Activations.Tanh(candidate, candidate);
            GruBlend.Forward(rz[size..], candidate, hPrevious.Slice(row * size, size), h.Slice(row * size, size));
        }

        Activations.FlushTiny(h);
    }

    public override void StepBack(
        int n, Span<float> gates, ReadOnlySpan<float> hPrevious, ReadOnlySpan<float> cPrevious,
        Span<float> saved, Span<float> dh, Span<float> dc, Span<float> scratch)
    {
        int size = HiddenSize;
        for (int row = 0; row < n; row++)
        {
            Span<float> gate = gates.Slice(row * 3 * size, 3 * size), recurrent = scratch.Slice(row * 3 * size, 3 * size);
            Span<float> r = gate[..size], z = gate.Slice(size, size), candidate = gate[(2 * size)..];
            Span<float> inside = saved.Slice(row * size, size), product = recurrent[..size];
            GruBlend.Backward(z, candidate, hPrevious.Slice(row * size, size), dh.Slice(row * size, size), recurrent);

            TensorPrimitives.Multiply(candidate, inside, product);
            TensorPrimitives.Multiply(candidate, r, inside);
            Activations.SigmoidBackward(r, product, r);
            gate[..(2 * size)].CopyTo(recurrent);
            inside.CopyTo(recurrent[(2 * size)..]);
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
