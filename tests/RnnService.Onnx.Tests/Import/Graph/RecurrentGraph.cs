using RnnService.Engine.Layers;
using RnnService.Engine.Tests;
using RnnService.Onnx.Export;
using RnnService.Onnx.Format;
using RnnService.Onnx.Format.Protos;
using AttributeType = RnnService.Onnx.Format.Protos.AttributeProto.Types.AttributeType;
using DataType = RnnService.Onnx.Format.Protos.TensorProto.Types.DataType;

namespace RnnService.Onnx.Tests.Import.Graph;

/// <summary>A small network as one might write it in ONNX by hand: Gather, recurrent nodes, MatMul and Add or Gemm.</summary>
internal sealed record RecurrentGraph(CellKind Cell = CellKind.Lstm, Direction Direction = Direction.Forward, int Layers = 1)
{
    public const int Tokens = 11, Embedding = 3, Hidden = 4, Outputs = Tokens;
    private const double Deviation = 0.4;

    /// <summary>Whether lengths are an input.</summary>
    public bool Lengths { get; init; }

    /// <summary>Whether the states are an input and an output.</summary>
    public bool States { get; init; }

    /// <summary>Whether a text has one answer.</summary>
    public bool AnswersText { get; init; }

    /// <summary>Whether the head is a Gemm, transposed or not.</summary>
    public bool Gemm { get; init; }

    public bool Transposed { get; init; } = true;

    /// <summary>Whether layers and head have biases.</summary>
    public bool Biases { get; init; } = true;

    /// <summary>Whether ids lie as [time,batch].</summary>
    public bool TimeFirst { get; init; }

    public int Directions => Direction == Direction.Bidirectional ? 2 : 1;

    public int Width => Directions * Hidden;

    public ModelProto Build(int opset = 17)
    {
        var graph = new GraphWriter(opset);
        (GraphWriter.Size first, GraphWriter.Size second) = TimeFirst ? ("time", "batch") : ("batch", (GraphWriter.Size)"time");
        string ids = graph.Input("ids", DataType.Int64, "", first, second);
        string lengths = Lengths ? graph.Cast("lens", graph.Input("lengths", DataType.Int64, "", "batch"), DataType.Int32) : "";
        string[] starts = !States ? [] : Cell == CellKind.Lstm ? ["h0", "c0"] : ["h0"];
        foreach (string start in starts) graph.Input(start, DataType.Float, "", Layers * Directions, "batch", Hidden);
        string x = graph.Node("Gather", "embedded", [Tensor(graph, "table", Tokens, Embedding), ids]);
        if (!TimeFirst) x = graph.Transpose("x", x, 1, 0, 2);
        List<string> hidden = [], memory = [];
        for (int layer = 0; layer < Layers; layer++)
        {
            string[] outputs = [$"Y{layer}", $"H{layer}", .. Cell == CellKind.Lstm ? (string[])[$"C{layer}"] : []];
            string[] from = [.. starts.Select(start => Start(graph, start, layer))];
            int rows = (Cell is CellKind.Tanh or CellKind.Relu ? 1 : Cell == CellKind.Lstm ? 4 : 3) * Hidden;
            string bias = Biases ? Tensor(graph, $"B{layer}", Directions, 2 * rows) : "";
            graph.Node(
                Cell == CellKind.Lstm ? "LSTM" : Cell is CellKind.Gru or CellKind.GruBefore ? "GRU" : "RNN",
                outputs,
                [
                    x, Tensor(graph, $"W{layer}", Directions, rows, layer == 0 ? Embedding : Width),
                    Tensor(graph, $"R{layer}", Directions, rows, Hidden), bias, lengths, .. from,
                ],
                Attributes());
            if (Directions == 1) x = graph.Squeeze($"y{layer}", outputs[0], 1);
            else x = Side(graph, layer, outputs[0]);
            hidden.Add(outputs[1]);
            memory.AddRange(outputs[2..]);
        }

        if (AnswersText)
        {
            string last = graph.Transpose("last", hidden[^1], 1, 0, 2);
            Output(graph, Head(graph, graph.Node("Reshape", "pooled", [last, graph.Integers(0, -1)]), "logits"));
        }
        else
        {
            string rows = TimeFirst ? x : graph.Transpose("rows", x, 1, 0, 2);
            if (Gemm)
            {
                string flat = Head(graph, graph.Node("Reshape", "flat", [rows, graph.Integers(-1, Width)]), "flat.logits");
                string shape = graph.Concat("shape", [graph.Node("Shape", "ids.shape", [ids]), graph.Integers(Outputs)], 0);
                Output(graph, graph.Node("Reshape", "logits", [flat, shape]));
            }
            else
            {
                Output(graph, Head(graph, rows, "logits"));
            }
        }

        if (States) Output(graph, graph.Concat("hn", [.. hidden], 0));
        if (States && Cell == CellKind.Lstm) Output(graph, graph.Concat("cn", [.. memory], 0));
        return OnnxExport.Wrap(graph.Graph, opset);
    }

    private AttributeProto[] Attributes()
    {
        var activations = new AttributeProto { Name = "activations", Type = (int)AttributeType.Strings };
        for (int i = 0; i < Directions; i++) activations.Strings.Add(Google.Protobuf.ByteString.CopyFromUtf8("Relu"));
        return
        [
            GraphWriter.Attribute("hidden_size", Hidden),
            GraphWriter.Attribute("direction", Direction.ToString().ToLowerInvariant()),
            .. Cell == CellKind.Gru ? (AttributeProto[])[GraphWriter.Attribute("linear_before_reset", 1)] : [],
            .. Cell == CellKind.Relu ? (AttributeProto[])[activations] : [],
        ];
    }

    private string Start(GraphWriter graph, string start, int layer)
    {
        if (Layers == 1) return start;
        string from = graph.Integers(layer * Directions), to = graph.Integers((layer + 1) * Directions);
        return graph.Node("Slice", $"{start}.{layer}", [start, from, to, graph.Integers(0)]);
    }

    private static string Side(GraphWriter graph, int layer, string y) =>
        graph.Node("Reshape", $"y{layer}", [graph.Transpose($"side{layer}", y, 0, 2, 1, 3), graph.Integers(0, 0, -1)]);

    private string Head(GraphWriter graph, string x, string output)
    {
        if (Gemm)
        {
            string weight = Transposed ? Tensor(graph, "head", Outputs, Width) : Tensor(graph, "head", Width, Outputs);
            string[] bias = Biases ? [Tensor(graph, "head.bias", Outputs)] : [];
            return graph.Node("Gemm", output, [x, weight, .. bias], GraphWriter.Attribute("transB", Transposed ? 1 : 0));
        }

        string matrix = Tensor(graph, "head", Width, Outputs);
        if (!Biases) return graph.Node("MatMul", output, [x, matrix]);
        return graph.Node("Add", output, [graph.Node("MatMul", $"{output}.product", [x, matrix]), Tensor(graph, "head.bias", Outputs)]);
    }

    private static string Tensor(GraphWriter graph, string name, params ReadOnlySpan<long> shape)
    {
        int size = 1;
        foreach (long dim in shape) size *= (int)dim;
        ulong seed = name.Aggregate(17UL, (hash, letter) => (hash ^ letter) * 1099511628211UL);
        return graph.Floats(name, shape, Draw.Normal(seed, size, Deviation));
    }

    // The type alone: what it reads is not checked by its shape.
    private static void Output(GraphWriter graph, string name) => graph.Graph.Output.Add(
        new ValueInfoProto { Name = name, Type = new() { TensorType = new() { ElemType = (int)DataType.Float } } });
}
