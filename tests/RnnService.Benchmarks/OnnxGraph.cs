using Google.Protobuf;
using RnnService.Engine.Layers;
using RnnService.Engine.Weights;
using RnnService.Onnx.Protos;

namespace RnnService.Benchmarks;

/// <summary>A workload's network as an ONNX graph: ids [T,B] → Gather → LSTM or GRU nodes → output [T,B,directions·H].</summary>
internal static class OnnxGraph
{
    private const int Float = 1, Int64 = 7;

    public static byte[] Of(Workload work, Parameters parameters)
    {
        var graph = new GraphProto { Name = "network" };
        graph.Input.Add(Value("ids", Int64, work.Steps, work.Batch));
        Func<string, Parameter> named = name => parameters.All.Single(parameter => parameter.Name == name);
        Add(graph, "embedding", named("embedding.weight").Values.ToArray(), Workload.Vocabulary, work.Embedding);
        AddNode(graph, "Gather", ["embedding", "ids"], ["x0"]);
        int directions = work.Both ? 2 : 1, gates = work.Kind == CellKind.Lstm ? 4 : 3, hidden = work.Hidden;
        int[] order = work.Kind == CellKind.Lstm ? [0, 3, 1, 2] : [1, 0, 2]; // i o f c; z r h
        Add(graph, "shape", [0L, 0L, directions * hidden]);
        for (int layer = 0; layer < work.Layers; layer++)
        {
            int inputs = layer == 0 ? work.Embedding : directions * hidden;
            string[] suffixes = work.Both ? [$"l{layer}", $"l{layer}_reverse"] : [$"l{layer}"];
            Add(graph, $"W{layer}", Reordered("weight_ih"), directions, gates * hidden, inputs);
            Add(graph, $"R{layer}", Reordered("weight_hh"), directions, gates * hidden, hidden);
            Add(
                graph, $"B{layer}",
                [.. suffixes.SelectMany(suffix => Blocks($"rnn.bias_ih_{suffix}").Concat(Blocks($"rnn.bias_hh_{suffix}")))],
                directions, 2 * gates * hidden);
            NodeProto node = AddNode(
                graph, work.Kind == CellKind.Lstm ? "LSTM" : "GRU", [$"x{layer}", $"W{layer}", $"R{layer}", $"B{layer}"], [$"y{layer}"]);
            node.Attribute.Add(new AttributeProto { Name = "hidden_size", Type = 2, I = hidden });
            node.Attribute.Add(new AttributeProto
            {
                Name = "direction",
                Type = 3,
                S = ByteString.CopyFromUtf8(work.Both ? "bidirectional" : "forward"),
            });
            if (work.Kind == CellKind.Gru) node.Attribute.Add(new AttributeProto { Name = "linear_before_reset", Type = 2, I = 1 });

            // [T,directions,B,H] → [T,B,directions,H] → [T,B,directions·H]
            NodeProto transpose = AddNode(graph, "Transpose", [$"y{layer}"], [$"t{layer}"]);
            var axes = new AttributeProto { Name = "perm", Type = 7 };
            axes.Ints.Add([0, 2, 1, 3]);
            transpose.Attribute.Add(axes);
            AddNode(graph, "Reshape", [$"t{layer}", "shape"], [layer + 1 == work.Layers ? "output" : $"x{layer + 1}"]);

            float[] Reordered(string name) => [.. suffixes.SelectMany(suffix => Blocks($"rnn.{name}_{suffix}"))];
        }

        graph.Output.Add(Value("output", Float, work.Steps, work.Batch, directions * hidden));
        var model = new ModelProto { IrVersion = 8, Graph = graph };
        model.OpsetImport.Add(new OperatorSetIdProto { Domain = "", Version = 17 });
        return model.ToByteArray();

        IEnumerable<float> Blocks(string name)
        {
            float[] values = named(name).Values.ToArray();
            int block = values.Length / gates;
            return order.SelectMany(gate => values.AsSpan(gate * block, block).ToArray());
        }
    }

    private static NodeProto AddNode(GraphProto graph, string type, string[] inputs, string[] outputs)
    {
        var node = new NodeProto { OpType = type, Name = outputs[0] };
        node.Input.Add(inputs);
        node.Output.Add(outputs);
        graph.Node.Add(node);
        return node;
    }

    private static void Add(GraphProto graph, string name, float[] values, params long[] shape)
    {
        byte[] bytes = new byte[values.Length * sizeof(float)];
        Buffer.BlockCopy(values, 0, bytes, 0, bytes.Length);
        var tensor = new TensorProto { Name = name, DataType = Float, RawData = ByteString.CopyFrom(bytes) };
        tensor.Dims.Add(shape);
        graph.Initializer.Add(tensor);
    }

    private static void Add(GraphProto graph, string name, long[] values)
    {
        var tensor = new TensorProto { Name = name, DataType = Int64 };
        tensor.Dims.Add(values.Length);
        tensor.Int64Data.Add(values);
        graph.Initializer.Add(tensor);
    }

    private static ValueInfoProto Value(string name, int type, params long[] shape)
    {
        var tensor = new TypeProto.Types.Tensor { ElemType = type, Shape = new TensorShapeProto() };
        foreach (long size in shape) tensor.Shape.Dim.Add(new TensorShapeProto.Types.Dimension { DimValue = size });
        return new ValueInfoProto { Name = name, Type = new TypeProto { TensorType = tensor } };
    }
}
