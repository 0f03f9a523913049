using RnnService.Onnx.Import.Graph.Symbols;

namespace RnnService.Onnx.Import.Graph.Operators;

/// <summary>What lengths and masks serve for: sorting the batch and back, and telling what is inside a sequence.</summary>
internal sealed class LengthOperators(GraphContext graph)
{
    private readonly Dictionary<RecognizedInput, Axis> _sorted = [];

    /// <summary>The input whose lengths a value is, or whose tokens it counts; null where it is neither.</summary>
    public static RecognizedInput? LengthsOf(SymbolicValue value) => value switch
    {
        SymbolicValue.Computed { Role: Role.Input { Source: var input } } when input.TryTake(InputRole.Lengths) => input,
        SymbolicValue.Computed { Role: Role.TokenCount { By: var mask } } => mask,
        _ => null,
    };

    /// <summary>A value as a mask; null where it is none. An input over rows and steps is taken for one.</summary>
    public static SymbolicValue.Computed? MaskOf(SymbolicValue? value) => value switch
    {
        SymbolicValue.Computed { Role: Role.TokenMask } mask => mask,
        SymbolicValue.Computed { Role: Role.Input { Source: var input } } given
            when given.Dims.Sum(dim => dim.Axes.Length) == 2 && input.TryTake(InputRole.Mask) =>
            given with { Role = new Role.TokenMask(Inside: true, input) },
        _ => null,
    };

    /// <summary>TopK: the batch sorted, the longest first, as PyTorch packs sequences.</summary>
    public SymbolicValue?[] TopK(GraphNode node)
    {
        SymbolicValue.Computed lengths = node.NeedComputed(0);
        if (LengthsOf(lengths) is not { } input || lengths.Dims is not [{ Axes: [var batch] } all]) throw node.Misfit();
        bool areAll = Constants.AsShape(node.Need(1)) is { Entries: [{ Of: { } count }] } && graph.Axes.Same(count, all);
        if (!areAll || !input.Dims.Any(dim => dim.Axes is [var own] && own == batch))
            throw node.Refuse("it sorts other than all lengths as they are given", "all of them, to sort the batch");
        if (!_sorted.TryGetValue(input, out Axis? sorted))
        {
            _sorted.Add(input, sorted = new Axis("sorted batch", AxisKind.Rows));
            graph.Axes.KeepApart(batch, sorted);
        }

        var rows = new Dimension(sorted);
        return [lengths with { Dims = [rows] }, new SymbolicValue.Computed(new Role.SortOrder(batch), rows)];
    }

    /// <summary>ScatterElements: the order that sorts a sorted batch back.</summary>
    public SymbolicValue ScatterElements(GraphNode node)
    {
        bool inverts = graph.IsZero(node.Need(0)) && node.Integer("axis", 0) is 0 or -1 && node.Text("reduction", "none") == "none";
        if (!inverts || node.Need(1) is not SymbolicValue.Computed { Role: Role.SortOrder order, Dims: [{ Axes: [var sorted] } places] }
            || !ArePositions(node.Need(2), places))
        {
            throw node.Refuse("it does not invert the order of a sorted batch", "positions, scattered by that order into zeros");
        }

        return new SymbolicValue.Computed(new Role.SortOrder(sorted), new Dimension(order.From));
    }

    /// <summary>Max and Clip: lengths of at least one step, and sums of a mask that nothing is divided by zero with.</summary>
    public static SymbolicValue AtLeast(GraphNode node)
    {
        SymbolicValue value = node.Need(0), least = node.At(1) ?? throw node.Misfit();
        if (value is not SymbolicValue.Computed && node.Op == "Max") (value, least) = (least, value);
        if (LengthsOf(value) is null) throw node.Misfit();
        bool changesNothing = value is SymbolicValue.Computed { Role: Role.TokenCount }
            ? Constants.Number(least) is >= 0 and <= 1
            : Constants.Integer(least) is 0 or 1;
        if (!changesNothing || node.At(2) is not null) throw node.Refuse("it changes lengths above 1", "0 or 1 as the least length");
        return value;
    }

    /// <summary>Less, Greater and their like: positions beside lengths; and a mask beside a number.</summary>
    public SymbolicValue Compare(GraphNode node)
    {
        SymbolicValue one = node.Need(0), other = node.Need(1);
        string op = node.Op;
        if (one is not SymbolicValue.Computed { Role: Role.Positions } && other is SymbolicValue.Computed
            || one is not SymbolicValue.Computed)
        {
            (one, other) = (other, one);
            op = op switch { "Less" => "Greater", "LessOrEqual" => "GreaterOrEqual", "Greater" => "Less", "GreaterOrEqual" => "LessOrEqual", _ => op };
        }

        if (Constants.Number(other) is { } number && MaskOf(one) is { } mask)
            return Holds(op, 1, number) != Holds(op, 0, number) ? Turned(mask, Holds(op, 1, number)) : throw node.Misfit();
        if (op == "Equal")
        {
            if (one is not SymbolicValue.Computed empty || LengthsOf(one) is null || Constants.Number(other) != 0) throw node.Misfit();
            return empty with { Role = new Role.EmptyMask() };
        }

        if (one is not SymbolicValue.Computed { Role: Role.Positions } positions) throw node.Misfit();
        if (other is not SymbolicValue.Computed lengths || LengthsOf(other) is not { } by) throw node.Misfit();
        if (op is "LessOrEqual" or "Greater")
            throw node.Refuse("its mask is a step longer than the sequences", "positions less than the lengths, or not less");
        Dimension[]? dims = graph.Axes.Broadcast(positions.Dims, lengths.Dims);
        if (dims is null || Axes(dims) != Axes(positions.Dims) + Axes(lengths.Dims))
            throw node.Refuse("positions and lengths extend along one axis", "time and batch");
        return new SymbolicValue.Computed(new Role.TokenMask(op == "Less", by), dims);

        static int Axes(Dimension[] dims) => dims.Sum(dim => dim.Axes.Length);
    }

