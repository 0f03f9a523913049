using System.Numerics.Tensors;
using RnnService.Engine.Weights;

namespace RnnService.Engine.Layers;

/// <summary>z = (x − μ) / σ, value by value, with means and standard deviations that no training changes; where σ is not above 0, z = x − μ.</summary>
internal sealed class Standardization
{
    private readonly Parameter _mean, _deviation;
    private float[] _factors = [], _divisors = [];

    /// <summary>Asks for the parameters <c>prefix.mean</c> and <c>prefix.std</c> [size].</summary>
    public Standardization(Parameters parameters, string prefix, int size)
    {
        _mean = parameters.AddFixed($"{prefix}.mean", Initializer.Zero, size);
        _deviation = parameters.AddFixed($"{prefix}.std", Initializer.Blocks(1), size);
        Size = size;
        Refresh();
    }

    /// <summary>How many values.</summary>
    public int Size { get; }

    /// <summary>Sets means and standard deviations.</summary>
    public void Set(ReadOnlySpan<float> mean, ReadOnlySpan<float> deviation)
    {
        mean.CopyTo(_mean.Data);
        deviation.CopyTo(_deviation.Data);
        Refresh();
    }

    /// <summary>Standardises one step x [size] into z [size].</summary>
    public void Forward(ReadOnlySpan<float> x, Span<float> z)
    {
        TensorPrimitives.Subtract(x, _mean.Values, z);
        TensorPrimitives.Multiply(z, _factors, z);
    }

    /// <summary>Puts z [size] back into the values' own units, in place.</summary>
    public void Invert(Span<float> z)
    {
        TensorPrimitives.Multiply(z, _divisors, z);
        TensorPrimitives.Add(z, _mean.Values, z);
    }

    public void Refresh()
    {
        _divisors = [.. _deviation.Data.Select(value => value > 0 ? value : 1)];
        _factors = [.. _divisors.Select(value => 1 / value)];
    }
}
