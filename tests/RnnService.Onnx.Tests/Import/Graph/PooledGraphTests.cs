using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Tests;
using RnnService.Onnx.Comparison;
using RnnService.Onnx.Format;
using RnnService.Onnx.Format.Protos;
using RnnService.Onnx.Import.Files;
using Xunit;
using DataType = RnnService.Onnx.Format.Protos.TensorProto.Types.DataType;

namespace RnnService.Onnx.Tests.Import.Graph;

/// <summary>
/// What people put between the last recurrent layer and the logits: what the engine's weights can hold is read into them and gives the
/// graph's answers, everything else is served as it is.
/// </summary>
public sealed class PooledGraphTests
{
    private const int Hidden = RecurrentGraph.Hidden, Outputs = RecurrentGraph.Outputs;

    private static readonly RecurrentGraph Both = new(Direction: Direction.Bidirectional) { AnswersText = true, Gemm = true, Transposed = false };

    // The rows of the head, and the vector of a text.
    private static readonly (string Name, int Rows, Func<GraphWriter, string> Pool)[] Read =
    [
        ("the mean of the sum of both directions", Hidden, graph => graph.Reduce("ReduceMean", "mean", graph.Node("Add", "sum", Halves(graph)), 0)),
        ("the mean of the mean of both directions", Hidden, graph => graph.Reduce(
            "ReduceMean", "mean", graph.Node("Mul", "half", [graph.Node("Add", "sum", Halves(graph)), graph.Float(0.5f)]), 0)),
        ("the sum of the last states", Hidden, graph => graph.Reduce("ReduceSum", "sum", "H0", 0)),
        ("the mean of the last states", Hidden, graph => graph.Reduce("ReduceMean", "mean", "H0", 0)),
        ("the last states added one by one", Hidden, graph => graph.Node("Add", "sum", [State(graph, 0), State(graph, 1)])),
        ("half the sum of the last states", Hidden, graph => graph.Node("Div", "half", [graph.Reduce("ReduceSum", "sum", "H0", 0), graph.Float(2)])),
        ("the last states side by side", 2 * Hidden, graph => graph.Concat("both", [State(graph, -2), State(graph, -1)], 1)),
        ("a global maximum", 2 * Hidden, graph => graph.Node(
            "Flatten", "flat", [graph.Node("GlobalMaxPool", "max", [graph.Transpose("channels", "y0", 1, 2, 0)])])),
        ("a global mean", 2 * Hidden, graph => graph.Squeeze(
            "flat", graph.Node("GlobalAveragePool", "mean", [graph.Transpose("channels", "y0", 1, 2, 0)]), 2)),
    ];

    private static readonly (string Name, int Rows, Func<GraphWriter, string> Pool)[] Kept =
    [
        ("mean and maximum side by side", 4 * Hidden, graph => graph.Concat(
            "pooled", [graph.Reduce("ReduceMean", "mean", "y0", 0), graph.Reduce("ReduceMax", "max", "y0", 0)], 1)),
        ("mean, maximum and last states side by side", 6 * Hidden, graph => graph.Concat(
            "pooled",
            [
                graph.Reduce("ReduceMean", "mean", "y0", 0), graph.Reduce("ReduceMax", "max", "y0", 0),
                graph.Concat("last", [State(graph, 0), State(graph, 1)], 1),
            ],
            1)),
        ("a head of two layers with ReLU", 5, graph => Layer(graph, "Relu")),
        ("a head of two layers with tanh", 5, graph => Layer(graph, "Tanh")),
        ("the maximum of the sum of both directions", Hidden, graph => graph.Reduce("ReduceMax", "max", graph.Node("Add", "sum", Halves(graph)), 0)),
        ("one of the last states", Hidden, graph => State(graph, -1)),
        ("attention over the steps", 2 * Hidden, graph =>
        {
            string scores = graph.Node("MatMul", "scores", ["y0", graph.Floats("query", [2 * Hidden, 1], Draw.Normal(12, 2 * Hidden, 0.5))]);
            string weights = graph.Node("Softmax", "weights", [scores], GraphWriter.Attribute("axis", 0));
            return graph.Reduce("ReduceSum", "attended", graph.Node("Mul", "weighted", ["y0", weights]), 0);
        }),
    ];

    public static TheoryData<string> ReadForms => [.. Read.Select(form => form.Name)];

    public static TheoryData<string> KeptForms => [.. Kept.Select(form => form.Name)];

    [Theory]
    [MemberData(nameof(ReadForms))]
    public void What_weights_can_hold_is_read_into_them(string name)
    {
        (_, int rows, Func<GraphWriter, string> pool) = Read.Single(form => form.Name == name);
        using var kind = new GraphKind(Both, model => Change(model, rows, pool));
        using TextModel native = kind.Import(asIs: false).TextModel, kept = kind.Import(asIs: true).TextModel;
        Assert.Equal("native", native.Network.Backend);
        Agreement.Check(kept, native);
        // Not the plain graph's answers: what stands between counts.
        if (rows == Hidden) Assert.InRange(Agreement.Compare(kind.Reference, native).Largest, 1e-3, 100);
    }

