using System.Buffers.Binary;
using System.Globalization;
using Google.Protobuf;
using RnnService.Onnx.Format.Protos;
using AttributeType = RnnService.Onnx.Format.Protos.AttributeProto.Types.AttributeType;
using DataType = RnnService.Onnx.Format.Protos.TensorProto.Types.DataType;

namespace RnnService.Onnx.Format;

/// <summary>
/// Writes an ONNX graph node by node. Values go by their names: what a node is given and what it returns. A node is called after its
/// output. Where the operator sets 14 to 21 differ, one method here knows how. Not thread-safe.
/// </summary>
internal sealed class GraphWriter(int opset)
{
    private readonly HashSet<string> _tensors = new(StringComparer.Ordinal);

    /// <summary>The graph so far.</summary>
    public GraphProto Graph { get; } = new();

    /// <summary>Adds an input; a dimension is a size or a name.</summary>
    public string Input(string name, DataType type, string doc, params ReadOnlySpan<Size> sizes)
    {
        Graph.Input.Add(Value(name, type, doc, sizes));
        return name;
    }

    /// <summary>Makes a value an output.</summary>
    public void Output(string name, string doc, params ReadOnlySpan<Size> sizes) =>
        Graph.Output.Add(Value(name, DataType.Float, doc, sizes));

    /// <summary>Adds a node with one output.</summary>
    public string Node(string op, string output, ReadOnlySpan<string> inputs, params ReadOnlySpan<AttributeProto> attributes)
    {
        Node(op, [output], inputs, attributes);
        return output;
    }

    /// <summary>Adds a node. An empty name stands for an input or output left out.</summary>
    public void Node(
        string op, ReadOnlySpan<string> outputs, ReadOnlySpan<string> inputs, params ReadOnlySpan<AttributeProto> attributes)
    {
        int used = inputs.Length;
        while (used > 0 && inputs[used - 1].Length == 0) used--;
        var node = new NodeProto { OpType = op, Name = outputs[0] };
        node.Input.AddRange(inputs[..used].ToArray());
        node.Output.AddRange(outputs.ToArray());
        node.Attribute.AddRange(attributes.ToArray());
        Graph.Node.Add(node);
    }

    /// <summary>A float tensor, stored once under its name.</summary>
    public string Floats(string name, ReadOnlySpan<long> shape, ReadOnlySpan<float> values)
    {
        if (!_tensors.Add(name)) return name;
        byte[] bytes = new byte[values.Length * sizeof(float)];
        for (int i = 0; i < values.Length; i++) BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(i * sizeof(float)), values[i]);
        return Store(name, DataType.Float, shape, bytes);
    }

    /// <summary>A float without dimensions.</summary>
    public string Float(float value) => Floats("float." + value.ToString("R", CultureInfo.InvariantCulture), [], [value]);

    /// <summary>A list of whole numbers.</summary>
    public string Integers(params ReadOnlySpan<long> values) =>
        Integers("integers." + string.Join('.', values.ToArray()), [values.Length], values);

    /// <summary>A whole number without dimensions.</summary>
    public string Integer(long value) => Integers(string.Create(CultureInfo.InvariantCulture, $"integer.{value}"), [], [value]);

    /// <summary>The sum, or another reduction, over one axis, which goes away.</summary>
    public string Reduce(string op, string output, string x, int axis)
    {
        // The axes are an input of ReduceSum from 13 on, of its relatives from 18 on.
        return op == "ReduceSum" || opset >= 18
            ? Node(op, output, [x, Integers(axis)], Attribute("keepdims", 0))
            : Node(op, output, [x], Attribute("axes", [axis]), Attribute("keepdims", 0));
    }

    /// <summary>Changes the order of dimensions.</summary>
    public string Transpose(string output, string x, params ReadOnlySpan<long> order) =>
        Node("Transpose", output, [x], Attribute("perm", order));

    /// <summary>Adds a dimension of 1.</summary>
    public string Unsqueeze(string output, string x, int axis) => Node("Unsqueeze", output, [x, Integers(axis)]);

    /// <summary>Takes a dimension of 1 away.</summary>
    public string Squeeze(string output, string x, int axis) => Node("Squeeze", output, [x, Integers(axis)]);

    /// <summary>Joins values along an axis.</summary>
    public string Concat(string output, ReadOnlySpan<string> values, int axis) => Node("Concat", output, values, Attribute("axis", axis));

    /// <summary>Converts numbers.</summary>
    public string Cast(string output, string x, DataType type) => Node("Cast", output, [x], Attribute("to", (long)type));

    /// <summary>A whole number as an attribute.</summary>
    public static AttributeProto Attribute(string name, long value) => new() { Name = name, Type = (int)AttributeType.Int, I = value };

    /// <summary>A text as an attribute.</summary>
    public static AttributeProto Attribute(string name, string value) =>
        new() { Name = name, Type = (int)AttributeType.String, S = ByteString.CopyFromUtf8(value) };

    /// <summary>Whole numbers as an attribute.</summary>
    public static AttributeProto Attribute(string name, ReadOnlySpan<long> values)
    {
        var attribute = new AttributeProto { Name = name, Type = (int)AttributeType.Ints };
        attribute.Ints.AddRange(values.ToArray());
        return attribute;
    }

    /// <summary>Texts as an attribute.</summary>
    public static AttributeProto Attribute(string name, IEnumerable<string> values)
    {
        var attribute = new AttributeProto { Name = name, Type = (int)AttributeType.Strings };
        attribute.Strings.AddRange(values.Select(ByteString.CopyFromUtf8));
        return attribute;
    }

    private static ValueInfoProto Value(string name, DataType type, string doc, ReadOnlySpan<Size> sizes)
    {
        var shape = new TensorShapeProto();
        foreach (Size size in sizes)
        {
            shape.Dim.Add(size.Name is null
                ? new TensorShapeProto.Types.Dimension { DimValue = size.Value }
                : new TensorShapeProto.Types.Dimension { DimParam = size.Name });
        }

        return new ValueInfoProto
        {
            Name = name,
            DocString = doc,
            Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)type, Shape = shape } },
        };
    }

    private string Integers(string name, ReadOnlySpan<long> shape, ReadOnlySpan<long> values)
    {
        if (!_tensors.Add(name)) return name;
        byte[] bytes = new byte[values.Length * sizeof(long)];
        for (int i = 0; i < values.Length; i++) BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(i * sizeof(long)), values[i]);
        return Store(name, DataType.Int64, shape, bytes);
    }

    private string Store(string name, DataType type, ReadOnlySpan<long> shape, byte[] bytes)
    {
        var tensor = new TensorProto { Name = name, DataType = (int)type, RawData = UnsafeByteOperations.UnsafeWrap(bytes) };
        tensor.Dims.AddRange(shape.ToArray());
        Graph.Initializer.Add(tensor);
        return name;
    }

    /// <summary>A dimension: a fixed size, or the name of one that differs from call to call.</summary>
    internal readonly record struct Size(long Value, string? Name)
    {
        public static implicit operator Size(int value) => new(value, null);

        public static implicit operator Size(string name) => new(0, name);
    }
}
