using RnnService.Engine.Layers;
using RnnService.Onnx.Format;
using RnnService.Onnx.Import.Graph.Symbols;

namespace RnnService.Onnx.Import.Graph.Operators;

/// <summary>Reductions: one vector of all steps, the sum of both directions, the tokens that a mask counts.</summary>
internal sealed class PoolingOperators(GraphContext graph)
{
    /// <summary>An exception that says that a node reads padding.</summary>
    public static OnnxFormatException ReadsPadding(GraphNode node) =>
        node.Refuse("it reads what stands past the sequences' ends", "a mask by lengths before it");

    /// <summary>ReduceSum, ReduceMean and ReduceMax.</summary>
    public SymbolicValue Reduce(GraphNode node)
    {
        SymbolicValue.Computed computed = node.NeedComputed(0);
        int[] dims = node.Dimensions(computed.Dims.Length) ?? [];
        Dimension[] rest = node.Integer("keepdims", 1) != 0 ? [Dimension.One] : [];
        if (node.Op == "ReduceSum" && LengthOperators.MaskOf(computed) is { Role: Role.TokenMask mask } counted)
        {
            if (dims is not [var steps] || counted.Dims[steps].Axes.Length != 1 || !mask.Means(inside: true)) throw node.Misfit();
            return counted.Replace(steps, rest) with { Role = new Role.TokenCount(mask.By) };
        }

        if (dims is [var directions] && computed.Dims[directions].Axes is [{ IsDirections: true }])
            return OverDirections(node, computed).Replace(directions, rest);
        (RecurrentLayer? layer, float? share) = computed.Role switch
        {
            Role.States { Part: StatePart.Steps } states => (states.Top, (float?)null),
            Role.DirectionSum { Part: StatePart.Steps } sum => (sum.Layer, sum.Share),
            _ => (null, null),
        };
        if (layer is null) throw node.Misfit();
        if (dims is not [var dim] || computed.Dims[dim].Axes is not [var time] || !time.Is(layer.Stack.Time))
            throw node.Refuse($"it reduces {computed.Describe()} otherwise than over time", "the time axis alone");
        return new SymbolicValue.Computed(OverTime(node, computed, layer, share), [.. computed.Dims[..dim], .. rest, .. computed.Dims[(dim + 1)..]]);
    }

    /// <summary>GlobalAveragePool and GlobalMaxPool: over the steps of [batch, units, time].</summary>
    public SymbolicValue PoolGlobally(GraphNode node)
    {
        SymbolicValue.Computed computed = node.NeedComputed(0);
        bool fits = computed.Role is Role.States { Part: StatePart.Steps, Top: not null } && computed.Dims.Length == 3;
        RecurrentLayer? layer = (computed.Role as Role.States)?.Top;
        if (!fits || computed.Dims[2].Axes is not [var time] || !time.Is(layer!.Stack.Time)) throw node.Misfit();
        return computed.Replace(2, Dimension.One) with { Role = OverTime(node, computed, layer, share: null), Fill = Fill.None };
    }

    /// <summary>Div: sums over time divided by lengths; null where there are no sums.</summary>
    public SymbolicValue? Mean(GraphNode node)
    {
        if (node.NeedComputed(0) is not { Role: Role.TimeSum sum } sums) return null;
        if (node.Need(1) is not SymbolicValue.Computed by || LengthOperators.LengthsOf(by) is null) throw node.Misfit();
        if (by.Dims.Length > sums.Dims.Length || graph.Axes.Broadcast(sums.Dims, by.Dims) is not { } dims)
            throw node.Refuse("the sums and the lengths lie otherwise", "a length for each sum");
        return new SymbolicValue.Computed(new Role.Pooled(sum.Layer, Pooling.Mean, sum.Share), dims);
    }

    /// <summary>Add: the two directions of the top layer; null where the values are none.</summary>
    public SymbolicValue? AddDirections(GraphNode node)
    {
        if (node.Need(0) is not SymbolicValue.Computed { Role: Role.States one } left) return null;
        if (node.Need(1) is not SymbolicValue.Computed { Role: Role.States other } right) return null;
        RecurrentLayer layer = one.Directions[0].Layer;
        bool areBoth = layer == layer.Stack.Top && one.Part == other.Part && one.Part is StatePart.Steps or StatePart.Hidden
            && one.Directions is [var first] && other.Directions is [var second] && layer.Reverses.Count == 2
            && new HashSet<LayerDirection>([first, second]).SetEquals(layer.Directions);
        if (!areBoth || left.Fill != right.Fill || left.Fill == Fill.Low || left.Dims.Length != right.Dims.Length
            || graph.Axes.Broadcast(left.Dims, right.Dims) is not { } dims)
        {
            return null;
        }

        return left with { Role = new Role.DirectionSum(one.Part, layer, 1), Dims = dims };
    }

    /// <summary>Mul and Div: a sum of directions times a number; null where there is none.</summary>
    public static SymbolicValue? Scale(GraphNode node)
    {
        SymbolicValue one = node.Need(0), other = node.Need(1);
        if (one is not SymbolicValue.Computed && node.Op == "Mul") (one, other) = (other, one);
        if (one is not SymbolicValue.Computed { Role: Role.DirectionSum sum } computed || Constants.Number(other) is not { } number) return null;
        float share = node.Op == "Div" ? sum.Share / number : sum.Share * number;
        return float.IsFinite(share) ? computed with { Role = sum with { Share = share } } : null;
    }

    private static SymbolicValue.Computed OverDirections(GraphNode node, SymbolicValue.Computed computed)
    {
        if (computed.Role is not Role.States { Part: StatePart.Steps or StatePart.Hidden, Top: { } layer } states || computed.Fill == Fill.Low
            || node.Op == "ReduceMax")
        {
            throw node.Misfit();
        }

        float share = node.Op == "ReduceMean" ? 1f / layer.Reverses.Count : 1;
        return computed with { Role = new Role.DirectionSum(states.Part, layer, share) };
    }

    private Role OverTime(GraphNode node, SymbolicValue.Computed computed, RecurrentLayer layer, float? share)
    {
        bool knowsEnds = graph.KnowsEnds;
        if (!knowsEnds) graph.ReadsPadding ??= node;
        return node.Op switch
        {
            // Past the end of a sequence a recurrent layer that knows the lengths leaves zero.
            "ReduceSum" when computed.Fill == Fill.Zero || computed.Fill == Fill.None && layer.Lengths is not null => new Role.TimeSum(layer, share),
            "ReduceMean" or "GlobalAveragePool" when !knowsEnds => new Role.Pooled(layer, Pooling.Mean, share),
            "ReduceMax" or "GlobalMaxPool" when share is null && (computed.Fill == Fill.Low || !knowsEnds) => new Role.Pooled(layer, Pooling.Max, null),
            "ReduceMax" when share is not null => throw node.Misfit(),
            _ => throw ReadsPadding(node),
        };
    }
}
