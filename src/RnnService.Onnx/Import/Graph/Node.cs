using RnnService.Engine.Weights;
using RnnService.Onnx.Format;
using RnnService.Onnx.Format.Protos;
using static RnnService.Engine.Weights.WeightFormatException;
using AttributeType = RnnService.Onnx.Format.Protos.AttributeProto.Types.AttributeType;

namespace RnnService.Onnx.Import.Graph;

/// <summary>A node of the graph: its attributes, and how it is refused.</summary>
internal sealed class Node(string file, int index, NodeProto proto)
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

    /// <summary>An exception that blames the node.</summary>
    public WeightFormatException Refuse(string found, string wanted) =>
        new(file, $"{Place}: {found}; {wanted} wanted");

    /// <summary>An exception that blames the node, and says what to change where the graph is exported.</summary>
    public WeightFormatException RefuseWith(string advice, string found, string expected) =>
        new(file, $"{Place}: {found}; {expected} expected. {advice}");
}
