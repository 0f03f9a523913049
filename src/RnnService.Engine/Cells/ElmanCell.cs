using System.Numerics.Tensors;
using RnnService.Engine.Kernels;
using RnnService.Engine.Weights;

namespace RnnService.Engine.Cells;

/// <summary>Elman network: h' = f(x̂ + U h + c) with f tanh or ReLU; x̂ is the input projection.</summary>
internal sealed class ElmanCell : Cell
{
    private readonly bool _relu;
    private readonly Parameter _bias; // [H]
    private readonly RecurrentWeights _weights; // U [H,H]

    public ElmanCell(bool relu, Parameters parameters, string prefix, string suffix, int hiddenSize)
        : base(hiddenSize)
    {
        _relu = relu;
        Parameter weight = parameters.Add($"{prefix}.weight_hh_{suffix}", Initializer.Orthogonal(1), hiddenSize, hiddenSize);
        _bias = parameters.Add($"{prefix}.bias_hh_{suffix}", Initializer.Zero, hiddenSize);
        _weights = new RecurrentWeights(weight, 0, 1, parameters.IsTrainable);
    }

    public override int Gates => 1;

    public override int ScratchSize(int rows) => _weights.ScratchSize(rows);

    public override void AddToInputBias(Span<float> bias) => TensorPrimitives.Add(bias, _bias.Values, bias);

    public override void Step(in StepRows rows, ThreadPair threads)
    {
        ProductPlan product = _weights.Plan(rows, rows.H(0), HiddenSize, rows.Gate(0, 0), HiddenSize);
        if (_relu) FusedStep.Run<ReluEquation>(rows, product, threads);
        else FusedStep.Run<TanhEquation>(rows, product, threads);
    }

    private readonly struct TanhEquation : IEquations
    {
        public static void Finish<T>(in StepRows rows, int row, int first, int end) where T : struct, IVector<T>
        {
            for (int unit = first; unit < end; unit += T.Count) Keep(rows, row, unit, VectorMath.Tanh(rows.Gate(row, 0).Load<T>(unit)));
        }
    }

    private readonly struct ReluEquation : IEquations
    {
        public static void Finish<T>(in StepRows rows, int row, int first, int end) where T : struct, IVector<T>
        {
            for (int unit = first; unit < end; unit += T.Count) Keep(rows, row, unit, T.Relu(rows.Gate(row, 0).Load<T>(unit)));
        }
    }

    private static void Keep<T>(in StepRows rows, int row, int unit, T h) where T : struct, IVector<T>
    {
        h = T.FlushTiny(h);
        rows.Gate(row, 0).Store(unit, h);
        rows.Next(row).Store(unit, h);
    }

    public override void StepBackward(
        int n, Span<float> gates, ReadOnlySpan<float> hPrevious, ReadOnlySpan<float> cPrevious,
        Span<float> saved, Span<float> dh, Span<float> dc, Span<float> scratch)
    {
        if (_relu) Activations.ReluBackward(gates, dh, gates);
        else Activations.TanhBackward(gates, dh, gates);
        dh.Clear();
        _weights.Backward(n, gates, HiddenSize, dh);
    }

    public override void AddRecurrentGradient(
        int rows, ReadOnlySpan<float> gates, ReadOnlySpan<float> hPrevious, ReadOnlySpan<float> saved,
        Gradients gradients, Workspace workspace)
    {
        _weights.AddGradient(rows, gates, HiddenSize, hPrevious, gradients, workspace);
        WeightGradient.AddBias(rows, gates, HiddenSize, gradients.Of(_bias));
    }

    public override void Refresh() => _weights.Refresh();
}
