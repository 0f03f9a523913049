using RnnService.Engine.Models;
using RnnService.Engine.Weights;
using RnnService.Onnx.Comparison;
using RnnService.Onnx.Format;
using RnnService.Onnx.Format.Protos;
using Xunit;

namespace RnnService.Onnx.Tests.Import.Graph;

/// <summary>Tensors that the graph computes of others before any input counts.</summary>
public sealed class ConstantFoldingTests
{
    private static readonly RecurrentGraph Text = new() { AnswersText = true, Gemm = true };

    private static readonly (string Name, Action<GraphWriter> Make)[] Formulas =
    [
        ("a weight norm", graph => graph.Node(
            "Mul", "head.made", ["head", graph.Node("Div", "scale", [Norms(graph, "lengths"), Norms(graph, "norms")])])),
        ("a weight norm by sums of squares", graph =>
        {
            string squares = graph.Node("ReduceSum", "squares", [graph.Node("Mul", "square", ["head", "head"]), graph.Integers(1)]);
            string unit = graph.Node("Div", "unit", ["head", graph.Node("Sqrt", "root", [squares])]);
            graph.Node("Mul", "head.made", [unit, Norms(graph, "lengths")]);
        }),
        ("a factor", graph => graph.Node("Mul", "head.made", [graph.Node("Div", "half", ["head", graph.Float(2)]), graph.Float(2)])),
        ("rows chosen twice", graph =>
        {
            long[] turned = [.. Enumerable.Range(0, RecurrentGraph.Outputs).Select(row => (long)(RecurrentGraph.Outputs - 1 - row))];
            graph.Node("Gather", "head.made", [graph.Node("Gather", "turned", ["head", graph.Integers(turned)]), graph.Integers(turned)]);
        }),
        ("a matrix turned three ways", graph => graph.Squeeze(
            "head.made", graph.Transpose("back", graph.Transpose("forth", graph.Unsqueeze("one", "head", 0), 2, 0, 1), 1, 2, 0), 0)),
        ("a difference and a sum", graph =>
        {
            string ones = graph.Node("Expand", "ones", [graph.Floats("one", [1, 1], [1]), graph.Integers(RecurrentGraph.Outputs, RecurrentGraph.Hidden)]);
            graph.Node("Add", "head.made", [graph.Node("Sub", "less", ["head", ones]), ones]);
        }),
    ];

    public static TheoryData<string> Names => [.. Formulas.Select(formula => formula.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_tensor_that_is_computed_of_tensors_is_read(string name)
    {
        Action<GraphWriter> make = Formulas.Single(formula => formula.Name == name).Make;
        using var kind = new GraphKind(Text, model => Replace(model, make));
        using TextModel native = kind.Import(asIs: false).TextModel;
        Agreement.Check(kind.Reference, native);
    }

    [Fact]
    public void What_would_grow_far_beyond_the_file_is_refused()
    {
        ModelProto model = Text.Build();
        Replace(model, graph => graph.Node("Expand", "head.made", ["head", graph.Integers(4000, 1000, RecurrentGraph.Outputs, RecurrentGraph.Hidden)]));
        string message = Assert.ThrowsAny<WeightFormatException>(() => Importing.Read(model)).Message;
        Assert.Equal(
            "model.onnx: node 0 (\"Expand\" \"head.made\"): it makes too much of the file's tensors; expected tensors that are stored as the layers need them",
            message);
    }

    // The lengths of the head's rows.
    private static string Norms(GraphWriter graph, string name) =>
        graph.Node("ReduceL2", name, ["head"], GraphWriter.Attribute("axes", [1]), GraphWriter.Attribute("keepdims", 1));

    private static void Replace(ModelProto model, Action<GraphWriter> make)
    {
        NodeProto head = model.Graph.Node.Single(node => node.OpType == "Gemm");
        head.Input[1] = "head.made";
        GraphKind.Insert(model, 0, make);
    }
}
