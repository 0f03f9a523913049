namespace RnnService.Onnx.Import.Graph.Symbols;

/// <summary>Which axes are equal, and which must never be: those of one input, and a batch before and after it is sorted.</summary>
internal sealed class AxisSet
{
    private readonly List<(Axis, Axis)> _apart = [];

    /// <summary>Says that two axes are two.</summary>
    public void KeepApart(Axis one, Axis other) => _apart.Add((one, other));

    /// <summary>Whether two dimensions are equal, or can be: their axes are joined then.</summary>
    public bool Same(Dimension one, Dimension other)
    {
        if (one.Axes.Length != other.Axes.Length) return false;
        for (int i = 0; i < one.Axes.Length; i++)
        {
            if (!Same(one.Axes[i], other.Axes[i])) return false;
        }

        return true;
    }

    /// <summary>The dimensions of the elementwise combination of two values; null where they do not fit.</summary>
    public Dimension[]? Broadcast(Dimension[] one, Dimension[] other)
    {
        var result = new Dimension[Math.Max(one.Length, other.Length)];
        for (int i = 1; i <= result.Length; i++)
        {
            Dimension a = i <= one.Length ? one[^i] : Dimension.One, b = i <= other.Length ? other[^i] : Dimension.One;
            if (a.Axes.Length > 0 && b.Axes.Length > 0 && !Same(a, b)) return null;
            result[^i] = a.Axes.Length > 0 ? a : b;
        }

        return result;
    }

    private bool Same(Axis one, Axis other)
    {
        if (one.Is(other)) return true;
        if (one.Kind != other.Kind || one.IsDirections || one.Size is { } size && other.Size is { } otherSize && size != otherSize) return false;
        foreach ((Axis a, Axis b) in _apart)
        {
            if (a.Is(one) && b.Is(other) || a.Is(other) && b.Is(one)) return false;
        }

        one.Join(other);
        return true;
    }
}
