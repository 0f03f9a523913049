using RnnService.Onnx.Format;
using RnnService.Onnx.Format.Protos;
using static RnnService.Engine.Weights.WeightFormatException;
using AttributeType = RnnService.Onnx.Format.Protos.AttributeProto.Types.AttributeType;
using DataType = RnnService.Onnx.Format.Protos.TensorProto.Types.DataType;

namespace RnnService.Onnx.Import.Graph.Symbols;

/// <summary>A node of the graph: its attributes, what its inputs are, and how it is refused.</summary>
internal sealed class GraphNode(GraphContext graph, int index, NodeProto proto)
{
    public NodeProto Proto { get; } = proto;

    /// <summary>The operator.</summary>
    public string Op => Proto.OpType;

    /// <summary>The node as messages name it.</summary>
    public string Place => OnnxFormatException.NodePlace(index, Proto);

    /// <summary>A whole number.</summary>
    public long Integer(string name, long otherwise) => Find(name, AttributeType.Int)?.I ?? otherwise;

    /// <summary>A number.</summary>
    public float Number(string name, float otherwise) => Find(name, AttributeType.Float)?.F ?? otherwise;

    /// <summary>A text.</summary>
    public string Text(string name, string otherwise) => Find(name, AttributeType.String)?.S.ToStringUtf8() ?? otherwise;

    /// <summary>Whole numbers; null where there are none.</summary>
    public long[]? Integers(string name) => Find(name, AttributeType.Ints)?.Ints.ToArray();

    /// <summary>A tensor; null where there is none.</summary>
    public TensorProto? Tensor(string name) => Find(name, AttributeType.Tensor)?.T;

    /// <summary>An attribute of a type; null where there is none.</summary>
    public AttributeProto? Find(string name, AttributeType type)
    {
        AttributeProto? attribute = Proto.Attribute.FirstOrDefault(attribute => attribute.Name == name);
        if (attribute is null || attribute.Type == (int)type) return attribute;
        throw Refuse($"attribute {Quote(name)} is of type {attribute.Type}", $"type {(int)type}");
    }

    /// <summary>An input; null where it is left out.</summary>
    public SymbolicValue? At(int input)
    {
        if (input >= Proto.Input.Count || Proto.Input[input] is not { Length: > 0 } name) return null;
        return graph.Find(name) ?? throw Refuse($"input {Quote(name)} is none of the outputs known of its operator", "one of these");
    }

    /// <summary>An input that must be there.</summary>
    public SymbolicValue Need(int input) => At(input) ?? throw Refuse($"input {input} is missing", "a value");

    /// <summary>An input that must depend on the graph's inputs.</summary>
    public SymbolicValue.Computed NeedComputed(int input) => Need(input) as SymbolicValue.Computed ?? throw Misfit();

    /// <summary>A tensor of floats with a number of dimensions.</summary>
    /// <param name="value">The value.</param>
    /// <param name="what">What it is, for messages.</param>
    /// <param name="rank">Its dimensions.</param>
    public SymbolicValue.Constant Weight(SymbolicValue value, string what, int rank)
    {
        if (value is not SymbolicValue.Constant constant) throw Refuse($"{what} is {value.Describe()}", "a tensor of the file");
        if (constant.Tensor.DataType != (int)DataType.Float && !constant.Converted)
            throw Refuse($"{what} is of {ElementTypes.Name(constant.Tensor.DataType)}", "FLOAT");
        if (constant.Tensor.Dims.Count != rank) throw Refuse($"{what} has {constant.Tensor.Dims.Count} dimensions", $"{rank}");
        return constant;
    }

    /// <summary>The index of a dimension.</summary>
    public int Dimension(long axis, int rank)
    {
        if (axis < -rank || axis >= rank) throw Refuse($"axis {axis} of {rank} dimensions", "one of them");
        return (int)(axis < 0 ? axis + rank : axis);
    }

    /// <summary>Dimensions that an attribute names, or an input since opset 13, in order; null where none are named.</summary>
    public int[]? Dimensions(int rank) => Axes() is { } axes ? [.. axes.Select(axis => Dimension(axis, rank)).Distinct().Order()] : null;

    /// <summary>Axes that an attribute names, or an input since opset 13; null where none are named.</summary>
    public long[]? Axes()
    {
        if (Integers("axes") is { } axes) return axes;
        if (At(1) is not { } given) return null;
        return Constants.Integers(given) ?? throw Refuse("axes that are computed", "axes that the file holds");
    }

    /// <summary>The order of dimensions that a Transpose makes.</summary>
    public int[] Permutation(int rank)
    {
        long[] order = Integers("perm") ?? [.. Enumerable.Range(0, rank).Reverse().Select(dim => (long)dim)];
        if (!order.Order().SequenceEqual(Enumerable.Range(0, rank).Select(dim => (long)dim)))
            throw Refuse($"perm [{string.Join(", ", order.Take(8))}] of {rank} dimensions", "each of them once");
        return [.. order.Select(dim => (int)dim)];
    }

    /// <summary>An exception that names the node: what was found, what was expected, and what to change in the export.</summary>
    public OnnxFormatException Refuse(string found, string expected, string? advice = null) =>
        new(graph.File.Path, Place, $"{found}; expected {expected}", advice: advice);

    /// <summary>An exception that says that the operator serves no purpose with what it reads.</summary>
    public OnnxFormatException Misfit()
    {
        SymbolicValue? reads = null;
        foreach (string name in Proto.Input)
        {
            if (graph.Find(name) is not { } value) continue;
            if (reads is null || reads is not SymbolicValue.Computed && value is SymbolicValue.Computed) reads = value;
        }

        return reads is null
            ? Refuse("it makes numbers of its own", "an operator of a recurrent network")
            : Refuse($"it reads {reads.Describe()}", reads.ExpectedAfter());
    }
}
