using RnnService.Engine.Networks;
using RnnService.Engine.Weights;
using RnnService.Onnx.Format.Protos;
using RnnService.Onnx.Runtime;
using Xunit;
using AttributeType = RnnService.Onnx.Format.Protos.AttributeProto.Types.AttributeType;
using DataType = RnnService.Onnx.Format.Protos.TensorProto.Types.DataType;

namespace RnnService.Onnx.Tests.Runtime;

/// <summary>Graphs that take seconds or minutes for a long text: it is refused in words, and shorter ones are answered.</summary>
[Collection<HostileGraphs>]
public sealed class SlowGraphTests
{
    [Fact]
    public void A_text_that_takes_too_long_is_refused_and_a_short_one_is_answered()
    {
        var exported = new PyTorchModel("tagger-rnn");
        using INetwork network = Open(exported, seconds: 0.5);
        var tagger = (ITaggerNetwork)network;
        int[] answered = [5, 40];
        var refusal = Assert.Throws<NetworkException>(() => tagger.Forward([new TaggerInput(new string[6000], new int[6000])], (_, _, _) => { }));
        Assert.StartsWith("the graph takes longer than 0.5 s for a text of ", refusal.Message, StringComparison.Ordinal);
        foreach (int length in answered)
        {
            int steps = 0;
            tagger.Forward([new TaggerInput(new string[length], new int[length])], (_, _, _) => steps++);
            Assert.Equal(length, steps);
        }
    }

    [Fact]
    public void A_graph_that_is_too_slow_for_short_rows_is_not_opened()
    {
        var exported = new PyTorchModel("tagger-rnn");
        var refusal = Assert.ThrowsAny<WeightFormatException>(() => Open(exported, seconds: 1e-4, products: 5000));
        Assert.Contains("graph: a short row takes more than 0.0001 seconds", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Disposing_ends_a_run_and_waits_for_it()
    {
        var exported = new PyTorchModel("tagger-rnn");
        INetwork network = Open(exported, seconds: 600);
        Task running = Task.Run(() => ((ITaggerNetwork)network).Forward([new TaggerInput(new string[4000], new int[4000])], (_, _, _) => { }));
        network.Dispose();
        await Assert.ThrowsAsync<NetworkException>(() => running); // ended, or not begun any more
    }

    private static INetwork Open(PyTorchModel exported, double seconds, int products = 60)
    {
        string file = Path.GetTempFileName();
        try
        {
            using (FileStream stream = File.Create(file)) Google.Protobuf.MessageExtensions.WriteTo(Slow(exported.Graph(), products), stream);
            return OnnxRuntimeNetwork.Reader(TimeSpan.FromSeconds(seconds))(
                file, exported.Config, exported.Vocabulary, TestContext.Current.CancellationToken);
        }
        finally
        {
            File.Delete(file);
        }
    }

    // The graph with zero, found by many products [time,time], added to its logits [1,time,labels].
    private static ModelProto Slow(ModelProto model, int products)
    {
        GraphProto graph = model.Graph;
        graph.Node[^1].Output[0] = "before";
        Node("ReduceSum", "column", "before", Integers("last", 2)); // [batch,time,1]
        Attribute(Node("Transpose", "row", "column"), "perm", 0, 2, 1);
        Node("MatMul", "square", "column", "row");
        Node("Sub", "product 0", "square", "square");
        for (int i = 1; i <= products; i++) Node("MatMul", $"product {i}", $"product {i - 1}", "square");
        Node("ReduceSum", "zero", $"product {products}", "last");
        Node("Add", "logits", "before", "zero");
        return model;

        NodeProto Node(string type, string output, params string[] inputs)
        {
            var node = new NodeProto { OpType = type, Output = { output } };
            node.Input.AddRange(inputs);
            graph.Node.Add(node);
            return node;
        }

        static void Attribute(NodeProto node, string name, params long[] values)
        {
            var attribute = new AttributeProto { Name = name, Type = (int)AttributeType.Ints };
            attribute.Ints.AddRange(values);
            node.Attribute.Add(attribute);
        }

        string Integers(string name, params long[] values)
        {
            var tensor = new TensorProto { Name = name, DataType = (int)DataType.Int64 };
            tensor.Dims.Add(values.Length);
            tensor.Int64Data.AddRange(values);
            graph.Initializer.Add(tensor);
            return name;
        }
    }
}
