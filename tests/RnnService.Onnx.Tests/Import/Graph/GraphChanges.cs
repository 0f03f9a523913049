using RnnService.Engine.Tests;
using RnnService.Onnx.Format;
using RnnService.Onnx.Format.Protos;
using DataType = RnnService.Onnx.Format.Protos.TensorProto.Types.DataType;

namespace RnnService.Onnx.Tests.Import.Graph;

/// <summary>What exporters and users do to a graph written by hand.</summary>
internal static class GraphChanges
{
    // Answers of all rows below each other, as PyTorch's view(-1, n) makes them.
    public static void Flat(ModelProto model)
    {
        GraphKind.Insert(model, model.Graph.Node.Count, graph => GraphKind.Append(model, "Reshape", "logits", graph.Integers(-1, RecurrentGraph.Outputs)));
        Declare(model, null, RecurrentGraph.Outputs);
    }

    public static void Declare(ModelProto model, params int?[] sizes) => Declare(model, 0, sizes);

    public static void Declare(ModelProto model, int output, params int?[] sizes)
    {
        var shape = new TensorShapeProto();
        foreach (int? size in sizes)
        {
            var dimension = new TensorShapeProto.Types.Dimension();
            if (size is { } known) dimension.DimValue = known;
            shape.Dim.Add(dimension);
        }

        model.Graph.Output[output].Type = new TypeProto { TensorType = new() { ElemType = (int)DataType.Float, Shape = shape } };
    }

    public static void Narrow(ModelProto model, DataType type)
    {
        model.Graph.Input[0].Type.TensorType.ElemType = (int)type;
        foreach (NodeProto node in model.Graph.Node.Where(node => node.Input.Contains("ids"))) node.Input[node.Input.IndexOf("ids")] = "whole";
        GraphKind.Insert(model, 0, graph => graph.Cast("whole", "ids", DataType.Int64));
    }

    public static void Fix(ModelProto model, int first, int second)
    {
        model.Graph.Input[0].Type.TensorType.Shape.Dim[0].DimValue = first;
        model.Graph.Input[0].Type.TensorType.Shape.Dim[1].DimValue = second;
    }

    // PyTorch up to 1.4 writes the gates as they lie in the state dict, and the nodes that put them in order.
    public static void Unfold(ModelProto model)
    {
        foreach (string name in (string[])["W0", "R0", "B0"])
        {
            TensorProto tensor = model.Graph.Initializer.Single(found => found.Name == name);
            float[] values = TensorContent.Floats(tensor)!;
            int rows = name == "B0" ? 1 : (int)tensor.Dims[2], size = RecurrentGraph.Hidden * rows;
            foreach (int half in name == "B0" ? [0, 1] : (int[])[0])
            {
                ReadOnlySpan<float> part = values.AsSpan(half * 4 * size, 4 * size);
                // i, o, f, c become i, f, c, o.
                float[] theirs = [.. part[..size], .. part[(2 * size)..], .. part[size..(2 * size)]];
                GraphKind.Tensor(model, $"{name}.{half}", name == "B0" ? [4 * RecurrentGraph.Hidden] : [4 * RecurrentGraph.Hidden, rows], theirs);
            }

            model.Graph.Initializer.Remove(tensor);
            GraphKind.Insert(model, 0, graph =>
            {
                string[] halves = [.. (name == "B0" ? [0, 1] : (int[])[0]).Select(half => graph.Concat(
                    $"{name}.{half}.ordered", [Gates($"{name}.{half}", 0, 1), Gates($"{name}.{half}", 3, 4), Gates($"{name}.{half}", 1, 3)], 0))];
                graph.Unsqueeze(name, halves.Length == 1 ? halves[0] : graph.Concat($"{name}.both", halves, 0), 0);

                string Gates(string tensor, int from, int to) => graph.Node(
                    "Slice", $"{tensor}.from{from}",
                    [tensor, graph.Integers(from * RecurrentGraph.Hidden), graph.Integers(to * RecurrentGraph.Hidden), graph.Integers(0)]);
            });
        }
    }

    // PyTorch's packed sequences under an example of eight rows: the way back from the sorted batch is counted for eight.
    public static void BakeBatch(ModelProto model)
    {
        int layer = model.Graph.Node.ToList().FindIndex(node => node.OpType == "LSTM");
        model.Graph.Node[layer].Input[0] = "sorted.x";
        model.Graph.Node[layer].Input[4] = "sorted.lens";
        model.Graph.Node[layer].Output[1] = "sorted.H0";
        GraphKind.Insert(model, layer + 1, graph =>
        {
            string inverse = graph.Node("ScatterElements", "inverse", ["zeros", "order", graph.Integers(0, 1, 2, 3, 4, 5, 6, 7)], GraphWriter.Attribute("axis", 0));
            graph.Node("Gather", "H0", ["sorted.H0", inverse], GraphWriter.Attribute("axis", 1));
        });
        GraphKind.Insert(model, layer, graph =>
        {
            graph.Node("Shape", "count", ["lengths"]);
            graph.Node("TopK", ["sorted", "order"], ["lengths", "count"], GraphWriter.Attribute("axis", 0));
            graph.Cast("sorted.lens", "sorted", DataType.Int32);
            graph.Node("Gather", "sorted.x", ["x", "order"], GraphWriter.Attribute("axis", 1));
            graph.Node("ConstantOfShape", "zeros", ["count"], new AttributeProto
            {
                Name = "value",
                Type = (int)AttributeProto.Types.AttributeType.Tensor,
                T = new TensorProto { DataType = (int)DataType.Int64, Dims = { 1 }, Int64Data = { 0 } },
            });
        });
    }

    // Another table, of which an input chooses a row that is added.
    public static void Domain(ModelProto model, string name)
    {
        GraphKind.Input(model, name, DataType.Int64, (int?)null);
        int head = model.Graph.Node.ToList().FindIndex(node => node.OpType == "Gemm");
        string pooled = model.Graph.Node[head].Input[0];
        model.Graph.Node[head].Input[0] = "moved";
        GraphKind.Insert(model, head, graph =>
        {
            string row = graph.Node("Gather", "domain.row", [graph.Floats("domains", [60, RecurrentGraph.Hidden], Draw.Normal(9, 240, 0.5)), name]);
            graph.Node("Add", "moved", [pooled, row]);
        });
    }

    // Something between the embedding and the layer.
    public static void Cut(ModelProto model, Action<GraphWriter> write)
    {
        int layer = model.Graph.Node.ToList().FindIndex(node => node.OpType == "LSTM");
        model.Graph.Node[layer].Input[0] = "four";
        GraphKind.Insert(model, layer, write);
    }
}
