using RnnService.Engine.Kernels;
using RnnService.Engine.Weights;

namespace RnnService.Engine.Layers;

/// <summary>y = x Wᵀ + b with W [N,K] and b [N], or without b.</summary>
internal sealed class Linear
{
    private readonly Parameter _weight;
    private readonly Parameter? _bias;
    private readonly PackedMatrix _forward;
    private readonly BackwardMatrix _backward;

    public Linear(Parameters parameters, string prefix, int inputs, int outputs, bool bias = true, int blocks = 1)
        : this(parameters, parameters.Add($"{prefix}.weight", Initializer.Glorot(blocks), outputs, inputs), prefix, bias)
    {
    }

    /// <summary>A layer that shares its matrix with another, such as an embedding.</summary>
    public Linear(Parameters parameters, Parameter weight, string prefix, bool bias = true)
    {
        (Outputs, Inputs) = (weight.Shape[0], weight.Shape[1]);
        _weight = weight;
        _bias = bias ? parameters.Add($"{prefix}.bias", Initializer.Zero, Outputs) : null;
        _forward = new PackedMatrix(Inputs, Outputs, weight.Type);
        _backward = new BackwardMatrix(weight, 0, Outputs, Inputs, parameters.IsTrainable);
        if (parameters.HasValues) Refresh();
    }

    /// <summary>W [N,K].</summary>
    public Parameter Weight => _weight;

    /// <summary>b [N]; null where there is none.</summary>
    public Parameter? Bias => _bias;

    public int Inputs { get; }

    public int Outputs { get; }

    /// <summary>y [rows,N] from x [rows,K], with the threads and scratch memory of a pass where one is given.</summary>
    public void Forward(int rows, ReadOnlySpan<float> x, Span<float> y, Pass? pass = null) => Forward(rows, x, Inputs, y, pass);

    /// <summary>The same with <paramref name="strideX"/> floats from row to row of x.</summary>
    public void Forward(int rows, ReadOnlySpan<float> x, int strideX, Span<float> y, Pass? pass = null)
    {
        if (_bias is null) y[..(rows * Outputs)].Clear();
        else for (int row = 0; row < rows; row++) _bias.Values.CopyTo(y[(row * Outputs)..]);
        Add(rows, x, strideX, y, pass);
    }

    /// <summary>y [rows,N] += x Wᵀ.</summary>
    public void Add(int rows, ReadOnlySpan<float> x, int strideX, Span<float> y, Pass? pass = null)
    {
        Span<float> scratch = pass is null ? default : pass.Workspace.Take(_forward.ScratchSize(rows)).Span;
        _forward.MultiplyAdd(rows, x, strideX, y, Outputs, pass?.Threads, scratch);
    }

    /// <summary>Adds the gradients of W and b, where they are asked for, and puts that of x into dx [rows,K].</summary>
    public void Backward(
        int rows, ReadOnlySpan<float> x, ReadOnlySpan<float> dy, Span<float> dx, Gradients? gradients, Workspace workspace)
    {
        if (gradients is not null) AddGradients(rows, x, Inputs, dy, gradients, workspace);
        dx.Clear();
        BackwardToInput(rows, dy, dx);
    }

    /// <summary>dx [rows,K] += dy W.</summary>
    public void BackwardToInput(int rows, ReadOnlySpan<float> dy, Span<float> dx) => _backward.MultiplyAdd(rows, dy, Outputs, dx);

    /// <summary>Adds the gradients of W and b.</summary>
    public void AddGradients(int rows, ReadOnlySpan<float> x, int strideX, ReadOnlySpan<float> dy, Gradients gradients, Workspace workspace)
    {
        WeightGradient.Add(rows, dy, Outputs, Outputs, x, strideX, Inputs, gradients.Of(_weight), workspace);
        if (_bias is not null) WeightGradient.AddBias(rows, dy, Outputs, gradients.Of(_bias));
    }

    public void Refresh()
    {
        _forward.PackTransposed(_weight.Values);
        _backward.Refresh();
    }
}