    [Theory]
    [MemberData(nameof(KeptForms))]
    public void What_weights_cannot_hold_is_served_as_it_is(string name)
    {
        (_, int rows, Func<GraphWriter, string> pool) = Kept.Single(form => form.Name == name);
        using var kind = new GraphKind(Both, model => Change(model, rows, pool));
        Assert.Equal(ImportWay.AsIs, kind.OtherWay(asIs: false));
        using var kept = (Classifier)kind.Import(asIs: true).Model;
        int[][] texts = [[1, 2, 3], [4], [5, 5, 5, 5, 9, 8, 7, 6, 5, 4], [10, 1]];
        float[][] together = kept.Classify(texts);
        for (int i = 0; i < texts.Length; i++)
        {
            Expect.Near(Draw.ToDouble(kept.Classify([texts[i]])[0]), together[i], 1e-5, $"text {i}");
            Assert.Equal(1, together[i].Sum(), 1e-5f);
        }
    }

    private static readonly RecurrentGraph Forward = new() { AnswersText = true, Gemm = true, Transposed = false };

    private static readonly (string Name, Pooling Pooling, Func<GraphWriter, string> Pool)[] Masks =
    [
        ("a mean by an expanded mask with a least divisor", Pooling.Mean, graph =>
        {
            string shape = graph.Node("Shape", "y.shape", ["y0"]);
            string mask = graph.Node("Expand", "mask.all", [Wide(graph, graph.Cast("mask.floats", "mask", DataType.Float)), shape]);
            string sum = graph.Reduce("ReduceSum", "sum", graph.Node("Mul", "kept", ["y0", mask]), 0);
            string count = graph.Node("Clip", "least", [graph.Reduce("ReduceSum", "count", mask, 0), graph.Float(1e-9f)]);
            return graph.Node("Div", "mean", [sum, count]);
        }),
        ("a maximum where the mask is not zero", Pooling.Max, graph =>
        {
            string outside = graph.Node("Equal", "outside", [Wide(graph, "mask"), graph.Integer(0)]);
            return graph.Reduce("ReduceMax", "max", graph.Node("Where", "filled", [outside, graph.Float(-1e9f), "y0"]), 0);
        }),
        ("a maximum where the mask is above zero", Pooling.Max, graph =>
        {
            string inside = graph.Node("Greater", "inside", [Wide(graph, "mask"), graph.Integer(0)]);
            return graph.Reduce("ReduceMax", "max", graph.Node("Where", "filled", [inside, "y0", graph.Float(-1e9f)]), 0);
        }),
    ];

    public static TheoryData<string> MaskForms => [.. Masks.Select(form => form.Name)];

    [Theory]
    [MemberData(nameof(MaskForms))]
    public void Pooling_by_a_mask_is_pooling_of_the_tokens(string name)
    {
        (_, Pooling pooling, Func<GraphWriter, string> pool) = Masks.Single(form => form.Name == name);
        using var kind = new GraphKind(Forward, model =>
        {
            GraphKind.Input(model, "mask", DataType.Int64, null, null);
            Change(model, Hidden, pool);
        });
        using TextModel native = kind.Import(asIs: false).TextModel, kept = kind.Import(asIs: true).TextModel;
        Assert.Equal(pooling, ((Classifier)native).Config.Pooling);
        Agreement.Check(kept, native);
    }

    [Theory]
    [InlineData(Direction.Forward)]
    [InlineData(Direction.Bidirectional)]
    public void Lengths_may_be_counted_by_a_mask(Direction direction)
    {
        RecurrentGraph graph = new(Direction: direction) { AnswersText = true, Gemm = true, Transposed = false };
        using var kind = new GraphKind(graph, model =>
        {
            GraphKind.Input(model, "attention_mask", DataType.Int64, null, null);
            GraphKind.Insert(model, 0, writer => writer.Cast("lens", writer.Reduce("ReduceSum", "count", "attention_mask", 1), DataType.Int32));
            NodeProto layer = model.Graph.Node.Single(node => node.OpType == "LSTM");
            while (layer.Input.Count < 5) layer.Input.Add("");
            layer.Input[4] = "lens";
        });
        using TextModel native = kind.Import(asIs: false).TextModel, kept = kind.Import(asIs: true).TextModel;
        Agreement.Check(kind.Reference, native);
        Agreement.Check(kept, native);
    }

    // y0 by direction: [time, batch, units] each.
    private static string[] Halves(GraphWriter graph)
    {
        return [Half("forward", 0), Half("reverse", 1)];

        string Half(string name, int way) => graph.Node(
            "Slice", name, ["y0", graph.Integers(way * Hidden), graph.Integers((way + 1) * Hidden), graph.Integers(2)]);
    }

    private static string State(GraphWriter graph, int way) =>
        graph.Node("Gather", $"state{way}", ["H0", graph.Integer(way)], GraphWriter.Attribute("axis", 0));

    // [batch, time] as [time, batch, 1].
    private static string Wide(GraphWriter graph, string mask) => graph.Unsqueeze("mask.wide", graph.Transpose("mask.steps", mask, 1, 0), 2);

    private static string Layer(GraphWriter graph, string activation)
    {
        string last = graph.Concat("both", [State(graph, 0), State(graph, 1)], 1);
        string first = graph.Node(
            "Gemm", "first", [last, graph.Floats("first.weight", [2 * Hidden, 5], Draw.Normal(6, 10 * Hidden, 0.5)), graph.Floats("first.bias", [5], Draw.Normal(7, 5, 0.5))]);
        return graph.Node(activation, "active", [first]);
    }

    private static void Change(ModelProto model, int rows, Func<GraphWriter, string> pool)
    {
        GraphKind.Tensor(model, "head", [rows, Outputs], Draw.Normal(11, rows * Outputs, 0.5));
        GraphKind.Pool(model, pool);
    }
}
