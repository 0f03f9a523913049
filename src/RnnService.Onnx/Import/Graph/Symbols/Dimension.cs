namespace RnnService.Onnx.Import.Graph.Symbols;

/// <summary>A dimension of a value: some axes flattened into one, the outermost first; no axis makes a dimension of 1.</summary>
internal sealed record Dimension(params Axis[] Axes)
{
    /// <summary>More axes than a dimension of any network can have.</summary>
    public const int MostAxes = 8;

    /// <summary>A dimension of 1.</summary>
    public static readonly Dimension One = new();

    /// <summary>The size, where all axes' sizes are known; at most <see cref="int.MaxValue"/>.</summary>
    public int? Size
    {
        get
        {
            long size = 1;
            foreach (Axis axis in Axes)
            {
                if (axis.Size is not { } known) return null;
                size = Math.Min(size * known, int.MaxValue);
            }

            return (int)size;
        }
    }

    /// <summary>The dimension of the directions of layers; one direction alone is a dimension of 1.</summary>
    public static Dimension OfDirections(int count) =>
        count == 1 ? One : new Dimension(new Axis("directions", AxisKind.Directions, count));

    /// <summary>Whether it is the dimension of a number of directions.</summary>
    public bool IsDirections(int count) => count == 1 ? Axes.Length == 0 : Axes is [{ IsDirections: true }];

    /// <summary>The dimension that this one and an inner one are flattened into.</summary>
    public Dimension Times(Dimension inner) => new([.. Axes, .. inner.Axes]);

    public override string ToString() => Axes.Length == 0 ? "1" : string.Join('·', Axes.Select(axis => axis.Name));
}

/// <summary>An entry of a shape that the graph computes: a number, the size of a dimension, or neither when it cannot be told.</summary>
internal readonly record struct ShapeEntry(long? Number, Dimension? Of = null)
{
    /// <summary>The size of a dimension.</summary>
    public static ShapeEntry SizeOf(Dimension dimension) => dimension.Axes.Length == 0 ? new ShapeEntry(1) : new ShapeEntry(null, dimension);
}
