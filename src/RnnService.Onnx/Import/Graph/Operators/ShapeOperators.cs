using RnnService.Onnx.Import.Graph.Symbols;

namespace RnnService.Onnx.Import.Graph.Operators;

/// <summary>Operators that move numbers and change none, and the shapes they are told.</summary>
internal sealed class ShapeOperators(GraphContext graph)
{
    /// <summary>Dimensions of the largest tensor that a runtime takes.</summary>
    public const int MostDimensions = 32;

    public static SymbolicValue Transpose(GraphNode node)
    {
        SymbolicValue value = node.Need(0);
        return value switch
        {
            SymbolicValue.Zeros => value,
            SymbolicValue.Constant { Tensor.Dims.Count: 2 } constant =>
                node.Permutation(2) is [1, 0] ? constant with { Transposed = !constant.Transposed } : constant,
            SymbolicValue.Computed computed =>
                computed with { Dims = [.. node.Permutation(computed.Dims.Length).Select(dim => computed.Dims[dim])] },
            _ => throw node.Misfit(),
        };
    }

    public SymbolicValue Squeeze(GraphNode node)
    {
        SymbolicValue value = node.Need(0);
        if (Constants.AsShape(value) is { Entries: [var entry] }) return new SymbolicValue.Shape([entry], IsScalar: true);
        if (graph.IsZero(value)) return new SymbolicValue.Zeros();
        if (value is not SymbolicValue.Computed computed) throw node.Misfit();
        int[] dims = node.Dimensions(computed.Dims.Length)
            ?? [.. Enumerable.Range(0, computed.Dims.Length).Where(dim => computed.Dims[dim].Size == 1)];
        foreach (int dim in dims)
        {
            if (computed.Dims[dim].Size != 1)
                throw node.Refuse($"dimension {dim} of {computed.Describe()} is not known to be 1", "a dimension of 1");
        }

        return computed with { Dims = [.. computed.Dims.Where((_, dim) => !dims.Contains(dim))] };
    }

    public SymbolicValue Unsqueeze(GraphNode node)
    {
        SymbolicValue value = node.Need(0);
        if (Constants.AsShape(value) is { IsScalar: true } shape) return shape with { IsScalar = false };
        if (graph.IsZero(value)) return new SymbolicValue.Zeros();
        if (value is not SymbolicValue.Computed computed) throw node.Misfit();
        long[] axes = node.Axes() ?? throw node.Refuse("no axes", "the axes that it adds");
        int rank = computed.Dims.Length + axes.Length;
        if (rank > MostDimensions) throw node.Refuse($"{rank} dimensions", $"at most {MostDimensions}");
        List<Dimension> dims = [.. computed.Dims];
        foreach (int dim in axes.Select(axis => node.Dimension(axis, rank)).Order()) dims.Insert(dim, Dimension.One);
        return computed with { Dims = [.. dims] };
    }

    public SymbolicValue Reshape(GraphNode node)
    {
        SymbolicValue value = node.Need(0);
        if (Constants.AsShape(node.Need(1)) is not { } target)
            throw node.Refuse("the new shape is not known", "one made of numbers and dimensions");
        if (Constants.AsShape(value) is { } shape && target.Entries.Length <= 1) return shape with { IsScalar = target.Entries.Length == 0 };
        if (graph.IsZero(value)) return new SymbolicValue.Zeros();
        if (value is not SymbolicValue.Computed computed) throw node.Misfit();
        bool zeroIsZero = node.Integer("allowzero", 0) != 0 && target.Entries.Any(entry => entry.Number == 0);
        Dimension[]? dims = zeroIsZero ? null : new Reshaping(graph.Axes, computed.Dims, target.Entries).Result();
        if (dims is null)
            throw node.Refuse($"{computed.Describe()} does not take the new shape dimension by dimension", "one that joins or splits them");
        return computed with { Dims = dims };
    }

    public static SymbolicValue Flatten(GraphNode node)
    {
        SymbolicValue.Computed computed = node.NeedComputed(0);
        int dim = (int)Math.Clamp(node.Integer("axis", 1), -computed.Dims.Length, computed.Dims.Length);
        if (dim < 0) dim += computed.Dims.Length;
        return computed with { Dims = [Joined(computed.Dims[..dim]), Joined(computed.Dims[dim..])] };

        static Dimension Joined(Dimension[] dims) => new([.. dims.SelectMany(dimension => dimension.Axes)]);
    }

    /// <summary>Shape: the dimensions of a value.</summary>
    public static SymbolicValue Shape(GraphNode node)
    {
        ShapeEntry[] entries = node.Need(0) switch
        {
            SymbolicValue.Computed computed => [.. computed.Dims.Select(ShapeEntry.SizeOf)],
            SymbolicValue.Constant { Transposed: false } constant => [.. constant.Sizes.Select(size => new ShapeEntry(size))],
            SymbolicValue.Shape shape => shape.IsScalar ? [] : [new ShapeEntry(shape.Entries.Length)],
            _ => throw node.Misfit(),
        };
        int start = Place(node.Integer("start", 0)), end = Place(node.Integer("end", int.MaxValue));
        return new SymbolicValue.Shape(start < end ? entries[start..end] : []);

        int Place(long index) => (int)Math.Clamp(index < 0 ? index + entries.Length : index, 0, entries.Length);
    }

    /// <summary>ReduceProd: the number of elements of a shape.</summary>
    public static SymbolicValue ReduceProd(GraphNode node)
    {
        if (Constants.AsShape(node.Need(0)) is not { } shape) throw node.Misfit();
        ShapeEntry product = shape.Entries.Aggregate(new ShapeEntry(1), (one, other) => Compute("Mul", one, other));
        return new SymbolicValue.Shape([product], IsScalar: node.Integer("keepdims", 1) == 0);
    }

    /// <summary>Arithmetic on sizes; null where a value is none.</summary>
    public static SymbolicValue.Shape? Arithmetic(GraphNode node)
    {
        if (Constants.AsShape(node.Need(0)) is not { } one || Constants.AsShape(node.Need(1)) is not { } other) return null;
        int length = Math.Max(one.Entries.Length, other.Entries.Length);
        if (one.Entries.Length != length && one.Entries.Length != 1 || other.Entries.Length != length && other.Entries.Length != 1)
            throw node.Refuse($"{one.Entries.Length} sizes beside {other.Entries.Length}", "as many");
        var entries = new ShapeEntry[length];
        for (int i = 0; i < length; i++)
            entries[i] = Compute(node.Op, one.Entries[one.Entries.Length == 1 ? 0 : i], other.Entries[other.Entries.Length == 1 ? 0 : i]);
        return new SymbolicValue.Shape(entries, one.IsScalar && other.IsScalar);
    }

    private static ShapeEntry Compute(string op, ShapeEntry one, ShapeEntry other)
    {
        if (one.Number is { } a && other.Number is { } b)
        {
            Int128 result = op switch
            {
                "Add" => (Int128)a + b,
                "Sub" => (Int128)a - b,
                "Mul" => (Int128)a * b,
                _ => b == 0 ? Int128.MaxValue : (Int128)a / b,
            };
            return new ShapeEntry(result >= int.MinValue && result <= int.MaxValue ? (long)result : null);
        }

        if (op != "Mul") return new ShapeEntry(null);
        if (one.Number == 1) return other;
        if (other.Number == 1) return one;
        return one.Of is { } outer && other.Of is { } inner && outer.Axes.Length + inner.Axes.Length <= Dimension.MostAxes
            ? ShapeEntry.SizeOf(outer.Times(inner))
            : new ShapeEntry(null);
    }
}
