using Google.Protobuf;
using RnnService.Engine.Layers;
using RnnService.Engine.Weights;
using RnnService.Onnx.Format;
using RnnService.Onnx.Format.Protos;
using Xunit;
using static RnnService.Onnx.Tests.Import.Graph.GraphEdits;
using AttributeType = RnnService.Onnx.Format.Protos.AttributeProto.Types.AttributeType;
using DataType = RnnService.Onnx.Format.Protos.TensorProto.Types.DataType;

namespace RnnService.Onnx.Tests.Import.Graph;

/// <summary>Graphs that are none of ours: the first operator that does not fit, what it found and what was wanted.</summary>
public sealed class OnnxRefusalTests
{
    private const string Steps = "outputs of layer 0 [\"ids\".1, \"ids\".0, units]";
    private const string AfterSteps = "expected another recurrent layer, pooling (last, mean, max) or the MatMul or Gemm of the head";

    /// <summary>A change to a graph, and what is said.</summary>
    public static TheoryData<string, string> Wrongs => [.. Changes.Select(change => (change.Name, change.Message))];

    [Theory]
    [MemberData(nameof(Wrongs))]
    public void A_graph_of_another_form_is_refused_with_the_first_operator_that_does_not_fit(string name, string message)
    {
        (_, _, RecurrentGraph graph, Action<ModelProto> apply) = Changes.Single(change => change.Name == name);
        ModelProto model = graph.Build();
        Assert.NotNull(Importing.Read(model));
        apply(model);
        WeightFormatException refusal = Assert.ThrowsAny<WeightFormatException>(() => Importing.Read(model));
        Assert.Equal($"model.onnx: {message}", refusal.Message);
    }

    [Fact]
    public void A_batch_must_be_sorted_where_its_lengths_are()
    {
        ModelProto model = Classifier();
        Find(model, "Transpose").Input[0] = Find(model, "Gather").Output[0];
        SkipUnsorting(model);
        Assert.Equal(
            "model.onnx: input \"lengths\": it is used for other rows than the ids' or in another order; expected "
            + "the ids' rows in their order",
            Assert.ThrowsAny<WeightFormatException>(() => Importing.Read(model)).Message);
    }

    [Fact]
    public void A_sorted_batch_must_be_sorted_back()
    {
        ModelProto model = Classifier();
        SkipUnsorting(model);
        Assert.Equal(
            "model.onnx: output \"logits\": the logits [sorted batch, outputs] found; expected [batch, outputs], in the order of the ids"
           ,
            Assert.ThrowsAny<WeightFormatException>(() => Importing.Read(model)).Message);
    }

    private static void SkipUnsorting(ModelProto model)
    {
        NodeProto back = model.Graph.Node.Single(node => node.Input.Contains("/ScatterElements_output_0"));
        foreach (NodeProto reader in model.Graph.Node.Where(node => node.Input.Contains(back.Output[0]))) reader.Input[0] = back.Input[0];
    }

    // The classifier that PyTorch exported sorts its batch by length, and back.
    private static ModelProto Classifier() =>
        OnnxFile.Open(Path.Combine(AppContext.BaseDirectory, "TestData", "pytorch", "classifier-gru.onnx")).Model;

    private static readonly RecurrentGraph Lstm = new(), Gru = new(CellKind.Gru);
    private static readonly RecurrentGraph Both = new(Direction: Direction.Bidirectional), Deep = new(Layers: 2);
    private static readonly RecurrentGraph Text = new() { AnswersText = true }, Stateful = new(Layers: 2) { States = true };

