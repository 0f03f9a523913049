using RnnService.Engine.Kernels;

namespace RnnService.Engine.Weights;

/// <summary>
/// Rows of a weight matrix [rows,columns] packed for backward, dx = dy·W. What is trained packs it with every refresh; anything else
/// packs it when somebody first asks for a gradient, and until then takes no memory for it. Safe for any number of threads between refreshes.
/// </summary>
/// <param name="weight">The parameter.</param>
/// <param name="offset">Where the rows begin among its values.</param>
/// <param name="rows">Number of rows.</param>
/// <param name="columns">Number of columns.</param>
/// <param name="trained">Whether gradients are certain to be asked for.</param>
internal sealed class BackwardMatrix(Parameter weight, int offset, int rows, int columns, bool trained)
{
    private readonly Lock _lock = new();
    private PackedMatrix? _packed;

    /// <summary>dx [n,columns] += dy·W.</summary>
    public void MultiplyAdd(int n, ReadOnlySpan<float> dy, int strideY, Span<float> dx) =>
        Packed().MultiplyAdd(n, dy, strideY, dx, columns);

    /// <summary>Packs anew after the values changed.</summary>
    public void Refresh()
    {
        if (trained || _packed is not null) Pack(_packed ??= new PackedMatrix(rows, columns));
    }

    private PackedMatrix Packed()
    {
        if (Volatile.Read(ref _packed) is { } packed) return packed;
        lock (_lock)
        {
            if (_packed is null) Volatile.Write(ref _packed, Pack(new PackedMatrix(rows, columns)));
            return _packed;
        }
    }

    private PackedMatrix Pack(PackedMatrix packed)
    {
        packed.Pack(weight.Values.Slice(offset, rows * columns), columns);
        return packed;
    }
}
