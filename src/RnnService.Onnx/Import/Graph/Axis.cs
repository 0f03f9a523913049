namespace RnnService.Onnx.Import.Graph;

/// <summary>What an axis counts; axes of different kinds are never one.</summary>
internal enum AxisKind
{
    /// <summary>Rows, steps, letters.</summary>
    Rows,

    /// <summary>The numbers of one vector.</summary>
    Features,

    /// <summary>Directions of layers, which a list beside the value names one by one.</summary>
    Slots,
}

/// <summary>
/// A direction in which a value of the graph extends: the batch, the time, the units of a layer. Two axes that turn out to be one are
/// joined.
/// </summary>
internal sealed class Axis(string name, AxisKind kind, int? size = null)
{
    private Axis? _joined;
    private int? _size = size;

    /// <summary>What messages call it.</summary>
    public string Name { get; } = name;

    public AxisKind Kind { get; } = kind;

    public bool IsSlots => Kind == AxisKind.Slots;

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

    /// <summary>Whether this and another are one by now.</summary>
    public bool Is(Axis other) => Root == other.Root;

    /// <summary>Makes this and another one.</summary>
    public void Join(Axis other)
    {
        (Axis from, Axis to) = (Root, other.Root);
        if (from == to) return;
        to._size ??= from._size;
        from._joined = to;
    }
}

/// <summary>A dimension of a value: some axes flattened into one, the outermost first; none make a dimension of 1.</summary>
internal sealed record Extent(params Axis[] Axes)
{
    /// <summary>More axes than a dimension of any network can have.</summary>
    public const int MostAxes = 8;

    /// <summary>A dimension of 1.</summary>
    public static readonly Extent One = new();

    /// <summary>The size, where all axes' are known and it is not beyond all measure.</summary>
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

    /// <summary>The dimension that both are flattened into.</summary>
    public Extent Times(Extent inner) => new([.. Axes, .. inner.Axes]);

    public override string ToString() => Axes.Length == 0 ? "1" : string.Join('·', Axes.Select(axis => axis.Name));
}

/// <summary>An entry of a shape that the graph computes: a number, the size of a dimension, or neither when it cannot be told.</summary>
internal readonly record struct Size(long? Number, Extent? Of = null)
{
    /// <summary>The size of a dimension.</summary>
    public static Size OfExtent(Extent extent) => extent.Axes.Length == 0 ? new Size(1) : new Size(null, extent);
}

/// <summary>Which axes are one, and which must never be: those of one input, and a batch before and after it is sorted.</summary>
internal sealed class Axes
{
    private readonly List<(Axis, Axis)> _apart = [];

    /// <summary>Says that two axes are two.</summary>
    public void KeepApart(Axis one, Axis other) => _apart.Add((one, other));

    /// <summary>Whether two dimensions are one, or can be: their axes are joined then.</summary>
    public bool Same(Extent one, Extent other)
    {
        if (one.Axes.Length != other.Axes.Length) return false;
        for (int i = 0; i < one.Axes.Length; i++)
        {
            if (!Same(one.Axes[i], other.Axes[i])) return false;
        }

        return true;
    }

    private bool Same(Axis one, Axis other)
    {
        if (one.Is(other)) return true;
        if (one.Kind != other.Kind || one.IsSlots || one.Size is { } size && other.Size is { } otherSize && size != otherSize) return false;
        foreach ((Axis a, Axis b) in _apart)
        {
            if (a.Is(one) && b.Is(other) || a.Is(other) && b.Is(one)) return false;
        }

        one.Join(other);
        return true;
    }
}
