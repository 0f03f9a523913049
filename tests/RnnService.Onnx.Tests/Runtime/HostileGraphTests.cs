using System.Diagnostics;
using Google.Protobuf;
using RnnService.Engine.Weights;
using RnnService.Onnx.Protos;
using RnnService.Onnx.Runtime;
using Xunit;
using AttributeType = RnnService.Onnx.Protos.AttributeProto.Types.AttributeType;
using DataType = RnnService.Onnx.Protos.TensorProto.Types.DataType;

namespace RnnService.Onnx.Tests.Runtime;

/// <summary>Small files that ask for much, and damaged ones: refused, without the memory.</summary>
public sealed class HostileGraphTests
{
    private const int Copies = 150;
    private const long Huge = 2_000_000_000;

    public static TheoryData<string> Names => [.. PyTorchModel.Names];

    public static TheoryData<string> Operators =>
        ["ConstantOfShape", "Expand", "Range", "Tile", "MatMul", "Add", "Pad", "OneHot", "Slice", "Concat", "overflow"];

    [Theory]
    [MemberData(nameof(Operators))]
    public void A_small_graph_of_huge_values_is_refused_without_the_memory(string op)
    {
        var exported = new PyTorchModel("tagger-rnn");
        ModelProto model = exported.Graph();
        GraphProto graph = model.Graph;
        NodeProto last = graph.Node[^1];
        last.Output[0] = "before";
        switch (op)
        {
            case "overflow":
                Node("ConstantOfShape", Integers("shape", [2], 1L << 40, 1L << 40));
                break;
            case "ConstantOfShape":
                Node(op, Integers("shape", [1], Huge));
                break;
            case "Expand" or "Tile":
                Node(op, Integers("one", [1], 1), Integers("shape", [1], Huge));
                break;
            case "Range":
                Node(op, Integers("start", [], 0), Integers("limit", [], Huge), Integers("delta", [], 1));
                break;
            case "MatMul" or "Add":
                const int side = 60_000;
                Node(op, Floats("column", side, 1), Floats("row", 1, side));
                break;
            case "Pad":
                Node(op, Floats("few", 1, 1), Integers("pads", [4], 0, 0, 60_000, 60_000));
                break;
            case "OneHot":
                Node(op, Integers("index", [1], 1), Integers("depth", [], Huge), Integers("values", [2], 0, 1));
                break;
            case "Slice" or "Concat":
                // One that fits, over and over.
                Node("ConstantOfShape", Integers("shape", [1], 30_000_000));
                graph.Node[^1].Output[0] = "fits";
                NodeProto concat = Node("Concat", [.. Enumerable.Repeat("fits", 60)]);
                concat.Attribute.Add(new AttributeProto { Name = "axis", Type = (int)AttributeType.Int, I = 0 });
                if (op == "Concat") break;
                concat.Output[0] = "much";
                Node("Slice", "much", Integers("starts", [1], 0), Integers("ends", [1], 1));
                break;
        }

        graph.Node.Add(new NodeProto { OpType = "ReduceSum", Input = { "big" }, Output = { "sum" } });
        graph.Node.Add(new NodeProto
        {
            OpType = "Cast", Input = { "sum" }, Output = { "number" },
            Attribute = { new AttributeProto { Name = "to", Type = (int)AttributeType.Int, I = (long)DataType.Float } },
        });
        graph.Node.Add(new NodeProto { OpType = "ReduceMin", Input = { "number" }, Output = { "least" } });
        graph.Node[^1].Attribute.Add(new AttributeProto { Name = "keepdims", Type = (int)AttributeType.Int, I = 0 });
        graph.Node.Add(new NodeProto { OpType = "Add", Input = { "before", "least" }, Output = { "logits" } });

        using var process = Process.GetCurrentProcess();
        long before = process.PeakWorkingSet64;
        WeightFormatException refusal = Assert.Throws<WeightFormatException>(
            () => OnnxRuntimeNetwork.Open(model.ToByteArray(), "model.onnx", exported.Config, exported.Vocabulary));
        Assert.StartsWith("model.onnx: ", refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("no such", refusal.Message, StringComparison.Ordinal);
        process.Refresh();
        Assert.InRange(process.PeakWorkingSet64 - before, 0, 600L << 20);

        NodeProto Node(string type, params IEnumerable<string> inputs)
        {
            var node = new NodeProto { OpType = type, Output = { "big" } };
            node.Input.AddRange(inputs);
            graph.Node.Add(node);
            return node;
        }

        string Integers(string name, long[] shape, params long[] values)
        {
            var tensor = new TensorProto { Name = name, DataType = (int)DataType.Int64 };
            tensor.Dims.AddRange(shape);
            tensor.Int64Data.AddRange(values);
            graph.Initializer.Add(tensor);
            return name;
        }

        string Floats(string name, params int[] shape)
        {
            var tensor = new TensorProto { Name = name, DataType = (int)DataType.Float };
            tensor.Dims.AddRange(shape.Select(size => (long)size));
            tensor.RawData = ByteString.CopyFrom(new byte[shape.Aggregate(1, (product, size) => product * size) * sizeof(float)]);
            graph.Initializer.Add(tensor);
            return name;
        }
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
}
