using RnnService.Onnx.Format;
using RnnService.Onnx.Format.Protos;
using DataType = RnnService.Onnx.Format.Protos.TensorProto.Types.DataType;

namespace RnnService.Onnx.Tests.Import.Graph;

/// <summary>Edits of single nodes and tensors of a graph, to make it wrong.</summary>
internal static class GraphEdits
{
    /// <summary>Puts an operator after a value, before all that read it.</summary>
    public static NodeProto Insert(ModelProto model, string value, string op, params string[] more)
    {
        int at = model.Graph.Node.ToList().FindIndex(node => node.Output.Contains(value)) + 1;
        foreach (NodeProto reader in model.Graph.Node)
        {
            for (int i = 0; i < reader.Input.Count; i++)
            {
                if (reader.Input[i] == value) reader.Input[i] = "inserted";
            }
        }

        var node = new NodeProto { OpType = op, Input = { value }, Output = { "inserted" } };
        node.Input.AddRange(more);
        model.Graph.Node.Insert(at, node);
        return node;
    }

    public static void Append(ModelProto model, string op, params string[] more)
    {
        var node = new NodeProto { OpType = op, Input = { "logits" }, Output = { "appended" } };
        node.Input.AddRange(more);
        model.Graph.Node.Add(node);
        model.Graph.Output[0].Name = "appended";
    }

    // One answer a text, from the last step.
    public static void TakeLast(ModelProto model, int at)
    {
        while (model.Graph.Node.Count > at) model.Graph.Node.RemoveAt(at);
        Integers(model, "last", null, -1);
        model.Graph.Node.Add(new NodeProto { OpType = "Gather", Name = "step", Input = { "y0", "last" }, Output = { "step" } });
        model.Graph.Node[at].Attribute.Add(GraphWriter.Attribute("axis", 0));
        model.Graph.Node.Add(new NodeProto { OpType = "MatMul", Name = "answer", Input = { "step", "head" }, Output = { "logits" } });
    }

    public static void Pool(ModelProto model, string op, int at)
    {
        while (model.Graph.Node.Count > at) model.Graph.Node.RemoveAt(at);
        var node = new NodeProto { OpType = op, Name = "mean", Input = { "y0" }, Output = { "mean" } };
        node.Attribute.Add(GraphWriter.Attribute("axes", [0]));
        node.Attribute.Add(GraphWriter.Attribute("keepdims", 0));
        model.Graph.Node.Add(node);
        model.Graph.Node.Add(new NodeProto { OpType = "Identity", Input = { "mean" }, Output = { "same" } });
        model.Graph.Node.Add(new NodeProto { OpType = "Gemm", Name = "answer", Input = { "same", "head" }, Output = { "logits" } });
    }

    public static NodeProto Find(ModelProto model, string op, bool last = false) =>
        last ? model.Graph.Node.Last(node => node.OpType == op) : model.Graph.Node.First(node => node.OpType == op);

    public static AttributeProto Attribute(ModelProto model, string op, string name, bool last = false) =>
        Find(model, op, last).Attribute.Single(attribute => attribute.Name == name);

    public static TypeProto Type(DataType type, params long[] sizes)
    {
        var shape = new TensorShapeProto();
        foreach (long size in sizes)
        {
            var dim = new TensorShapeProto.Types.Dimension { DimParam = "n" };
            if (size > 0) dim.DimValue = size;
            shape.Dim.Add(dim);
        }

        return new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)type, Shape = shape } };
    }

    public static void Floats(ModelProto model, string name, long[] shape, float value = 0.1f)
    {
        if (model.Graph.Initializer.FirstOrDefault(tensor => tensor.Name == name) is { } old) model.Graph.Initializer.Remove(old);
        var tensor = new TensorProto { Name = name, DataType = (int)DataType.Float };
        tensor.Dims.AddRange(shape);
        tensor.FloatData.AddRange(Enumerable.Repeat(value, (int)shape.Aggregate(1L, (product, size) => product * size)));
        model.Graph.Initializer.Add(tensor);
    }

    public static void Integers(ModelProto model, string name, long[]? values, long scalar = 0)
    {
        var tensor = new TensorProto { Name = name, DataType = (int)DataType.Int64 };
        if (values is not null) tensor.Dims.Add(values.Length);
        tensor.Int64Data.AddRange(values ?? [scalar]);
        model.Graph.Initializer.Add(tensor);
    }
}
