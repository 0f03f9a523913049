using System.Diagnostics;
using Google.Protobuf;
using RnnService.Engine.Networks;
using RnnService.Engine.Weights;
using RnnService.Onnx.Format.Protos;
using RnnService.Onnx.Runtime;
using RnnService.Onnx.Tests.Format;
using Xunit;
using AttributeType = RnnService.Onnx.Format.Protos.AttributeProto.Types.AttributeType;
using DataType = RnnService.Onnx.Format.Protos.TensorProto.Types.DataType;

namespace RnnService.Onnx.Tests.Runtime;

/// <summary>What all graphs compute in is bounded, and here it is used up: nothing else runs beside it.</summary>
[CollectionDefinition(DisableParallelization = true)]
public sealed class HostileGraphs;

/// <summary>Small files that ask for much, and damaged ones: refused, without the memory.</summary>
[Collection<HostileGraphs>]
public sealed class HostileGraphTests
{
    private const int Copies = 150;

    public static TheoryData<string> Names => [.. PyTorchModel.Names];

    public static TheoryData<string> Operators =>
        ["ConstantOfShape", "Expand", "Range", "Tile", "MatMul", "Add", "Pad", "OneHot", "Concat", "many", "overflow"];

    [Theory]
    [MemberData(nameof(Operators))]
    public void A_small_graph_of_huge_values_is_refused_without_the_memory(string op)
    {
        var exported = new PyTorchModel("tagger-rnn");
        Open(exported, With(exported.Graph(), op, isHuge: false)).Dispose();
        using var process = Process.GetCurrentProcess();
        long before = process.PeakWorkingSet64;
        ModelProto hostile = With(exported.Graph(), op, isHuge: true);
        WeightFormatException refusal = Assert.ThrowsAny<WeightFormatException>(() => Open(exported, hostile));
        Assert.StartsWith("model.onnx: ", refusal.Message, StringComparison.Ordinal);
        process.Refresh();
        long grown = process.PeakWorkingSet64 - before; // the kernel counts roughly: it may be a little below 0
        Assert.True(grown < 1200L << 20, $"{op} took {grown} bytes");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Damaged_copies_are_served_or_refused(string name)
    {
        var exported = new PyTorchModel(name);
        byte[] sound = File.ReadAllBytes(exported.File), other = File.ReadAllBytes(new PyTorchModel("classifier-lstm").File);
        var random = new RandomSource((ulong)sound.Length);
        int served = 0;
        for (int copy = 0; copy < Copies; copy++)
        {
            byte[] damaged = sound;
            for (int damages = 1 + random.Below(2); damages > 0; damages--) damaged = OnnxFileFuzzTests.Damage(damaged, other, ref random);
            try
            {
                OnnxRuntimeNetwork.Open(damaged, "copy.onnx", exported.Config, exported.Vocabulary).Dispose();
                served++;
            }
            catch (WeightFormatException refusal)
            {
                Assert.StartsWith("copy.onnx: ", refusal.Message, StringComparison.Ordinal);
                Assert.InRange(refusal.Message.Length, 20, 1500);
            }
        }

        Assert.InRange(served, Copies / 50, Copies * 19 / 20); // or the test is of one kind alone
    }

    private static INetwork Open(PyTorchModel exported, ModelProto model) =>
        OnnxRuntimeNetwork.Open(model.ToByteArray(), "model.onnx", exported.Config, exported.Vocabulary);

    // The graph with the sum of many zeros added to its logits.
    private static ModelProto With(ModelProto model, string op, bool isHuge)
    {
        const string Big = "big";
        GraphProto graph = model.Graph;
        graph.Node[^1].Output[0] = "before";
        long count = isHuge ? 2_000_000_000 : 4, side = isHuge ? 60_000 : 2;
        switch (op)
        {
            case "overflow":
                Node("ConstantOfShape", Big, Integers("shape", [2], isHuge ? 1L << 40 : 2, isHuge ? 1L << 40 : 2));
                break;
            case "ConstantOfShape":
                Node(op, Big, Integers("shape", [1], count));
                break;
            case "Expand" or "Tile":
                Node(op, Big, Integers("one", [1], 0), Integers("shape", [1], count));
                break;
            case "Range":
                Node(op, "numbers", Integers("start", [], 0), Integers("limit", [], count), Integers("delta", [], 1));
                Node("Sub", Big, "numbers", "numbers");
                break;
            case "MatMul" or "Add":
                Node(op, Big, Zeros("column", side, 1), Zeros("row", 1, side));
                break;
            case "Pad":
                Node(op, Big, Zeros("few", 1, 1), Integers("pads", [4], 0, 0, side, side));
                break;
            case "OneHot":
                Node(op, Big, Integers("index", [1], 1), Integers("depth", [], count), Integers("values", [2], 0, 0));
                break;
            case "Concat":
                // One that fits, over and over.
                Node("ConstantOfShape", "fits", Integers("shape", [1], count / 64));
                Integer(Node(op, Big, [.. Enumerable.Repeat("fits", 64)]), "axis", 0);
                break;
            case "many":
                // Many that fit, all kept to the end.
                for (int i = 0; i < 64; i++) Node("ConstantOfShape", $"fits {i}", i == 0 ? Integers("shape", [1], count / 64) : "shape");
                Node("Sum", Big, [.. Enumerable.Range(0, 64).Select(i => $"fits {i}")]);
                break;
        }

        Integer(Node("Cast", "number", Big), "to", (long)DataType.Float);
        Integer(Node("ReduceSum", "sum", "number"), "keepdims", 0);
        Node("Add", "logits", "before", "sum");
        return model;

        NodeProto Node(string type, string output, params string[] inputs)
        {
            var node = new NodeProto { OpType = type, Output = { output } };
            node.Input.AddRange(inputs);
            graph.Node.Add(node);
            return node;
        }

        static void Integer(NodeProto node, string name, long value) =>
            node.Attribute.Add(new AttributeProto { Name = name, Type = (int)AttributeType.Int, I = value });

        string Integers(string name, long[] shape, params long[] values)
        {
            var tensor = new TensorProto { Name = name, DataType = (int)DataType.Int64 };
            tensor.Dims.AddRange(shape);
            tensor.Int64Data.AddRange(values);
            graph.Initializer.Add(tensor);
            return name;
        }

        string Zeros(string name, params long[] shape)
        {
            var tensor = new TensorProto { Name = name, DataType = (int)DataType.Float };
            tensor.Dims.AddRange(shape);
            tensor.RawData = ByteString.CopyFrom(new byte[shape.Aggregate(1L, (product, size) => product * size) * sizeof(float)]);
            graph.Initializer.Add(tensor);
            return name;
        }
    }
}
