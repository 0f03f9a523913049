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

    public override bool HasCellState => true;

    public override Initializer BiasStart => Initializer.ForgetGate;

    public override int ScratchSize(int rows) => _weights.ScratchSize(rows);

    public override void AddToInputBias(Span<float> bias) => TensorPrimitives.Add(bias, _bias.Values, bias);

    public override void Step(in StepRows rows, ThreadPair threads) =>
        FusedStep.Run<Equations>(rows, _weights.Plan(rows, rows.H(0), HiddenSize, rows.Gate(0, 0), 4 * HiddenSize), threads);

    private readonly struct Equations : IEquations
    {
        public static void Finish<T>(in StepRows rows, int row, int first, int end) where T : struct, IVector<T>
        {
            Floats i = rows.Gate(row, 0), f = rows.Gate(row, 1), g = rows.Gate(row, 2), o = rows.Gate(row, 3);
            Floats cellState = rows.CellState(row), next = rows.Next(row), saved = rows.Saved(row);
            for (int unit = first; unit < end; unit += T.Count)
            {
                T input = VectorMath.Sigmoid(i.Load<T>(unit)), forget = VectorMath.Sigmoid(f.Load<T>(unit));
                T candidate = VectorMath.Tanh(g.Load<T>(unit)), output = VectorMath.Sigmoid(o.Load<T>(unit));
                T c = T.FlushTiny(T.MultiplyAdd(input, candidate, forget * cellState.Load<T>(unit)));
                T tanhC = VectorMath.Tanh(c);
                cellState.Store(unit, c);
                next.Store(unit, T.FlushTiny(output * tanhC));
                if (saved.IsNone) continue;
                i.Store(unit, input);
                f.Store(unit, forget);
                g.Store(unit, candidate);
                o.Store(unit, output);
                saved.Store(unit, tanhC);
            }
        }
    }

    public override void StepBackward(
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
            for (int unit = 0; unit < size; unit += Vector8.Count)
            {
                Vector8 input = Vector8.Load(i, unit), forget = Vector8.Load(f, unit), candidate = Vector8.Load(g, unit);
                Vector8 output = Vector8.Load(o, unit), tanhC = Vector8.Load(kept, unit), dhHere = Vector8.Load(dhRow, unit);
                Vector8 dCell = Vector8.Load(dcRow, unit) + VectorMath.TanhBackward(tanhC, dhHere * output); // c' also acts through h'
                VectorMath.SigmoidBackward(output, dhHere * tanhC).Store(o, unit);
                VectorMath.SigmoidBackward(forget, dCell * Vector8.Load(before, unit)).Store(f, unit);
                VectorMath.SigmoidBackward(input, dCell * candidate).Store(i, unit);
                VectorMath.TanhBackward(candidate, dCell * input).Store(g, unit);
                Vector8.FlushTiny(dCell * forget).Store(dcRow, unit);
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
