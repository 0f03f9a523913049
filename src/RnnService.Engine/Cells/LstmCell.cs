using System.Numerics.Tensors;
using RnnService.Engine.Kernels;
using RnnService.Engine.Weights;

namespace RnnService.Engine.Cells;

/// <summary>
/// LSTM (Hochreiter and Schmidhuber 1997; forget gate: Gers et al. 2000), gates in PyTorch's order i, f, g, o:
/// [i f g o] = [σ σ tanh σ](x̂ + U h + b);  c' = f⊙c + i⊙g;  h' = o⊙tanh c'.
/// </summary>
internal sealed class LstmCell : Cell
{
    private readonly Parameter _bias; // [4H]
    private readonly RecurrentWeights _weights; // U [4H,H]

    public LstmCell(Parameters parameters, string prefix, string suffix, int hiddenSize)
        : base(hiddenSize)
    {
        Parameter weight = parameters.Add($"{prefix}.weight_hh_{suffix}", Initializer.Orthogonal(4), 4 * hiddenSize, hiddenSize);
        _bias = parameters.Add($"{prefix}.bias_hh_{suffix}", Initializer.Zero, 4 * hiddenSize);
        _weights = new RecurrentWeights(weight, 0, 4, parameters.IsTrainable);
    }

    public override int Gates => 4;

    public override int Saved => 1; // tanh c'

    public override bool HasMemory => true;

    // An open forget gate lets gradients through from the first step (Jozefowicz et al. 2015).
    public override Initializer BiasStart => Initializer.Blocks(0, 1, 0, 0);

    public override void AddToInputBias(Span<float> bias) => TensorPrimitives.Add(bias, _bias.Values, bias);

    public override void Step(
        int n, Span<float> gates, ReadOnlySpan<float> hPrevious, ReadOnlySpan<float> cPrevious,
        Span<float> h, Span<float> c, Span<float> saved, Span<float> scratch)
    {
        int size = HiddenSize;
        _weights.Forward(n, hPrevious, gates, 4 * size);
        for (int row = 0; row < n; row++)
        {
            Span<float> gate = gates.Slice(row * 4 * size, 4 * size);
            Span<float> cell = c.Slice(row * size, size);
            Activations.Sigmoid(gate[..(2 * size)], gate);
            Activations.Tanh(gate.Slice(2 * size, size), gate[(2 * size)..]);
            Activations.Sigmoid(gate[(3 * size)..], gate[(3 * size)..]);
            TensorPrimitives.Multiply(gate.Slice(size, size), cPrevious.Slice(row * size, size), cell);
            TensorPrimitives.MultiplyAdd(gate[..size], gate.Slice(2 * size, size), cell, cell);
        }

        Activations.FlushTiny(c);
        Activations.Tanh(c, saved);
        for (int row = 0; row < n; row++)
            TensorPrimitives.Multiply(gates.Slice((4 * row + 3) * size, size), saved.Slice(row * size, size), h[(row * size)..]);
        Activations.FlushTiny(h);
    }

    public override void StepBack(
        int n, Span<float> gates, ReadOnlySpan<float> hPrevious, ReadOnlySpan<float> cPrevious,
        Span<float> saved, Span<float> dh, Span<float> dc, Span<float> scratch)
    {
        int size = HiddenSize;
        Span<float> product = scratch[..size], next = scratch.Slice(size, size);
        for (int row = 0; row < n; row++)
        {
            Span<float> i = gates.Slice(row * 4 * size, size), f = gates.Slice((row * 4 + 1) * size, size),
                g = gates.Slice((row * 4 + 2) * size, size), o = gates.Slice((row * 4 + 3) * size, size);
            ReadOnlySpan<float> tanhC = saved.Slice(row * size, size);
            Span<float> dhRow = dh.Slice(row * size, size), dcRow = dc.Slice(row * size, size);

            TensorPrimitives.Multiply(dhRow, o, product);
            Activations.TanhBackward(tanhC, product, product);
            TensorPrimitives.Add(dcRow, product, dcRow);        // c' also acts through h'
            TensorPrimitives.Multiply(dhRow, tanhC, product);
            Activations.SigmoidBackward(o, product, o);

            TensorPrimitives.Multiply(dcRow, f, next);          // the gradient of c, before f is overwritten
            TensorPrimitives.Multiply(dcRow, cPrevious.Slice(row * size, size), product);
            Activations.SigmoidBackward(f, product, f);
            TensorPrimitives.Multiply(dcRow, g, product);
            TensorPrimitives.Multiply(dcRow, i, dcRow);
            Activations.SigmoidBackward(i, product, i);
            Activations.TanhBackward(g, dcRow, g);
            next.CopyTo(dcRow);
        }

        dh.Clear();
        _weights.Backward(n, gates, 4 * size, dh);
    }

    public override void AddRecurrentGradient(
        int rows, ReadOnlySpan<float> gates, ReadOnlySpan<float> hPrevious, ReadOnlySpan<float> saved,
        Gradients gradients, Workspace workspace)
    {
        _weights.AddGradient(rows, gates, 4 * HiddenSize, hPrevious, gradients, workspace);
        WeightGradient.AddBias(rows, gates, 4 * HiddenSize, gradients.Of(_bias));
    }

    public override void Refresh() => _weights.Refresh();
}
