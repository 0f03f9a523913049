using RnnService.Onnx.Import.Graph.Symbols;

namespace RnnService.Onnx.Import.Graph.Operators;

/// <summary>Operators that choose by index: rows of the embedding, entries of shapes, directions of layers, ends of sequences.</summary>
internal sealed class IndexOperators(GraphContext graph)
{
    public SymbolicValue Gather(GraphNode node)
    {
        SymbolicValue from = node.Need(0), index = node.Need(1);
        long axis = node.Integer("axis", 0);
        if (index is SymbolicValue.Computed { Role: Role.Input } ids && from is SymbolicValue.Constant weight) return Embed(node, weight, ids, axis);
        if (index is SymbolicValue.Computed { Role: Role.SortOrder order, Dims: [var places] } && from is SymbolicValue.Computed sorted)
        {
            int dim = node.Dimension(axis, sorted.Dims.Length);
            if (!graph.Axes.Same(sorted.Dims[dim], new Dimension(order.From)))
                throw node.Refuse($"dimension {dim} of {sorted.Describe()} is not what was sorted", "the batch that its order is of");
            return sorted.Replace(dim, places);
        }

        if (Constants.AsShape(from) is { } shape)
        {
            if (Constants.Integers(index) is not { } chosen || shape.IsScalar) throw node.Misfit();
            int length = shape.Entries.Length;
            if (chosen.Any(i => i < -length || i >= length)) throw node.Refuse("it takes a size beyond the shape", "one of it");
            return new SymbolicValue.Shape([.. chosen.Select(i => shape.Entries[i < 0 ? i + length : i])], Constants.AsShape(index)!.IsScalar);
        }

        if (graph.IsZero(from) && Constants.Integers(index) is not null) return new SymbolicValue.Zeros();
        if (from is SymbolicValue.Computed computed && Constants.AsShape(index) is { } one && Constants.Integer(index) is { } at)
        {
            int dim = node.Dimension(axis, computed.Dims.Length);
            SymbolicValue.Computed part = Partition.Take(node, computed, dim, at, at == -1 ? int.MaxValue : at + 1);
            return one.IsScalar ? part.Replace(dim) : part;
        }

        throw node.Misfit();
    }

    public SymbolicValue Slice(GraphNode node)
    {
        SymbolicValue value = node.Need(0);
        long[] starts = Bounds("starts", 1), ends = Bounds("ends", 2);
        int rank = value switch
        {
            SymbolicValue.Computed computed => computed.Dims.Length,
            _ when Constants.AsShape(value) is not null => 1,
            _ => ShapeOperators.MostDimensions,
        };
        long[] axes = node.Integers("axes") ?? (node.At(3) is { } given ? Constants.Integers(given) : null) ?? [.. starts.Select((_, i) => (long)i)];
        if (ends.Length != starts.Length || axes.Length != starts.Length)
            throw node.Refuse("starts, ends and axes differ in number", "one of each");
        if (node.At(4) is { } steps && (Constants.Integers(steps) is not { } each || each.Any(step => step != 1)))
            throw node.Refuse("it leaves steps out", "steps of 1");
        if (graph.IsZero(value) && Constants.AsShape(value) is null) return new SymbolicValue.Zeros();
        for (int i = 0; i < starts.Length; i++)
        {
            int dim = node.Dimension(axes[i], rank);
            if (Constants.AsShape(value) is { } shape)
            {
                int from = Place(starts[i], shape.Entries.Length), to = Place(ends[i], shape.Entries.Length);
                value = new SymbolicValue.Shape(from < to ? shape.Entries[from..to] : []);
            }
            else
            {
                value = value is SymbolicValue.Computed computed ? Partition.Take(node, computed, dim, starts[i], ends[i]) : throw node.Misfit();
            }
        }

        return value;

        long[] Bounds(string name, int input) => node.Integers(name) ?? Constants.Integers(node.At(input))
            ?? throw node.Refuse($"{name} that are computed", $"{name} that the file holds");

        static int Place(long index, int length) => (int)Math.Clamp(index < 0 ? index + length : index, 0, length);
    }

    public SymbolicValue?[] Split(GraphNode node)
    {
        SymbolicValue value = node.Need(0);
        if (graph.IsZero(value)) return [.. node.Proto.Output.Select(_ => new SymbolicValue.Zeros())];
        if (value is not SymbolicValue.Computed computed) throw node.Misfit();
        int dim = node.Dimension(node.Integer("axis", 0), computed.Dims.Length), parts = node.Proto.Output.Count;
        if (computed.Dims[dim].Size is not { } size) throw node.Misfit();
        long[] sizes = Partition.Sizes(node, size);
        if (sizes.Length != parts || sizes.Any(one => one <= 0 || one > size) || sizes.Sum() != size)
            throw node.Refuse($"{parts} parts of a dimension of {size} with other sizes together", "a part for each output");
        long from = 0;
        return [.. sizes.Select(one => Partition.Take(node, computed, dim, from, from += one))];
    }

    public SymbolicValue Concat(GraphNode node)
    {
        SymbolicValue[] parts = [.. node.Proto.Input.Select((_, i) => node.Need(i))];
        long axis = node.Integer("axis", 0);
        if (parts.All(part => Constants.AsShape(part) is not null))
        {
            ShapeEntry[] entries = [.. parts.SelectMany(part => Constants.AsShape(part)!.Entries).Take(Constants.LongestShape + 1)];
            if (entries.Length > Constants.LongestShape)
                throw node.Refuse("it makes a shape too long", $"at most {Constants.LongestShape} sizes");
            return new SymbolicValue.Shape(entries);
        }

        if (parts.All(graph.IsZero)) return new SymbolicValue.Zeros();
        SymbolicValue.Computed[] computed = [.. parts.OfType<SymbolicValue.Computed>()];
        return computed.Length == parts.Length ? new Concatenation(graph, node, computed, axis).Result() : throw node.Misfit();
    }

    private static SymbolicValue.Computed Embed(GraphNode node, SymbolicValue.Constant constant, SymbolicValue.Computed ids, long axis)
    {
        SymbolicValue.Constant weight = node.Weight(constant, "the embedding", 2);
        if (axis != 0 || weight.Transposed) throw node.Refuse("it looks columns up", "rows, by axis 0");
        RecognizedInput input = ((Role.Input)ids.Role).Source;
        if (!input.TryTake(InputRole.Ids)) throw node.Misfit();
        var embedding = new StackInput(input, input.Dims, weight.Sizes[1]) { Weight = weight };
        var width = new Axis("embedding", AxisKind.Features, embedding.Size);
        return new SymbolicValue.Computed(new Role.Vectors(embedding, width), [.. ids.Dims, new Dimension(width)]);
    }
}
