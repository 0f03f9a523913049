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
        int n, Span<float> gates, Span<float> h, Span<float> c, Span<float> saved, Span<float> scratch, Crew crew)
    {
        int size = HiddenSize;
        _weights.Forward(n, h, gates, 4 * size, crew);
        bool record = !saved.IsEmpty;
        for (int row = 0; row < n; row++)
        {
            Span<float> i = gates.Slice(row * 4 * size, size), f = gates.Slice((row * 4 + 1) * size, size),
                g = gates.Slice((row * 4 + 2) * size, size), o = gates.Slice((row * 4 + 3) * size, size);
            Span<float> hRow = h.Slice(row * size, size), cRow = c.Slice(row * size, size);
            Span<float> kept = record ? saved.Slice(row * size, size) : default;
            for (int unit = 0; unit < size; unit += Lanes.Count)
            {
                Lanes input = Lanes.Sigmoid(Lanes.Load(i, unit)), forget = Lanes.Sigmoid(Lanes.Load(f, unit)),
                    candidate = Lanes.Tanh(Lanes.Load(g, unit)), output = Lanes.Sigmoid(Lanes.Load(o, unit));
                Lanes memory = Lanes.FlushTiny(Lanes.MultiplyAdd(input, candidate, forget * Lanes.Load(cRow, unit)));
                Lanes tanhC = Lanes.Tanh(memory);
                memory.Store(cRow, unit);
                Lanes.FlushTiny(output * tanhC).Store(hRow, unit);
                if (!record) continue;
                input.Store(i, unit);
                forget.Store(f, unit);
                candidate.Store(g, unit);
                output.Store(o, unit);
                tanhC.Store(kept, unit);
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
            Span<float> i = gates.Slice(row * 4 * size, size), f = gates.Slice((row * 4 + 1) * size, size),
                g = gates.Slice((row * 4 + 2) * size, size), o = gates.Slice((row * 4 + 3) * size, size);
            ReadOnlySpan<float> kept = saved.Slice(row * size, size), before = cPrevious.Slice(row * size, size);
            Span<float> dhRow = dh.Slice(row * size, size), dcRow = dc.Slice(row * size, size);
            for (int unit = 0; unit < size; unit += Lanes.Count)
            {
                Lanes input = Lanes.Load(i, unit), forget = Lanes.Load(f, unit), candidate = Lanes.Load(g, unit);
                Lanes output = Lanes.Load(o, unit), tanhC = Lanes.Load(kept, unit), dhHere = Lanes.Load(dhRow, unit);
                Lanes dMemory = Lanes.Load(dcRow, unit) + Lanes.TanhBackward(tanhC, dhHere * output); // c' also acts through h'
                Lanes.SigmoidBackward(output, dhHere * tanhC).Store(o, unit);
                Lanes.SigmoidBackward(forget, dMemory * Lanes.Load(before, unit)).Store(f, unit);
                Lanes.SigmoidBackward(input, dMemory * candidate).Store(i, unit);
                Lanes.TanhBackward(candidate, dMemory * input).Store(g, unit);
                Lanes.FlushTiny(dMemory * forget).Store(dcRow, unit);
            }
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
