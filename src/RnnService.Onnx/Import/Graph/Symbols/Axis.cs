namespace RnnService.Onnx.Import.Graph.Symbols;

/// <summary>What an axis counts; axes of different kinds are never equal.</summary>
internal enum AxisKind
{
    /// <summary>Rows, steps, characters.</summary>
    Rows,

    /// <summary>The numbers of one vector.</summary>
    Features,

    /// <summary>Directions of layers, which a list beside the value names one by one.</summary>
    Directions,
}

/// <summary>
/// An axis of a value of the graph: the batch, the time, the units of a layer. Two axes that turn out to be equal are joined.
/// </summary>
internal sealed class Axis(string name, AxisKind kind, int? size = null)
{
    private Axis? _joined;
    private int? _size = size;

    /// <summary>Its name in messages.</summary>
    public string Name { get; } = name;

    public AxisKind Kind { get; } = kind;

    public bool IsDirections => Kind == AxisKind.Directions;

    /// <summary>Its size, where the graph says it.</summary>
    public int? Size => Root._size;

    private Axis Root
    {
        get
        {
            Axis axis = this;
            while (axis._joined is { } next) axis = next;
            return axis;
        }
    }

    /// <summary>Whether this axis and another are known to be equal.</summary>
    public bool Is(Axis other) => Root == other.Root;

    /// <summary>Makes this axis and another equal.</summary>
    public void Join(Axis other)
    {
        (Axis from, Axis to) = (Root, other.Root);
        if (from == to) return;
        to._size ??= from._size;
        from._joined = to;
    }
}
