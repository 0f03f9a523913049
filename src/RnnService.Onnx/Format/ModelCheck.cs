using RnnService.Onnx.Format.Protos;
using static RnnService.Engine.Weights.WeightFormatException;
using static RnnService.Onnx.Format.OnnxFormatException;
using AttributeType = RnnService.Onnx.Format.Protos.AttributeProto.Types.AttributeType;

namespace RnnService.Onnx.Format;

/// <summary>
/// What every ONNX model must keep to, whatever its operators: versions, names, the order of nodes, tensors of the right size. Graphs
/// inside nodes see the names around them. Used for one model.
/// </summary>
internal sealed class ModelCheck(string file)
{
    private const long OldestFormat = 3, NewestFormat = 13; // ir_version
    private const long NewestOperators = 30; // of any domain; a runtime refuses what it does not know
    private static readonly string[] Domains = ["", "ai.onnx", "ai.onnx.ml", "com.microsoft"];

    private readonly HashSet<string> _domains = new(StringComparer.Ordinal);
    private readonly HashSet<string> _names = new(StringComparer.Ordinal); // what can be used where the check stands

    public void Check(ModelProto model)
    {
        if (model.IrVersion is < OldestFormat or > NewestFormat)
            throw Refuse("ir_version", $"{model.IrVersion} found; expected {OldestFormat} to {NewestFormat}");
        foreach (OperatorSetIdProto set in model.OpsetImport)
        {
            if (!Domains.Contains(set.Domain))
                throw Refuse("opset_import", $"domain {Quote(set.Domain)} found; expected standard operators (\"\" or \"ai.onnx\")");
            if (set.Version is < 1 or > NewestOperators)
                throw Refuse("opset_import", $"version {set.Version} of {Quote(set.Domain)} found; expected 1 to {NewestOperators}");
            if (!_domains.Add(DomainOf(set.Domain))) throw Refuse("opset_import", $"domain {Quote(set.Domain)} occurs twice; expected once");
        }

        if (!_domains.Contains("")) throw Refuse("opset_import", "no version of the standard operators found; expected one");
        if (model.Functions.Count > 0) throw Refuse("functions", $"{model.Functions.Count} found; expected none (inlined)");
        if (model.TrainingInfo.Count > 0) throw Refuse("training_info", $"{model.TrainingInfo.Count} found; expected none");
        var keys = new HashSet<string>(StringComparer.Ordinal);
        foreach (StringStringEntryProto entry in model.MetadataProps)
        {
            if (!keys.Add(entry.Key)) throw Refuse("metadata_props", $"{Quote(entry.Key)} occurs twice; expected once");
        }

        if (model.Graph is null) throw Refuse("graph", "none found; expected one");
        Graph(model.Graph, "");
    }

    /// <summary>Checks a graph.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="around">Its place, such as "node 3 (\"If\"): "; empty for the model's own graph.</param>
    private void Graph(GraphProto graph, string around)
    {
        if (graph.SparseInitializer.Count > 0) throw Refuse($"{around}sparse_initializer", "sparse tensors found; expected dense ones");
        var own = new HashSet<string>(StringComparer.Ordinal);
        foreach (ValueInfoProto input in graph.Input)
        {
            Value(input, $"{around}input {Quote(input.Name)}");
            Produce(input.Name, $"{around}input");
        }

        var initializers = new HashSet<string>(StringComparer.Ordinal);
        foreach (TensorProto tensor in graph.Initializer)
        {
            Tensor(tensor, around);
            if (!initializers.Add(tensor.Name))
                throw Refuse($"{around}{TensorContent.PlaceOf(tensor)}", "the name occurs twice; expected once");
            if (!own.Contains(tensor.Name)) Produce(tensor.Name, $"{around}tensor"); // an input may have its default among the tensors
        }

        for (int i = 0; i < graph.Node.Count; i++)
        {
            NodeProto node = graph.Node[i];
            string place = around + NodePlace(i, node);
            if (node.OpType.Length == 0) throw Refuse(place, "no operator found; expected one");
            if (!_domains.Contains(DomainOf(node.Domain)))
                throw Refuse(place, $"domain {Quote(node.Domain)} found; expected one of opset_import");
            foreach (string input in node.Input)
            {
                if (input.Length == 0 || _names.Contains(input)) continue; // an empty name is an input left out
                throw Refuse(place, Missing(graph, i, input));
            }

            Attributes(node, place);
            foreach (string output in node.Output)
            {
                if (output.Length > 0) Produce(output, place);
            }
        }

        if (graph.Output.Count == 0) throw Refuse($"{around}output", "none found; expected one or more");
        var outputs = new HashSet<string>(StringComparer.Ordinal);
        foreach (ValueInfoProto output in graph.Output)
        {
            string place = $"{around}output {Quote(output.Name)}";
            Value(output, place);
            if (!_names.Contains(output.Name)) throw Refuse(place, "nothing produces it; expected an output of a node");
            if (!outputs.Add(output.Name)) throw Refuse(place, "the name occurs twice; expected once");
        }

        foreach (ValueInfoProto value in graph.ValueInfo) Value(value, $"{around}value {Quote(value.Name)}");
        _names.ExceptWith(own);

        void Produce(string name, string place)
        {
            if (name.Length == 0) throw Refuse(place, "an empty name found; expected a name");
            if (!_names.Add(name)) throw Refuse(place, $"{Quote(name)} is produced a second time; expected every name once");
            own.Add(name);
        }
    }

