using RnnService.Engine.Layers;
using RnnService.Engine.Weights;
using RnnService.Onnx.Format;

namespace RnnService.Onnx.Import.Graph;

/// <summary>What lengths serve for: sorting the batch and back, and masks.</summary>
internal sealed partial class GraphWalk
{
    private readonly Dictionary<GraphInput, Axis> _sorted = [];
    private Node? _readsToTheEnd; // pools all steps of the time axis: there must be no lengths

    /// <summary>Takes whole numbers of an input for lengths.</summary>
    private GraphInput? LengthsOf(Value value)
    {
        if (value is not Value.Data { Meaning: Meaning.Given { Input: { Role: InputRole.None or InputRole.Lengths } input } }) return null;
        input.Role = InputRole.Lengths;
        return input;
    }

    // The longest first, as PyTorch packs sequences.
    private Value?[] TopK(Node node)
    {
        Value.Data lengths = NeedData(node, 0);
        if (LengthsOf(lengths) is not { } input || lengths.Dims is not [{ Axes: [var batch] } all]) throw Misfit(node);
        bool areAll = AsShape(Need(node, 1)) is { Sizes: [{ Of: { } count }] } && _axes.Same(count, all);
        if (!areAll || input.Dims is not [{ Axes: [var own] }] || own != batch)
            throw node.Refuse("it sorts other than all lengths as they are given", "all of them, to sort the batch");
        if (!_sorted.TryGetValue(input, out Axis? sorted))
        {
            _sorted.Add(input, sorted = new Axis("sorted batch", AxisKind.Rows));
            _axes.KeepApart(batch, sorted);
        }

        return [lengths with { Dims = [new Extent(sorted)] }, new Value.Data(new Meaning.Order(batch), new Extent(sorted))];
    }

    // The way back: where each place of the sorted batch lay, written the other way round.
    private Value.Data ScatterElements(Node node)
    {
        bool inverts = IsZero(Need(node, 0)) && node.Integer("axis", 0) is 0 or -1 && node.Text("reduction", "none") == "none";
        if (!inverts || Need(node, 1) is not Value.Data { Meaning: Meaning.Order order, Dims: [{ Axes: [var sorted] } places] }
            || !ArePositions(Need(node, 2), places))
        {
            throw node.Refuse("it does not invert the order of a sorted batch", "positions, scattered by that order into zeros,");
        }

        return new Value.Data(new Meaning.Order(sorted), new Extent(order.From));
    }

    // The positions may have been counted for the batch of the exporter's example.
    private bool ArePositions(Value value, Extent places) => value switch
    {
        Value.Data { Meaning: Meaning.Positions, Dims: [var positions] } => _axes.Same(positions, places),
        Value.Stored { Tensor: { Dims.Count: 1 } tensor } when TensorContent.Integers(tensor) is { Length: > 0 } numbers =>
            (places.Size ?? numbers.Length) == numbers.Length && numbers.Select((number, i) => number == i).All(isNext => isNext),
        _ => false,
    };

    // A sequence of no step read as one of a step.
    private Value AtLeast(Node node)
    {
        Value value = Need(node, 0), least = At(node, 1) ?? throw Misfit(node);
        if (value is not Value.Data && node.Op == "Max") (value, least) = (least, value);
        if (LengthsOf(value) is null) throw Misfit(node);
        if (Integer(least) is not (0 or 1) || At(node, 2) is not null)
            throw node.Refuse("it changes lengths above 1", "0 or 1 as the least length");
        return value;
    }

    private Value.Data Compare(Node node)
    {
        Value one = Need(node, 0), other = Need(node, 1);
        string op = node.Op;
        if (op == "Equal")
        {
            if (one is not Value.Data) (one, other) = (other, one);
            if (one is not Value.Data idle || LengthsOf(one) is null || Number(other) != 0) throw Misfit(node);
            return idle with { Meaning = new Meaning.Idle() };
        }

        if (one is Value.Data { Meaning: Meaning.Given })
        {
            (one, other) = (other, one);
            op = op switch { "Less" => "Greater", "LessOrEqual" => "GreaterOrEqual", "Greater" => "Less", _ => "LessOrEqual" };
        }

        if (one is not Value.Data { Meaning: Meaning.Positions } positions) throw Misfit(node);
        if (other is not Value.Data lengths || LengthsOf(other) is not { } by) throw Misfit(node);
        if (op is "LessOrEqual" or "Greater")
            throw node.Refuse("its mask is a step longer than the sequences", "positions less than the lengths, or not less,");
        Extent[]? dims = Broadcast(positions.Dims, lengths.Dims);
        if (dims is null || Axes(dims) != Axes(positions.Dims) + Axes(lengths.Dims))
            throw node.Refuse("positions and lengths extend along one axis", "time and batch");
        return new Value.Data(new Meaning.Mask(op == "Less", by), dims);

        static int Axes(Extent[] dims) => dims.Sum(dim => dim.Axes.Length);
    }

    private Value.Data Not(Node node)
    {
        Value.Data data = NeedData(node, 0);
        return data.Meaning is Meaning.Mask mask ? data with { Meaning = mask with { Inside = !mask.Inside } } : throw Misfit(node);
    }