    /// <summary>Not: a mask turned round.</summary>
    public static SymbolicValue Not(GraphNode node) => Turned(MaskOf(node.Need(0)) ?? throw node.Misfit(), keep: false);

    /// <summary>Sub: 1 less a mask.</summary>
    public static SymbolicValue? Complement(GraphNode node) =>
        Constants.Number(node.Need(0)) == 1 && MaskOf(node.Need(1)) is { } mask ? Turned(mask, keep: false) : null;

    /// <summary>Where: a number past each sequence's end, or the initial state of sequences without a step.</summary>
    public SymbolicValue Where(GraphNode node)
    {
        SymbolicValue.Computed condition = node.NeedComputed(0);
        SymbolicValue one = node.Need(1), other = node.Need(2);
        if (condition.Role is Role.EmptyMask) return StateOfEmpty(node, one, other);
        if (MaskOf(condition) is not { Role: Role.TokenMask mask }) throw node.Misfit();
        bool inside = one is SymbolicValue.Computed;
        if (!inside) (one, other) = (other, one);
        if (one is not SymbolicValue.Computed computed || Constants.Number(other) is not { } outside || !mask.Means(inside))
            throw node.Refuse("it does not put a number past the sequences' ends", "one number");
        return FillEnds(node, computed, mask, condition.Dims, outside);
    }

    /// <summary>Mul: zero past each sequence's end; null where neither value is a mask.</summary>
    public SymbolicValue? Masked(GraphNode node)
    {
        SymbolicValue one = node.Need(0), other = node.Need(1);
        if (MaskOf(other) is null) (one, other) = (other, one);
        if (one is not SymbolicValue.Computed computed || MaskOf(other) is not { Role: Role.TokenMask mask } by) return null;
        if (!mask.Means(inside: true)) throw node.Misfit();
        return FillEnds(node, computed, mask, by.Dims, 0);
    }

    private static bool Holds(string op, float value, float number) => op switch
    {
        "Equal" => value == number,
        "Less" => value < number,
        "LessOrEqual" => value <= number,
        "Greater" => value > number,
        _ => value >= number,
    };

    private static SymbolicValue.Computed Turned(SymbolicValue.Computed mask, bool keep) =>
        mask.Role is Role.TokenMask role && !keep ? mask with { Role = role with { Inside = !role.Inside } } : mask;

    private SymbolicValue.Computed FillEnds(GraphNode node, SymbolicValue.Computed computed, Role.TokenMask mask, Dimension[] dims, float outside)
    {
        const float low = -1e4f; // far below any output of a layer
        if (computed.Role is Role.Answer { Head: { Pooling: null, Outputs.Size: 1 } })
            throw node.Refuse("it masks a score of each step, for attention", "the last states, a mean or a maximum over time");
        bool fits = computed.Role is Role.Vectors or Role.States { Part: StatePart.Steps } or Role.DirectionSum { Part: StatePart.Steps }
            && dims.Length <= computed.Dims.Length;
        if (!fits || computed.Fill == Fill.Low || graph.Axes.Broadcast(computed.Dims, dims) is null) throw node.Misfit();
        if (outside != 0 && !(outside <= low))
            throw node.Refuse($"it puts {outside} past the sequences' ends", $"0, or a number below {low}");
        return computed with { Fill = outside == 0 ? Fill.Zero : Fill.Low, FilledBy = mask.By };
    }

    // The state of a sequence without a step is its initial one.
    private static SymbolicValue.Computed StateOfEmpty(GraphNode node, SymbolicValue start, SymbolicValue end)
    {
        if (start is SymbolicValue.Computed { Role: Role.InitialState given } && end is SymbolicValue.Computed { Role: Role.States last } states)
        {
            RecurrentLayer layer = last.Directions[0].Layer;
            bool fits = last.Part != StatePart.Steps && last.Directions.SequenceEqual(layer.Directions) && given.Directions.SequenceEqual(layer.Places)
                && given.Source == (last.Part == StatePart.Hidden ? layer.Hidden : layer.CellState);
            if (fits) return states;
        }

        throw node.Refuse("it does not keep the start of sequences without a step", "the start of a layer, and its last states");
    }

    // The positions may have been counted for the batch of the exporter's example.
    private bool ArePositions(SymbolicValue value, Dimension places) => value switch
    {
        SymbolicValue.Computed { Role: Role.Positions, Dims: [var positions] } => graph.Axes.Same(positions, places),
        SymbolicValue.Constant { Tensor: { Dims.Count: 1 } tensor } when Format.TensorContent.Integers(tensor) is { Length: > 0 } numbers =>
            (places.Size ?? numbers.Length) == numbers.Length && numbers.Select((number, i) => number == i).All(isNext => isNext),
        _ => false,
    };
}
