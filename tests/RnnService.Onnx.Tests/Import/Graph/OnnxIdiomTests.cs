using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Tests;
using RnnService.Onnx.Format;
using RnnService.Onnx.Format.Protos;
using RnnService.Onnx.Import.Graph;
using RnnService.Onnx.Tests.Support;
using Xunit;
using AttributeType = RnnService.Onnx.Format.Protos.AttributeProto.Types.AttributeType;
using DataType = RnnService.Onnx.Format.Protos.TensorProto.Types.DataType;

namespace RnnService.Onnx.Tests.Import.Graph;

/// <summary>Other ways to write the same networks, each beside ONNX Runtime.</summary>
public sealed class OnnxIdiomTests
{
    private static readonly RecurrentGraph Lstm = new(), Both = new(Direction: Direction.Bidirectional);
    private static readonly RecurrentGraph Ragged = Both with { Lengths = true };

    private static readonly (string Name, RecurrentGraph Graph, int Opset, Action<ModelProto> Apply)[] Changes =
    [
        ("tensors behind Identity", Lstm, 17, model => Behind(model, "Identity", "W0", "R0", "B0", "table", "head", "head.bias")),
        ("tensors in constants", Lstm, 17, model =>
        {
            foreach (TensorProto tensor in model.Graph.Initializer.ToArray())
            {
                model.Graph.Initializer.Remove(tensor);
                var constant = new NodeProto { OpType = "Constant", Output = { tensor.Name } };
                constant.Attribute.Add(new AttributeProto { Name = "value", Type = (int)AttributeType.Tensor, T = tensor });
                model.Graph.Node.Insert(0, constant);
            }
        }),
        ("tensors that are inputs with a default", Lstm, 17, model =>
        {
            foreach (TensorProto tensor in model.Graph.Initializer)
            {
                var shape = new TensorShapeProto();
                foreach (long dim in tensor.Dims) shape.Dim.Add(new TensorShapeProto.Types.Dimension { DimValue = dim });
                model.Graph.Input.Add(new ValueInfoProto
                {
                    Name = tensor.Name,
                    Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = tensor.DataType, Shape = shape } },
                });
            }
        }),
        ("a head that is transposed", Lstm, 17, model => Behind(model, "Transpose", Resized(model, "head", 11, 4))),
        ("a head of the embedding", Lstm, 17, model =>
        {
            Resized(model, "table", 11, 4);
            Resized(model, "W0", 1, 16, 4);
            model.Graph.Node.Insert(0, new NodeProto { OpType = "Transpose", Input = { "table" }, Output = { "tied" } });
            model.Graph.Node.Single(node => node.OpType == "MatMul").Input[1] = "tied";
        }),
        ("axes in attributes, before opset 13", new RecurrentGraph(CellKind.Gru, Layers: 2) { States = true }, 12, model =>
        {
            foreach (NodeProto node in model.Graph.Node.Where(node => node.OpType == "Squeeze"))
            {
                node.Input.RemoveAt(1);
                node.Attribute.Add(GraphWriter.Attribute("axes", [1]));
            }
        }),
        ("bounds in attributes, before opset 10", new RecurrentGraph(CellKind.Gru, Layers: 2) { States = true }, 9, model =>
        {
            foreach (NodeProto node in model.Graph.Node.Where(node => node.OpType == "Squeeze"))
            {
                node.Input.RemoveAt(1);
                node.Attribute.Add(GraphWriter.Attribute("axes", [1]));
            }

            int layer = 0;
            foreach (NodeProto node in model.Graph.Node.Where(node => node.OpType == "Slice"))
            {
                while (node.Input.Count > 1) node.Input.RemoveAt(1);
                node.Attribute.Add(GraphWriter.Attribute("starts", [layer]));
                node.Attribute.Add(GraphWriter.Attribute("ends", [++layer]));
                node.Attribute.Add(GraphWriter.Attribute("axes", [0]));
            }
        }),
        ("dropout that is off", Lstm, 17, model => After(model, "y0", new NodeProto { OpType = "Dropout", Input = { "y0" } })),
        ("states that start from zeros of the batch", Lstm, 17, model =>
        {
            var graph = new GraphWriter(17);
            string batch = graph.Node("Slice", "batch", [graph.Node("Shape", "all", ["x"]), graph.Integers(1), graph.Integers(2)]);
            graph.Concat("zero.shape", [graph.Integers(1), batch, graph.Integers(4)], 0);
            graph.Node("ConstantOfShape", "zero", ["zero.shape"]);
            Insert(model, 2, graph);
            NodeProto node = model.Graph.Node.Single(node => node.OpType == "LSTM");
            node.Input.Add(["", "zero", "zero"]);
        }),
        ("the last step", Lstm, 17, model => Answer(model, graph =>
            graph.Node("Gather", "step", ["y0", graph.Integer(-1)], GraphWriter.Attribute("axis", 0)))),
        ("the last step as a slice", Lstm, 17, model => Answer(model, graph =>
        {
            string[] bounds = [graph.Integers(-1), graph.Integers(long.MaxValue), graph.Integers(0)];
            return graph.Squeeze("step", graph.Node("Slice", "part", ["y0", .. bounds]), 0);
        })),
        ("the first step of a reverse pass", Lstm with { Direction = Direction.Reverse }, 17, model => Answer(model, graph =>
            graph.Node("Gather", "step", ["y0", graph.Integer(0)], GraphWriter.Attribute("axis", 0)))),
        ("last states one by one", Ragged, 17, model => Answer(model, graph => graph.Concat(
            "both",
            [
                graph.Node("Gather", "forward", ["H0", graph.Integer(-2)]),
                graph.Squeeze("reverse", graph.Node("Slice", "part", ["H0", graph.Integers(1), graph.Integers(2)]), 0),
            ],
            -1))),
        ("last states split", Ragged, 17, model => Answer(model, graph =>
        {
            graph.Node("Split", ["forward", "reverse"], ["H0"], GraphWriter.Attribute("axis", 0));
            return graph.Squeeze("both", graph.Concat("side", ["forward", "reverse"], 2), 0);
        })),
        ("last states flattened", Ragged, 17, model => Answer(model, graph =>
            graph.Node("Flatten", "both", [graph.Transpose("side", "H0", 1, 0, 2)]))),
        ("steps of each direction apart", Both, 17, model =>
        {
            model.Graph.Node.Remove(model.Graph.Node.Single(node => node.OpType == "Reshape"));
            var graph = new GraphWriter(17);
            graph.Concat("y0", [Way(0), Way(1)], 2);
            Insert(model, 4, graph);

            string Way(int way) => graph.Node("Gather", $"way{way}", ["Y0", graph.Integer(way)], GraphWriter.Attribute("axis", 1));
        }),
        ("a mean without lengths", Both, 17, model => Answer(model, graph => graph.Reduce("ReduceMean", "mean", "y0", 0))),
        ("a maximum without lengths", Both, 17, model => Answer(model, graph => graph.Reduce("ReduceMax", "max", "y0", 0))),
        ("a mean by a mask of numbers", Ragged, 17, model => Answer(model, graph =>
        {
            string mask = graph.Cast("numbers", Mask(graph, "Greater", lengthsFirst: true), DataType.Float);
            string sum = graph.Reduce("ReduceSum", "sum", graph.Node("Mul", "masked", ["y0", mask]), 0);
            return graph.Node("Div", "mean", [sum, Divisor(graph)]);
        })),
        ("a mean of what ends in zero", Ragged, 17, model => Answer(model, graph =>
            graph.Node("Div", "mean", [graph.Reduce("ReduceSum", "sum", "y0", 0), Divisor(graph)]))),
        ("a maximum with its padding filled", Ragged, 17, model => Answer(model, graph =>
            Largest(graph, Mask(graph, "GreaterOrEqual", lengthsFirst: false), -1e9f))),
        ("a maximum by a mask that is turned round", Ragged, 17, model => Answer(model, graph =>
            Largest(graph, graph.Node("Not", "outside", [Mask(graph, "Less", lengthsFirst: false)]), float.NegativeInfinity))),
        ("lengths of one or more", Ragged, 17, model =>
        {
            var graph = new GraphWriter(17);
            graph.Node("Clip", "least", ["lengths", graph.Integer(1)]);
            Insert(model, 0, graph);
            model.Graph.Node.Single(node => node.Output[0] == "lens").Input[0] = "least";
        }),
        ("fixed sizes", Both, 17, model =>
        {
            model.Graph.Input[0].Type.TensorType.Shape.Dim[0].DimValue = 3;
            Constant(model, "Reshape", 0, 3, 8);
        }),
    ];

    public static TheoryData<string> Names => [.. Changes.Select(change => change.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void It_is_read_for_what_it_is(string name)
    {
        (_, RecurrentGraph graph, int opset, Action<ModelProto> apply) = Changes.Single(change => change.Name == name);
        ModelProto proto = graph.Build(opset);
        apply(proto);
        OnnxImport import = Importing.Read(proto);
        TextModel model = Importing.Model(import, ModelTask.LanguageModel);
        using var ort = new Ort(proto);
        Importing.Check(model, import, proto, ort, import.TakesLengths ? [3, 1, 6] : [4, 4, 4], name);
        Assert.Equal(name == "a head of the embedding", import.Facts.TieWeights);
    }

    // The head over one vector a text in place of one a step.
    private static void Answer(ModelProto model, Func<GraphWriter, string> pool)
    {
        int at = model.Graph.Node.ToList().FindIndex(node => node.Output[0] == "y0") + 1;
        while (model.Graph.Node.Count > at) model.Graph.Node.RemoveAt(at);
        var graph = new GraphWriter(17);
        graph.Node("Gemm", "logits", [pool(graph), "head", "head.bias"]);
        Insert(model, at, graph);
    }

    private static void Insert(ModelProto model, int at, GraphWriter graph)
    {
        for (int i = 0; i < graph.Graph.Node.Count; i++) model.Graph.Node.Insert(at + i, graph.Graph.Node[i]);
        foreach (TensorProto tensor in graph.Graph.Initializer)
        {
            if (model.Graph.Initializer.All(other => other.Name != tensor.Name)) model.Graph.Initializer.Add(tensor);
        }
    }

    private static string Mask(GraphWriter graph, string op, bool lengthsFirst)
    {
        string time = graph.Node("Gather", "time", [graph.Node("Shape", "y.shape", ["y0"]), graph.Integer(0)]);
        string steps = graph.Unsqueeze("steps", graph.Node("Range", "range", [graph.Integer(0), time, graph.Integer(1)]), 1);
        string ends = graph.Unsqueeze("ends", "lengths", 0);
        return graph.Unsqueeze("mask", graph.Node(op, "inside", lengthsFirst ? [ends, steps] : [steps, ends]), 2);
    }

    private static string Largest(GraphWriter graph, string outside, float fill) =>
        graph.Reduce("ReduceMax", "max", graph.Node("Where", "filled", [outside, graph.Float(fill), "y0"]), 0);

    private static string Divisor(GraphWriter graph) => graph.Unsqueeze("divisor", graph.Cast("floats", "lengths", DataType.Float), 1);

    private static void Behind(ModelProto model, string op, params string[] tensors)
    {
        foreach (string tensor in tensors)
        {
            foreach (NodeProto node in model.Graph.Node)
            {
                for (int i = 0; i < node.Input.Count; i++)
                {
                    if (node.Input[i] == tensor) node.Input[i] = $"{tensor}.behind";
                }
            }

            model.Graph.Node.Insert(0, new NodeProto { OpType = op, Input = { tensor }, Output = { $"{tensor}.behind" } });
        }
    }

    private static void After(ModelProto model, string value, NodeProto node)
    {
        int at = model.Graph.Node.ToList().FindIndex(other => other.Output.Contains(value)) + 1;
        foreach (NodeProto other in model.Graph.Node)
        {
            for (int i = 0; i < other.Input.Count; i++)
            {
                if (other.Input[i] == value) other.Input[i] = $"{value}.after";
            }
        }

        node.Output.Add($"{value}.after");
        model.Graph.Node.Insert(at, node);
    }

    private static string Resized(ModelProto model, string name, params long[] shape)
    {
        model.Graph.Initializer.Remove(model.Graph.Initializer.Single(tensor => tensor.Name == name));
        var graph = new GraphWriter(17);
        int size = (int)shape.Aggregate(1L, (product, dim) => product * dim);
        graph.Floats(name, shape, Draw.Normal((ulong)size, size, 0.4));
        Insert(model, 0, graph);
        return name;
    }

    private static void Constant(ModelProto model, string op, params long[] values)
    {
        var graph = new GraphWriter(17);
        model.Graph.Node.Single(node => node.OpType == op).Input[1] = graph.Integers(values);
        Insert(model, 0, graph);
    }
}
