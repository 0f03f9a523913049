using RnnService.Engine.Layers;
using RnnService.Onnx.Import.Graph.Symbols;

namespace RnnService.Onnx.Import.Graph.Operators;

/// <summary>Part of a dimension: directions, a sequence's end, or all of it.</summary>
internal static class Partition
{
    /// <summary>The sizes of the parts that a Split makes: as it says, or equal ones of which the last may be smaller.</summary>
    public static long[] Sizes(GraphNode node, int size)
    {
        int parts = node.Proto.Output.Count, part = parts == 0 ? 0 : (size + parts - 1) / parts;
        return node.Integers("split") ?? (node.At(1) is { } given ? Constants.Integers(given) : null)
            ?? [.. Enumerable.Range(0, parts).Select(i => Math.Clamp(size - (long)i * part, 0, part))];
    }

    /// <summary>Takes a part; the dimension stays.</summary>
    public static SymbolicValue.Computed Take(GraphNode node, SymbolicValue.Computed computed, int dim, long from, long to)
    {
        Dimension dimension = computed.Dims[dim];
        if (dimension.Size is { } size)
        {
            (from, to) = (Place(from), Place(to));
            if (from == 0 && to == size) return computed;
        }
        else if (from == 0 && to >= int.MaxValue)
        {
            return computed;
        }

        if (dimension.Axes is [{ IsDirections: true }]) return Choose(node, computed, dim, (int)from, (int)to, []);
        if (dimension.Axes is [{ IsDirections: true }, { Size: { } units } axis] && from % units == 0 && to % units == 0)
            return Choose(node, computed, dim, (int)from / units, (int)to / units, [axis]);
        return End(node, computed, dim, from, to);

        long Place(long index) => Math.Clamp(index < 0 ? index + size : index, 0, size);
    }

    private static SymbolicValue.Computed Choose(GraphNode node, SymbolicValue.Computed computed, int dim, int first, int end, Axis[] inner)
    {
        if (first >= end) throw node.Refuse($"it takes nothing of {computed.Describe()}", "one direction or more");
        Role role = computed.Role switch
        {
            Role.States all => all with { Directions = all.Directions[first..end] },
            Role.InitialState all => all with { Directions = all.Directions[first..end] },
            _ => throw node.Misfit(),
        };
        return computed.Replace(dim, Dimension.OfDirections(end - first).Times(new Dimension(inner))) with { Role = role };
    }

    private static SymbolicValue.Computed End(GraphNode node, SymbolicValue.Computed computed, int dim, long from, long to)
    {
        Dimension dimension = computed.Dims[dim];
        if (computed.Role is not Role.States states || computed.Fill != Fill.None || dimension.Axes is not [var time]) throw node.Misfit();
        RecurrentLayer layer = states.Directions[0].Layer;
        bool isEnd = dimension.Size is { } length ? from == length - 1 && to == length : from == -1 && to >= int.MaxValue;
        bool isLast = isEnd && states.Directions.All(direction => !direction.IsReverse);
        bool isFirst = from == 0 && to == 1 && states.Directions.All(direction => direction.IsReverse);
        switch (states.Part)
        {
            case StatePart.StateAndSteps when dim == 0 && from == 1 && to >= int.MaxValue:
                return computed.Replace(dim, new Dimension(layer.Stack.Time)) with { Role = states with { Part = StatePart.Steps } };
            case StatePart.StateAndSteps when dim == 0 && isLast:
            case StatePart.Steps
                when time.Is(layer.Stack.Time) && (isLast || isFirst) && (layer.Lengths is null || layer.Cell == CellKind.Sum):
                return computed.Replace(dim, Dimension.One) with { Role = states with { Part = StatePart.Hidden } };
            case StatePart.Steps when time.Is(layer.Stack.Time) && layer.Lengths is null:
                throw node.Refuse(
                    $"it takes a step of {computed.Describe()} that is not where every direction ends",
                    "the last step of a forward direction, the first of a reverse one, or Y_h");
            case StatePart.Steps when time.Is(layer.Stack.Time):
                throw node.Refuse($"it takes one step of {computed.Describe()}, but sequences end at their lengths", "Y_h");
            default:
                throw node.Misfit();
        }
    }
}
