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

    public override void AddToInputBias(Span<float> bias) => TensorPrimitives.Add(bias, _bias.Values, bias);

    public override void Step(
        int n, Span<float> gates, Span<float> h, Span<float> c, Span<float> saved, Span<float> scratch, Crew crew)
    {
        _weights.Forward(n, h, gates, HiddenSize, crew);
        for (int unit = 0; unit < gates.Length; unit += Lanes.Count)
        {
            Lanes sum = Lanes.Load(gates, unit);
            Lanes next = Lanes.FlushTiny(_relu ? Lanes.Relu(sum) : Lanes.Tanh(sum));
            next.Store(gates, unit);
            next.Store(h, unit);
        }
    }

    public override void StepBack(
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