    private static readonly (string Name, string Message, RecurrentGraph Graph, Action<ModelProto> Apply)[] Changes =
    [
        // What is no network of ours.
        ("activation after the embedding",
            "node 1 (\"Relu\"): it reads the embedding's rows [\"ids\".0, \"ids\".1, embedding]; expected RNN, GRU or LSTM",
            Lstm, model => Insert(model, "embedded", "Relu")),
        ("activation between layers", $"node 4 (\"Tanh\"): it reads {Steps}; {AfterSteps}", Deep, model => Insert(model, "y0", "Tanh")),
        ("softmax over steps",
            "node 7 (\"Softmax\"): it sums over dimension 1 of the logits [\"ids\".0, \"ids\".1, outputs]; expected the labels. "
            + "Give it the labels' dimension: Softmax(dim=-1)",
            Lstm, model =>
        {
            Append(model, "Softmax");
            model.Graph.Node[^1].Attribute.Add(GraphWriter.Attribute("axis", 1));
        }),
        ("sigmoids", "node 7 (\"Sigmoid\"): it makes probabilities of 11 labels one by one: several labels a text; expected logits of one label a text"
            + ". " + ExportAdvice.OneLabel, Lstm, model => Append(model, "Sigmoid")),
        ("softmax twice",
            "node 8 (\"Softmax\"): it reads the softmax of the logits [\"ids\".0, \"ids\".1, outputs]; expected an export that ends with the logits",
            Lstm, model =>
        {
            Append(model, "Softmax");
            model.Graph.Node.Add(new NodeProto { OpType = "Softmax", Input = { "appended" }, Output = { "twice" } });
            model.Graph.Output[0].Name = "twice";
        }),
        ("a residual", $"node 4 (\"Add\"): it reads {Steps}; {AfterSteps}", Lstm, model => Insert(model, "y0", "Add", "x")),
        ("an operator of another domain", "node 4 (\"Gelu\"): it reads " + Steps + "; " + AfterSteps, Lstm, model =>
        {
            model.OpsetImport.Add(new OperatorSetIdProto { Domain = "com.microsoft", Version = 1 });
            Insert(model, "y0", "Gelu");
            model.Graph.Node[4].Domain = "com.microsoft";
        }),
        ("random numbers", "node 4 (\"Add\"): it reads " + Steps + "; " + AfterSteps, Lstm, model => Insert(model, "y0", "Add", "B0")),
        ("noise", "node 0 (\"RandomNormal\"): it makes numbers of its own; expected an operator of a recurrent network", Lstm, model =>
        {
            model.Graph.Node.Insert(0, new NodeProto { OpType = "RandomNormal", Output = { "noise" } });
            Find(model, "LSTM").Input[0] = "noise";
        }),
        ("dropout that is on", "node 4 (\"Dropout\"): it is on; expected a network for use, exported without training", Lstm, model =>
        {
            Floats(model, "on", [], 1);
            Insert(model, "y0", "Dropout", "", "on");
        }),
        ("half floats", "node 4 (\"Cast\"): it makes FLOAT16 of " + Steps + "; expected 32-bit floats", Lstm, model =>
            Insert(model, "y0", "Cast").Attribute.Add(GraphWriter.Attribute("to", (long)DataType.Float16))),
        ("old operators", "opset_import: version 6 found; expected 7 or later", Lstm, model => model.OpsetImport[0].Version = 6),

        // Recurrent nodes.
        ("clip", "node 2 (\"LSTM\" \"Y0\"): attribute \"clip\" changes its cell; expected the plain cell", Lstm, model =>
            Find(model, "LSTM").Attribute.Add(new AttributeProto { Name = "clip", Type = (int)AttributeType.Float, F = 3 })),
        ("activation_alpha",
            "node 2 (\"LSTM\" \"Y0\"): attribute \"activation_alpha\" changes its cell; expected the plain cell",
            Lstm, model =>
            Find(model, "LSTM").Attribute.Add(new AttributeProto { Name = "activation_alpha", Type = (int)AttributeType.Floats })),
        ("input_forget", "node 2 (\"LSTM\" \"Y0\"): input_forget couples two gates; expected 0", Lstm, model =>
            Find(model, "LSTM").Attribute.Add(GraphWriter.Attribute("input_forget", 1))),
        ("layout", "node 2 (\"LSTM\" \"Y0\"): layout is 1; expected 0, time before batch. " + ExportAdvice.TimeFirst, Lstm, model =>
            Find(model, "LSTM").Attribute.Add(GraphWriter.Attribute("layout", 1))),
        ("peepholes", "node 2 (\"LSTM\" \"Y0\"): it has peepholes (P); expected none", Lstm, model =>
        {
            while (Find(model, "LSTM").Input.Count < 7) Find(model, "LSTM").Input.Add("");
            Find(model, "LSTM").Input.Add("B0");
        }),
        ("hard sigmoid", "node 2 (\"GRU\" \"Y0\"): activations are \"HardSigmoid\", \"Tanh\"; expected Sigmoid, Tanh", Gru, model =>
            Find(model, "GRU").Attribute.Add(GraphWriter.Attribute("activations", ["HardSigmoid", "Tanh"]))),
        ("activations of one direction", "node 2 (\"RNN\" \"Y0\"): activations are \"Tanh\"; expected Tanh, Tanh, or Relu in their place",
            Both with { Cell = CellKind.Tanh }, model => Find(model, "RNN").Attribute.Add(GraphWriter.Attribute("activations", ["Tanh"]))),
        ("hidden_size",
            "node 2 (\"LSTM\" \"Y0\"): hidden_size is 5, but R is of 4; expected 4",
            Lstm, model => Attribute(model, "LSTM", "hidden_size").I = 5),
        ("direction", "node 2 (\"LSTM\" \"Y0\"): direction \"sideways\"; expected forward, reverse or bidirectional", Lstm, model =>
            Attribute(model, "LSTM", "direction").S = ByteString.CopyFromUtf8("sideways")),
        ("weights of two directions", "node 2 (\"LSTM\" \"Y0\"): R is [1, 16, 4]; expected [2, 16, 4]", Lstm, model =>
            Attribute(model, "LSTM", "direction").S = ByteString.CopyFromUtf8("bidirectional")),
        ("weights of another cell", "node 2 (\"LSTM\" \"Y0\"): R is [1, 12, 4]; expected [1, 16, 4]", Gru, model =>
        {
            Find(model, "GRU").OpType = "LSTM";
            Attribute(model, "LSTM", "linear_before_reset").Name = "input_forget";
            Attribute(model, "LSTM", "input_forget").I = 0;
        }),
        ("weights of another width",
            "node 2 (\"LSTM\" \"Y0\"): W is [1, 16, 4]; expected [1, 16, 3]",
            Lstm, model => Find(model, "LSTM").Input[1] = "R0"),
        ("a bias of another width", "node 2 (\"LSTM\" \"Y0\"): B is [1, 16]; expected [1, 32]", Lstm, model => Floats(model, "B0", [1, 16])),
        ("double weights", "node 2 (\"LSTM\" \"Y0\"): W is of DOUBLE; expected FLOAT", Lstm, model =>
        {
            TensorProto tensor = model.Graph.Initializer.Single(tensor => tensor.Name == "W0");
            tensor.ClearRawData();
            tensor.DataType = (int)DataType.Double;
            tensor.DoubleData.AddRange(new double[48]);
        }),
        ("computed weights",
            "node 2 (\"LSTM\" \"Y0\"): W is the embedding's rows [\"ids\".0, \"ids\".1, embedding]; expected a tensor of the file",
            Lstm, model => Find(model, "LSTM").Input[1] = "embedded"),
        ("ids for lengths",
            "node 2 (\"LSTM\" \"Y0\"): sequence_lens is the ids \"ids\" [\"ids\".0, \"ids\".1]; expected an input of lengths",
            Lstm, model =>
            Find(model, "LSTM").Input.Add("ids")),
        ("mixed directions", "node 4 (\"LSTM\" \"Y1\"): it reads reverse, layer 0 forward; expected the same in all layers", Deep, model =>
            Attribute(model, "LSTM", "direction", last: true).S = ByteString.CopyFromUtf8("reverse")),
        ("mixed resets", "node 4 (\"GRU\" \"Y1\"): its cell is gru_before, that of layer 0 is gru; expected the same in all layers",
            Deep with { Cell = CellKind.Gru }, model => Attribute(model, "GRU", "linear_before_reset", last: true).I = 0),
        ("mixed sizes", "node 4 (\"LSTM\" \"Y1\"): hidden_size is 5, that of layer 0 is 4; expected the same in all layers", Deep, model =>
        {
            Floats(model, "W1", [1, 20, 4]);
            Floats(model, "R1", [1, 20, 5]);
            Floats(model, "B1", [1, 40]);
            Attribute(model, "LSTM", "hidden_size", last: true).I = 5;
        }),
        ("two layers beside each other",
            "node 8 (\"LSTM\" \"Y1\"): it reads an embedding that another layer reads; expected one stack of layers",
            Stateful, model =>
        {
            Floats(model, "W1", [1, 16, 3]);
            Find(model, "LSTM", last: true).Input[0] = "x";
        }),
        ("one direction of two", "node 8 (\"MatMul\" \"logits.product\"): it reads outputs of layer 0 [\"ids\".0, \"ids\".1, units]; expected "
            + "all directions of the top layer, forward first", Both, model =>
        {
            int at = model.Graph.Node.IndexOf(Find(model, "Transpose", last: true));
            Floats(model, "head", [4, 11]);
            Integers(model, "first", [0]);
            Integers(model, "end", [4]);
            Integers(model, "axis", [2]);
            model.Graph.Node.Insert(at, new NodeProto { OpType = "Slice", Input = { "y0", "first", "end", "axis" }, Output = { "half" } });
            Find(model, "Transpose", last: true).Input[0] = "half";
            Insert(model, "rows", "Identity");
        }),

        // Lengths, states, pooling.
        ("a learned start",
            "node 2 (\"LSTM\" \"Y0\"): initial_h is tensor \"start\", which is not zero; expected zero, or part of an input of all "
            + "layers' states",
            Lstm, model =>
        {
            Floats(model, "start", [1, 1, 4], 0.5f);
            NodeProto node = Find(model, "LSTM");
            while (node.Input.Count < 5) node.Input.Add("");
            node.Input.Add("start");
        }),
        ("starts that changed places",
            "node 4 (\"LSTM\" \"Y0\"): initial_h is 1 of \"h0\"; expected 0 (directions, layer by layer)",
            Stateful, model =>
        {
            NodeProto other = model.Graph.Node.Single(node => node.Output[0] == "h0.1");
            model.Graph.Node.Remove(other);
            model.Graph.Node.Remove(model.Graph.Node.Single(node => node.Output[0] == "h0.0"));
            model.Graph.Node.Insert(0, other);
            Find(model, "LSTM").Input[5] = "h0.1";
        }),
        ("h as c",
            "node 4 (\"LSTM\" \"Y0\"): initial_c is \"h0\", as the other is; expected h and c apart",
            Stateful, model => Find(model, "LSTM").Input[6] = "h0.0"),
        ("states of the top alone", "output \"hn\": last states of layer 1 [1, \"ids\".0, units] found; expected the states of all layers in order, "
            + "[directions, batch, hidden_size]", Stateful, model => Find(model, "Concat").Input.RemoveAt(0)),
        ("states in another order",
            "output \"hn\": last states of layer 1 and layer 0 [directions, \"ids\".0, units] found; expected the states of all layers in order, "
            + "[directions, batch, hidden_size]",
            Stateful, model => (Find(model, "Concat").Input[0], Find(model, "Concat").Input[1]) = ("H1", "H0")),
        ("lengths unused", "input \"lengths\": nothing uses it as ids, lengths, a mask or states; expected an input that counts", Lstm, model =>
            model.Graph.Input.Add(new ValueInfoProto { Name = "lengths", Type = Type(DataType.Int64, 0) })),
        ("lengths in one layer",
            "node 3 (\"LSTM\" \"Y0\"): it has no sequence_lens, though lengths are an input: it would read past the ends; expected the "
            + "lengths",
            Deep with { Lengths = true, Direction = Direction.Bidirectional }, model => Find(model, "LSTM").Input[4] = ""),
        ("ids of one dimension", "node 1 (\"Transpose\" \"x\"): perm [1, 0, 2] of 2 dimensions; expected each of them once", Lstm, model =>
            model.Graph.Input[0].Type = Type(DataType.Int64, 0)),
        ("ids without dimensions", "input \"ids\": its number of dimensions is not said; expected a shape", Lstm, model =>
            model.Graph.Input[0].Type.TensorType.Shape = null),
        ("the last step of a reverse pass",
            "node 5 (\"Gather\" \"step\"): it takes a step of outputs of layer 0 [\"ids\".1, \"ids\".0, directions·units] that is not "
            + "where every direction ends; expected "
            + "the last step of a forward direction, the first of a reverse one, or Y_h", Both, model => TakeLast(model, 5)),
        ("the last step beside lengths",
            $"node 5 (\"Gather\" \"step\"): it takes one step of {Steps}, but sequences end at their lengths; expected Y_h",
            Lstm with { Lengths = true }, model => TakeLast(model, 5)),
        ("a mean of padding",
            "node 5 (\"ReduceMean\" \"mean\"): it reads what stands past the sequences' ends; expected a mask by lengths before it",
            Lstm with { Lengths = true }, model => Pool(model, "ReduceMean", 5)),
        ("a sum that is not divided",
            "node 7 (\"Gemm\" \"answer\"): it reads sums over time [\"ids\".0, units]; expected a division by the lengths",
            Lstm with { Lengths = true }, model => Pool(model, "ReduceSum", 5)),

        // The head and the outputs.
        ("Gemm with alpha", "node 6 (\"Gemm\" \"logits\"): alpha is 0.5; expected 1", Text with { Gemm = true }, model =>
            Find(model, "Gemm").Attribute.Add(new AttributeProto { Name = "alpha", Type = (int)AttributeType.Float, F = 0.5f })),
        ("Gemm the other way",
            "node 6 (\"Gemm\" \"logits\"): the head's matrix takes 11 features; expected 4",
            Text with { Gemm = true }, model =>
            Attribute(model, "Gemm", "transB").I = 0),
        ("a bias for each text",
            "node 6 (\"Gemm\" \"logits\"): the head's bias is [11, 1]; expected [11]",
            Text with { Gemm = true }, model =>
            Floats(model, "head.bias", [11, 1])),
        ("two biases",
            "node 7 (\"Add\"): it reads the logits [\"ids\".0, \"ids\".1, outputs]; expected an export that ends with the logits",
            Lstm, model => Append(model, "Add", "head.bias")),
        ("a layer above the head",
            "node 7 (\"LSTM\" \"Y9\"): it reads the logits [\"ids\".0, \"ids\".1, outputs]; expected an export that ends with the logits",
            Lstm, model =>
        {
            model.Graph.Node.Add(new NodeProto { OpType = "LSTM", Name = "Y9", Input = { "logits", "W0", "R0" }, Output = { "Y9" } });
            model.Graph.Output[0].Name = "Y9";
        }),
        ("no logits", "output: no logits found; expected the output of a MatMul or Gemm", Stateful, model => model.Graph.Output.RemoveAt(0)),
    ];
}
