using Google.Protobuf;
using RnnService.Engine.Tests;
using RnnService.Onnx.Export;
using RnnService.Onnx.Format;
using DataType = RnnService.Onnx.Format.Protos.TensorProto.Types.DataType;

namespace RnnService.Onnx.Tests.Import;

/// <summary>A graph that reads numbers, as others export it: a GRU of one layer and a head, in the forms that exporters give them.</summary>
internal sealed record NumberGraphForm
{
    public const int Features = 4, Hidden = 5;

    /// <summary>Values of an answer.</summary>
    public int Outputs { get; init; } = 3;

    /// <summary>Sizes of the input; a text is the name of one that varies.</summary>
    public GraphWriter.Size[] Sizes { get; init; } = ["batch", "time", Features];

    /// <summary>Whether steps are [time,batch,features].</summary>
    public bool TimeMajor { get; init; }

    /// <summary>Whether states come in and go out.</summary>
    public bool States { get; init; }

    /// <summary>Whether each step has an answer.</summary>
    public bool EachStep { get; init; }

    public bool Bidirectional { get; init; }

    /// <summary>Whether there is no recurrent layer.</summary>
    public bool Flat { get; init; }

    /// <summary>Whether lengths come in that make zero of the answers past them, and leave the states alone; batch first, of each step.</summary>
    public bool Masks { get; init; }

    /// <summary>Whether steps are standardised before the layers.</summary>
    public bool Standardizes { get; init; }

    /// <summary>Whether values are put into their own units after the head.</summary>
    public bool Measures { get; init; }

    /// <summary>What comes after the head.</summary>
    public string End { get; init; } = "";

    /// <summary>What the input of the steps is called.</summary>
    public string Signal { get; init; } = "signal";

    /// <summary>Whether the gates reset after the product, as PyTorch's do.</summary>
    public bool ResetsAfter { get; init; } = true;

    /// <summary>What is added to the first output.</summary>
    public float Bias { get; init; } = 0.1f;

    /// <summary>An input more, of floats.</summary>
    public string Second { get; init; } = "";

    public byte[] Bytes()
    {
        var graph = new GraphWriter(OnnxExport.DefaultOpset);
        string x = graph.Input(Signal, DataType.Float, "", Sizes);
        if (!TimeMajor && Sizes.Length == 3) x = graph.Transpose("first", x, 1, 0, 2);
        if (Second.Length > 0) x = graph.Node("Add", "both", [x, graph.Input(Second, DataType.Float, "", "time", "batch", Features)]);
        if (Standardizes)
        {
            string centred = graph.Node("Sub", "centred", [x, graph.Floats("mean", [1, 1, Features], [1, -2, 3, 0.5f])]);
            x = graph.Node("Div", "standardised", [centred, graph.Floats("deviation", [Features], [0.3f, 2, 7, 1])]);
        }

        int directions = Bidirectional ? 2 : 1, width = Flat ? Features : directions * Hidden;
        string steps = x, last = "";
        if (!Flat)
        {
            string h = States ? graph.Input("hx", DataType.Float, "", directions, "batch", Hidden) : "";
            string w = graph.Floats("W", [directions, 3 * Hidden, Features], Draw.Normal(1, directions * 3 * Hidden * Features, 0.5));
            string r = graph.Floats("R", [directions, 3 * Hidden, Hidden], Draw.Normal(2, directions * 3 * Hidden * Hidden, 0.5));
            graph.Node(
                "GRU", ["Y", "hy"], [x, w, r, "", "", h],
                [
                    GraphWriter.Attribute("hidden_size", Hidden), GraphWriter.Attribute("linear_before_reset", ResetsAfter ? 1 : 0),
                    GraphWriter.Attribute("direction", Bidirectional ? "bidirectional" : "forward"),
                ]);
            steps = graph.Node("Reshape", "side", [graph.Transpose("inner", "Y", 0, 2, 1, 3), graph.Integers(0, 0, width)]);
            last = graph.Node("Reshape", "end", [graph.Transpose("rows", "hy", 1, 0, 2), graph.Integers(-1, width)]);
            if (States) graph.Output("hy", "", directions, "batch", Hidden);
        }

        string read = !EachStep ? last : TimeMajor ? steps : graph.Transpose("back", steps, 1, 0, 2);
        string product = graph.Node("MatMul", "product", [read, graph.Floats("head", [width, Outputs], Draw.Normal(3, width * Outputs, 0.5))]);
        string answer = graph.Node("Add", End.Length == 0 && !Masks && !Measures ? "out" : "sum", [product, graph.Floats("bias", [Outputs], [.. new[] { Bias, 0.2f, -0.3f, 0.4f }.AsSpan(0, Outputs)])]);
        if (End.Length > 0) answer = graph.Node(End, "out", [answer]);
        if (Measures)
        {
            string scaled = graph.Node("Mul", "scaled", [graph.Floats("unit", [Outputs], [.. new[] { 3, 0.1f, 12, 5 }.AsSpan(0, Outputs)]), answer]);
            answer = graph.Node("Add", "out", [scaled, graph.Floats("offset", [Outputs], [.. new float[] { -1, 20, 0, 2 }.AsSpan(0, Outputs)])]);
        }

        if (Masks)
        {
            string mask = RecurrentExport.Mask(graph, "answers", x, graph.Input("lengths", DataType.Int64, "", "batch"));
            answer = graph.Node("Where", "out", [graph.Transpose("inside", mask, 1, 0, 2), answer, graph.Float(0)]);
        }

        if (EachStep) graph.Output(answer, "", Sizes[0], Sizes[1], Outputs);
        else graph.Output(answer, "", "batch", Outputs);
        return OnnxExport.Wrap(graph.Graph, OnnxExport.DefaultOpset).ToByteArray();
    }
}