    private Value.Data Where(Node node)
    {
        Value.Data condition = NeedData(node, 0);
        Value one = Need(node, 1), other = Need(node, 2);
        if (condition.Meaning is Meaning.Idle) return WhereIdle(node, one, other);
        if (condition.Meaning is not Meaning.Mask mask) throw Misfit(node);
        if (!mask.Inside) (one, other) = (other, one);
        if (one is not Value.Data data || Number(other) is not { } outside)
            throw node.Refuse("it does not put a number past the sequences' ends", "one number");
        return FillEnds(node, data, mask, condition.Dims, outside);
    }

    /// <summary>Puts a number past each sequence's end.</summary>
    private Value.Data FillEnds(Node node, Value.Data data, Meaning.Mask mask, Extent[] dims, float outside)
    {
        const float low = -1e4f; // far below any output of a layer
        bool fits = data.Meaning is Meaning.Embedded or Meaning.States { Part: Part.Steps } && dims.Length <= data.Dims.Length;
        if (!fits || data.Fill == Fill.Low || Broadcast(data.Dims, dims) is null) throw Misfit(node);
        if (outside != 0 && !(outside <= low))
            throw node.Refuse($"it puts {outside} past the sequences' ends", $"0, or a number below {low},");
        return data with { Fill = outside == 0 ? Fill.Zero : Fill.Low, FilledBy = mask.Lengths };
    }

    // The state of a sequence without a step is its start.
    private Value.Data WhereIdle(Node node, Value start, Value end)
    {
        if (start is Value.Data { Meaning: Meaning.Start given } && end is Value.Data { Meaning: Meaning.States last } states)
        {
            Layer layer = last.Slots[0].Layer;
            bool fits = last.Part != Part.Steps && last.Slots.SequenceEqual(layer.Slots) && given.Slots.SequenceEqual(StartSlots(layer))
                && given.Input == (last.Part == Part.Hidden ? layer.Hidden : layer.Memory);
            if (fits) return states;
        }

        throw node.Refuse("it does not keep the start of sequences without a step", "the start of a layer, and its last states,");
    }

    /// <summary>The slots of a layer among those of all.</summary>
    private static IEnumerable<int> StartSlots(Layer layer) => Enumerable.Range(layer.Index * layer.Ways.Count, layer.Ways.Count);

    private Value Multiply(Node node)
    {
        if (Arithmetic(node) is { } shape) return shape;
        Value.Data one = NeedData(node, 0), other = NeedData(node, 1);
        if (one.Meaning is Meaning.Mask) (one, other) = (other, one);
        return other.Meaning is Meaning.Mask { Inside: true } mask ? FillEnds(node, one, mask, other.Dims, 0) : throw Misfit(node);
    }

    private Value.Data Reduce(Node node)
    {
        Value.Data data = NeedData(node, 0);
        if (data.Meaning is not Meaning.States { Part: Part.Steps, Slots: var slots } || Top(slots) is not { } layer) throw Misfit(node);
        if (Dimensions(node, data.Dims.Length) is not [var dim] || data.Dims[dim].Axes is not [var time] || !time.Is(layer.Stack.Time))
            throw node.Refuse($"it reduces {Describe(data)} otherwise than over time", "the time axis alone");
        bool ends = _inputs.Any(input => input.Role == InputRole.Lengths);
        if (!ends) _readsToTheEnd ??= node;
        Meaning meaning = node.Op switch
        {
            // Past the end of a sequence a recurrent layer that knows the lengths leaves zero.
            "ReduceSum" when data.Fill == Fill.Zero || data.Fill == Fill.None && layer.Lengths is not null => new Meaning.TimeSum(layer),
            "ReduceMean" when !ends => new Meaning.Pooled(layer, Pooling.Mean),
            "ReduceMax" when data.Fill == Fill.Low || !ends => new Meaning.Pooled(layer, Pooling.Max),
            _ => throw PastEnds(node),
        };
        Extent[] rest = node.Integer("keepdims", 1) != 0 ? [Extent.One] : [];
        return new Value.Data(meaning, [.. data.Dims[..dim], .. rest, .. data.Dims[(dim + 1)..]]);
    }

    private static WeightFormatException PastEnds(Node node) =>
        node.Refuse("it reads what stands past the sequences' ends", "a mask by lengths before it");

    private Value Divide(Node node)
    {
        if (Arithmetic(node) is { } shape) return shape;
        Value.Data sum = NeedData(node, 0);
        if (sum.Meaning is not Meaning.TimeSum { Layer: var layer } || Need(node, 1) is not Value.Data by || LengthsOf(by) is null)
            throw Misfit(node);
        if (by.Dims.Length > sum.Dims.Length || Broadcast(sum.Dims, by.Dims) is not { } dims)
            throw node.Refuse("the sums and the lengths lie otherwise", "a length for each sum");
        return new Value.Data(new Meaning.Pooled(layer, Pooling.Mean), dims);
    }

    /// <summary>The top layer whose directions these are, all and in order; null when they are not.</summary>
    private static Layer? Top(Slot[] slots) =>
        slots[0].Layer is var layer && layer == layer.Stack.Top && slots.SequenceEqual(layer.Slots) ? layer : null;
}
