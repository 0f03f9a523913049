using RnnService.Onnx.Format;
using RnnService.Onnx.Format.Protos;
using DataType = RnnService.Onnx.Format.Protos.TensorProto.Types.DataType;

namespace RnnService.Onnx.Runtime.Signatures;

/// <summary>Where values of a graph go to and come from, through operators that move numbers and change none.</summary>
internal sealed class GraphPaths
{
    private const int Farthest = 64; // operators between

    private readonly Dictionary<string, NodeProto> _producers = new(StringComparer.Ordinal);
    private readonly ILookup<string, NodeProto> _readers;
    private readonly HashSet<string> _floats;

    public GraphPaths(GraphProto graph)
    {
        foreach (NodeProto node in graph.Node)
        {
            foreach (string output in node.Output) _producers[output] = node;
        }

        _readers = graph.Node.SelectMany(node => node.Input.Distinct(), (node, input) => (node, input))
            .ToLookup(pair => pair.input, pair => pair.node, StringComparer.Ordinal);
        _floats = [.. graph.Initializer.Where(IsFloat).Select(tensor => tensor.Name)];
        foreach (NodeProto node in graph.Node.Where(node => node.OpType == "Constant"))
        {
            if (node.Attribute.FirstOrDefault(attribute => attribute.Name == "value")?.T is { } tensor && IsFloat(tensor))
                _floats.UnionWith(node.Output);
        }
    }

    /// <summary>Whether all that reads a value makes whole numbers of it.</summary>
    public bool IsCastToWhole(string name) => Readers(name, through: false) is { Count: > 0 } readers && readers.All(
        reader => reader.OpType == "Cast" && reader.Attribute.FirstOrDefault(attribute => attribute.Name == "to")?.I
            is (long)DataType.Int64 or (long)DataType.Int32);

    /// <summary>Whether a value chooses rows of a tensor of floats, as ids choose embeddings.</summary>
    public bool IsLookedUp(string name) => Readers(name, through: true).Any(
        reader => reader.OpType == "OneHot" || reader.OpType == "Gather" && reader.Input.Count == 2 && _floats.Contains(reader.Input[0]));

    /// <summary>Whether a value is what recurrent layers start from.</summary>
    public bool IsInitialState(string name)
    {
        var open = new Queue<string>([name]);
        var seen = new HashSet<string>(open, StringComparer.Ordinal);
        while (open.TryDequeue(out string? value))
        {
            foreach (NodeProto reader in _readers[value])
            {
                if (reader.OpType is "RNN" or "GRU" or "LSTM" && reader.Input.Skip(5).Contains(value)) return true;
                if (!Moves(reader) && reader.OpType is not ("Slice" or "Split" or "Gather")) continue;
                foreach (string output in reader.Output.Where(seen.Add)) open.Enqueue(output);
            }
        }

        return false;
    }

    /// <summary>The operator that makes a value's numbers; null where an input or a tensor does.</summary>
    public NodeProto? Origin(string name)
    {
        NodeProto? node = null;
        for (int steps = 0; steps < Farthest && _producers.TryGetValue(name, out node); steps++)
        {
            if (!(Moves(node) || node.OpType == "Cast") || node.Input.Count == 0) return node;
            (name, node) = (node.Input[0], null);
        }

        return node;
    }

    private List<NodeProto> Readers(string name, bool through)
    {
        var found = new List<NodeProto>();
        var open = new Queue<string>([name]);
        var seen = new HashSet<string>(open, StringComparer.Ordinal);
        while (open.TryDequeue(out string? value))
        {
            foreach (NodeProto reader in _readers[value])
            {
                if (reader.OpType == "Shape") continue;
                bool passes = (Moves(reader) || through && reader.OpType == "Cast") && reader.Input[0] == value;
                if (!passes) found.Add(reader);
                else foreach (string output in reader.Output.Where(seen.Add)) open.Enqueue(output);
            }
        }

        return found;
    }

    private static bool Moves(NodeProto node) =>
        node.OpType is "Identity" or "Dropout" or "Transpose" or "Squeeze" or "Unsqueeze" or "Reshape" or "Flatten";

    private static bool IsFloat(TensorProto tensor) =>
        ElementTypes.IsFloat(tensor.DataType);
}
