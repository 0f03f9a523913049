using RnnService.Onnx.Format;
using RnnService.Onnx.Format.Protos;
using RnnService.Onnx.Import.Graph.Symbols;
using DataType = RnnService.Onnx.Format.Protos.TensorProto.Types.DataType;

namespace RnnService.Onnx.Import.Graph.Operators;

/// <summary>Operators that make numbers of their own, or give back what they read.</summary>
internal sealed class ConstantOperators(GraphContext graph)
{
    /// <summary>Constant: a tensor, a number, or whole numbers.</summary>
    public static SymbolicValue Constant(GraphNode node)
    {
        AttributeProto? attribute = node.Proto.Attribute.Count == 1 ? node.Proto.Attribute[0] : null;
        var whole = new TensorProto { DataType = (int)DataType.Int64 };
        switch (attribute?.Name)
        {
            case "value" when node.Tensor("value") is { } tensor:
                return new SymbolicValue.Constant(tensor);
            case "value_float":
                return new SymbolicValue.Constant(new TensorProto { DataType = (int)DataType.Float, FloatData = { node.Number("value_float", 0) } });
            case "value_int":
                whole.Int64Data.Add(node.Integer("value_int", 0));
                return new SymbolicValue.Constant(whole);
            case "value_ints" when node.Integers("value_ints") is { } numbers:
                whole.Dims.Add(numbers.Length);
                whole.Int64Data.AddRange(numbers);
                return new SymbolicValue.Constant(whole);
            default:
                throw node.Refuse($"it holds {attribute?.Name ?? "nothing"}", "a value of numbers");
        }
    }

    /// <summary>Identity: what it reads.</summary>
    public static SymbolicValue Identity(GraphNode node) => node.Need(0);

    /// <summary>Dropout that is off: what it reads.</summary>
    public static SymbolicValue Dropout(GraphNode node)
    {
        if (node.At(2) is { } training && Constants.Number(training) != 0)
            throw node.Refuse("it is on", "a network for use, exported without training");
        return node.Need(0);
    }

    /// <summary>Cast that loses nothing of what the value is used for.</summary>
    public static SymbolicValue Cast(GraphNode node)
    {
        SymbolicValue value = node.Need(0);
        var to = (DataType)node.Integer("to", 0);
        bool toWhole = to is DataType.Int32 or DataType.Int64;
        return value switch
        {
            SymbolicValue.Constant constant when to == DataType.Float && ElementTypes.IsFloat(constant.Tensor.DataType) => constant with { Converted = true },
            SymbolicValue.Constant or SymbolicValue.Shape when toWhole && Constants.AsShape(value) is { } shape => shape,
            SymbolicValue.Constant when to == DataType.Float && Constants.Number(value) is not null => value,
            SymbolicValue.Zeros => value,
            SymbolicValue.Computed { Role: Role.Input or Role.SortOrder or Role.Positions or Role.TokenCount } when toWhole || to == DataType.Float => value,
            SymbolicValue.Computed { Role: Role.Input } input when to == DataType.Bool && LengthOperators.MaskOf(input) is { } mask => mask,
            SymbolicValue.Computed { Role: Role.TokenMask or Role.EmptyMask } when toWhole || to is DataType.Float or DataType.Bool => value,
            SymbolicValue.Computed when to == DataType.Float => value,
            _ => throw node.Refuse($"it makes {ElementTypes.Name((int)to)} of {value.Describe()}", "32-bit floats"),
        };
    }

    /// <summary>ConstantOfShape: zeros.</summary>
    public SymbolicValue ConstantOfShape(GraphNode node)
    {
        if (Constants.AsShape(node.Need(0)) is null) throw node.Misfit();
        if (node.Tensor("value") is { } value && !graph.IsZero(new SymbolicValue.Constant(value)))
            throw node.Refuse("it fills with other numbers than zero", "zeros");
        return new SymbolicValue.Zeros();
    }

    /// <summary>Expand: zeros, and masks, which extend to whatever they are combined with.</summary>
    public SymbolicValue Expand(GraphNode node)
    {
        SymbolicValue value = node.Need(0);
        if (graph.IsZero(value)) return new SymbolicValue.Zeros();
        if (value is SymbolicValue.Computed { Role: Role.Input or Role.TokenMask or Role.TokenCount } mask)
        {
            if (Constants.AsShape(node.Need(1)) is not { } shape || shape.Entries.Length > Constants.LongestShape / 2) throw node.Misfit();
            IEnumerable<Dimension> more = Enumerable.Repeat(Dimension.One, Math.Max(0, shape.Entries.Length - mask.Dims.Length));
            return mask with { Dims = [.. more, .. mask.Dims] };
        }

        if (value is not SymbolicValue.Constant) throw node.Misfit();
        throw node.Refuse($"it repeats {value.Describe()}, which is not zero", "zeros, at the start of a layer");
    }

    /// <summary>Range: 0, 1, 2, … along a dimension.</summary>
    public static SymbolicValue Range(GraphNode node)
    {
        bool counts = Constants.Integer(node.Need(0)) == 0 && Constants.Integer(node.Need(2)) == 1;
        if (!counts || Constants.AsShape(node.Need(1)) is not { Entries: [{ Of: { } dimension }] })
            throw node.Refuse("it counts otherwise than by one from zero to the size of a dimension", "positions");
        return new SymbolicValue.Computed(new Role.Positions(), dimension);
    }
}