    private static string Missing(GraphProto graph, int index, string input)
    {
        for (int later = index; later < graph.Node.Count; later++)
        {
            if (!graph.Node[later].Output.Contains(input)) continue;
            if (later == index) return $"input {Quote(input)} is its own output, a cycle; expected inputs produced before it";
            string producer = NodePlace(later, graph.Node[later]);
            return $"input {Quote(input)} is produced only later, by {producer}; expected nodes in order, without a cycle";
        }

        return $"input {Quote(input)} is produced by nothing (a missing node); expected an input, a tensor or an output of a node before it";
    }

    private void Attributes(NodeProto node, string nodePlace)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (AttributeProto attribute in node.Attribute)
        {
            string place = $"{nodePlace}: attribute {Quote(attribute.Name)}";
            if (attribute.Name.Length == 0) throw Refuse(place, "an empty name found; expected a name");
            if (!names.Add(attribute.Name)) throw Refuse(place, "the name occurs twice; expected once");
            if (attribute.RefAttrName.Length > 0) throw Refuse(place, "a function's argument found; expected a value");
            if (attribute.SparseTensor is not null || attribute.SparseTensors.Count > 0)
                throw Refuse(place, "a sparse tensor found; expected a dense one");
            if (!HoldsItsType(attribute)) throw Refuse(place, $"type {attribute.Type} without a value of it found; expected one");
            foreach (TensorProto tensor in attribute.Tensors) Tensor(tensor, $"{place}: ");
            if (attribute.T is not null) Tensor(attribute.T, $"{place}: ");
            foreach (GraphProto graph in attribute.Graphs) Graph(graph, $"{place}: ");
            if (attribute.G is not null) Graph(attribute.G, $"{place}: ");
        }
    }

    private static bool HoldsItsType(AttributeProto attribute) => (AttributeType)attribute.Type switch
    {
        AttributeType.Tensor => attribute.T is not null,
        AttributeType.Graph => attribute.G is not null,
        AttributeType.TypeProto => attribute.Tp is not null,
        // Zero and the empty text need not be written, and a list may be empty.
        AttributeType.Float or AttributeType.Int or AttributeType.String
            or AttributeType.Floats or AttributeType.Ints or AttributeType.Strings
            or AttributeType.Tensors or AttributeType.Graphs or AttributeType.TypeProtos => true,
        _ => false,
    };

    private void Value(ValueInfoProto value, string place)
    {
        if (value.Name.Length == 0) throw Refuse(place, "an empty name found; expected a name");
        if (value.Type?.TensorType is not { } type) return; // the type may be left out inside, and need not be a tensor
        if (!ElementTypes.IsKnown(type.ElemType)) throw Refuse(place, $"element type {type.ElemType} found; expected a known one");
        foreach (TensorShapeProto.Types.Dimension dimension in type.Shape?.Dim ?? [])
        {
            if (dimension.HasDimValue && dimension.DimValue is < 0 or > int.MaxValue)
                throw Refuse(place, $"a dimension of {dimension.DimValue} found; expected 0 to {int.MaxValue}");
        }
    }

    private void Tensor(TensorProto tensor, string around)
    {
        if (TensorContent.Problem(tensor) is { } problem) throw Refuse($"{around}{TensorContent.PlaceOf(tensor)}", problem);
    }

    private static string DomainOf(string domain) => domain == "ai.onnx" ? "" : domain;

    private OnnxFormatException Refuse(string place, string problem) => new(file, place, problem);
}
