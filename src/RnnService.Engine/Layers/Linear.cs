using RnnService.Engine.Kernels;
using RnnService.Engine.Weights;

namespace RnnService.Engine.Layers;

/// <summary>y = x Wᵀ + b with W [N,K] and b [N].</summary>
internal sealed class Linear
{
    private readonly Parameter _weight;
    private readonly Parameter _bias;
    private readonly PackedMatrix _forward;
    private readonly BackwardMatrix _backward;

    public Linear(Parameters parameters, string prefix, int inputs, int outputs)
        : this(parameters, parameters.Add($"{prefix}.weight", Initializer.Glorot(), outputs, inputs), prefix)
    {
    }

    /// <summary>A layer that shares its matrix with another, such as an embedding.</summary>
    public Linear(Parameters parameters, Parameter weight, string prefix)
    {
        (Outputs, Inputs) = (weight.Shape[0], weight.Shape[1]);
        _weight = weight;
        _bias = parameters.Add($"{prefix}.bias", Initializer.Zero, Outputs);
        _forward = new PackedMatrix(Inputs, Outputs, weight.Type);
        _backward = new BackwardMatrix(weight, 0, Outputs, Inputs, parameters.IsTrainable);
        if (parameters.HasValues) Refresh();
    }

    public int Inputs { get; }

    public int Outputs { get; }

    /// <summary>y [rows,N] from x [rows,K], with the threads and scratch memory of a pass where one is given.</summary>
    public void Forward(int rows, ReadOnlySpan<float> x, Span<float> y, Pass? pass = null)
    {
        for (int row = 0; row < rows; row++) _bias.Values.CopyTo(y[(row * Outputs)..]);
        Span<float> scratch = pass is null ? default : pass.Workspace.Take(_forward.ScratchSize(rows)).Span;
        _forward.MultiplyAdd(rows, x, Inputs, y, Outputs, pass?.Threads, scratch);
    }

    /// <summary>Adds the gradients of W and b, where they are asked for, and puts that of x into dx [rows,K].</summary>
    public void Backward(
        int rows, ReadOnlySpan<float> x, ReadOnlySpan<float> dy, Span<float> dx, Gradients? gradients, Workspace workspace)
    {
        if (gradients is not null)
        {
            WeightGradient.Add(rows, dy, Outputs, Outputs, x, Inputs, Inputs, gradients.Of(_weight), workspace);
            WeightGradient.AddBias(rows, dy, Outputs, gradients.Of(_bias));
        }

        dx.Clear();
        _backward.MultiplyAdd(rows, dy, Outputs, dx);
    }

    public void Refresh()
    {
        _forward.PackTransposed(_weight.Values);
        _backward.Refresh();
    }
}
