using System.Text;
using Google.Protobuf;
using RnnService.Onnx.Format;
using RnnService.Onnx.Format.Protos;
using Xunit;
using static RnnService.Onnx.Tests.Format.SoundModel;
using AttributeType = RnnService.Onnx.Format.Protos.AttributeProto.Types.AttributeType;
using DataType = RnnService.Onnx.Format.Protos.TensorProto.Types.DataType;

namespace RnnService.Onnx.Tests.Format;

/// <summary>A sound model of three nodes, and everything that can be wrong with it.</summary>
public sealed class OnnxFileTests
{
    private const string Nothing = "is produced by nothing (a missing node); expected an input, a tensor or an output of a node before it";
    private const string First = "node 0 (\"MatMul\" \"first\")", Second = "node 1 (\"Add\" \"second\")", If = "node 3 (\"If\")";

    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "TestData", "pytorch");

    public static TheoryData<string> Fixtures =>
        [.. Directory.GetFiles(Folder, "*.onnx").Select(path => Path.GetFileName(path)).Order()];

    [Theory]
    [MemberData(nameof(Fixtures))]
    public void What_pytorch_writes_is_read(string name)
    {
        string path = Path.Combine(Folder, name);
        OnnxFile file = OnnxFile.Open(path);
        Assert.Equal(path, file.Path);
        Assert.Equal("pytorch", file.Model.ProducerName);
        Assert.All(
            file.Model.Graph.Initializer,
            tensor => Assert.Equal(tensor.Dims.Aggregate(1L, (product, size) => product * size), file.Floats(tensor).Length));
    }

    [Fact]
    public void The_sound_model_is_read() => Assert.Equal("y", Read(Sound()).Model.Graph.Output[0].Name);

    /// <summary>A change to the sound model, the place where it is noticed and what is said.</summary>
    public static TheoryData<string, string> Wrongs => [.. Changes.Select(change => (change.Name, change.Message))];

    [Theory]
    [MemberData(nameof(Wrongs))]
    public void A_model_that_is_wrong_is_refused_with_the_place_and_what_was_wanted(string name, string message)
    {
        ModelProto model = Sound();
        Changes.Single(change => change.Name == name).Apply(model);
        OnnxFormatException refusal = Assert.Throws<OnnxFormatException>(() => Read(model));
        Assert.Equal($"{Name}: {message}", refusal.Message);
        Assert.Equal(Name, refusal.File);
        Assert.StartsWith(refusal.Place, message, StringComparison.Ordinal);
    }

    private static readonly (string Name, string Message, Action<ModelProto> Apply)[] Changes =
    [
        ("no version", "ir_version: 0 found; expected 3 to 13", model => model.ClearIrVersion()),
        ("new version", "ir_version: 14 found; expected 3 to 13", model => model.IrVersion = 14),
        ("no operator set", "opset_import: no version of the standard operators found; expected one", model => model.OpsetImport.Clear()),
        ("unknown domain", "opset_import: domain \"evil?corp\" found; expected standard operators (\"\" or \"ai.onnx\")",
            model => model.OpsetImport.Add(new OperatorSetIdProto { Domain = "evil\ncorp", Version = 1 })),
        ("operator set 0", "opset_import: version 0 of \"\" found; expected 1 to 30", model => model.OpsetImport[0].Version = 0),
        ("domain twice", "opset_import: domain \"ai.onnx\" occurs twice; expected once",
            model => model.OpsetImport.Add(new OperatorSetIdProto { Domain = "ai.onnx", Version = 17 })),
        ("functions", "functions: 1 found; expected none (inlined)", model => model.Functions.Add(new UnsupportedProto())),
        ("training", "training_info: 1 found; expected none", model => model.TrainingInfo.Add(new UnsupportedProto())),
        ("metadata twice", "metadata_props: \"k\" occurs twice; expected once",
            model => model.MetadataProps.AddRange([new() { Key = "k" }, new() { Key = "k" }])),
        ("no graph", "graph: none found; expected one", model => model.Graph = null),
        ("sparse", "sparse_initializer: sparse tensors found; expected dense ones",
            model => model.Graph.SparseInitializer.Add(new UnsupportedProto())),

        ("missing node", "node 0 (\"Add\" \"second\"): input \"a\" " + Nothing, model => model.Graph.Node.RemoveAt(0)),
        ("nodes out of order", "node 0 (\"Add\" \"second\"): input \"a\" is produced only later, by node 1 (\"MatMul\" \"first\"); expected "
            + "nodes in order, without a cycle", model => Swap(model, 0, 1)),
        ("cycle", First + ": input \"b\" is produced only later, by node 1 (\"Add\" \"second\"); expected nodes in order, "
            + "without a cycle", model => model.Graph.Node[0].Input[0] = "b"),
        ("cycle of one", First + ": input \"a\" is its own output, a cycle; expected inputs produced before it",
            model => model.Graph.Node[0].Input[0] = "a"),
        ("produced twice", Second + ": \"a\" is produced a second time; expected every name once",
            model => model.Graph.Node[1].Output[0] = "a"),
        ("input produced", Second + ": \"x\" is produced a second time; expected every name once",
            model => model.Graph.Node[1].Output[0] = "x"),
        ("input twice", "input: \"x\" is produced a second time; expected every name once",
            model => model.Graph.Input.Add(model.Graph.Input[0].Clone())),
        ("input without a name", "input \"\": an empty name found; expected a name", model => model.Graph.Input[0].Name = ""),
        ("tensor twice", "tensor \"w\": the name occurs twice; expected once",
            model => model.Graph.Initializer.Add(model.Graph.Initializer[0].Clone())),
        ("tensor without a name", "tensor: an empty name found; expected a name", model => model.Graph.Initializer[0].Name = ""),
        ("no operator", "node 0 (\"\" \"first\"): no operator found; expected one", model => model.Graph.Node[0].OpType = ""),
        ("operator of a strange domain", First + ": domain \"other\" found; expected one of opset_import",
            model => model.Graph.Node[0].Domain = "other"),
        ("a name of control characters", First + ": input \"?[31m?\" " + Nothing, model => model.Graph.Node[0].Input[0] = "\u001b[31m\n"),
        ("a long name", First + $": input \"{new string('n', 80)}…\" " + Nothing,
            model => model.Graph.Node[0].Input[0] = new string('n', 100_000)),
        ("no output", "output: none found; expected one or more", model => model.Graph.Output.Clear()),
        ("output of nothing", "output \"z\": nothing produces it; expected an output of a node", model => model.Graph.Output[0].Name = "z"),
        ("output twice", "output \"y\": the name occurs twice; expected once",
            model => model.Graph.Output.Add(model.Graph.Output[0].Clone())),
        ("input of a negative size", "input \"x\": a dimension of -1 found; expected 0 to 2147483647",
            model => model.Graph.Input[0].Type.TensorType.Shape.Dim[1].DimValue = -1),
        ("input of an unknown type", "input \"x\": element type 99 found; expected a known one",
            model => model.Graph.Input[0].Type.TensorType.ElemType = 99),

        ("attribute without a name", First + ": attribute \"\": an empty name found; expected a name",
            model => model.Graph.Node[0].Attribute.Add(new AttributeProto { Type = (int)AttributeType.Int })),
        ("attribute twice", First + ": attribute \"k\": the name occurs twice; expected once",
            model => model.Graph.Node[0].Attribute.AddRange([GraphWriter.Attribute("k", 1), GraphWriter.Attribute("k", 2)])),
        ("attribute of no type", First + ": attribute \"k\": type 0 without a value of it found; expected one",
            model => model.Graph.Node[0].Attribute.Add(new AttributeProto { Name = "k" })),
        ("attribute of another type", First + ": attribute \"k\": type 4 without a value of it found; expected one",
            model => model.Graph.Node[0].Attribute.Add(new AttributeProto { Name = "k", Type = (int)AttributeType.Tensor, I = 1 })),
        ("attribute of a function", First + ": attribute \"k\": a function's argument found; expected a value",
            model => model.Graph.Node[0].Attribute.Add(new AttributeProto { Name = "k", RefAttrName = "other", Type = 2 })),
        ("sparse attribute", First + ": attribute \"k\": a sparse tensor found; expected a dense one",
            model => model.Graph.Node[0].Attribute.Add(
                new AttributeProto { Name = "k", SparseTensor = new UnsupportedProto(), Type = 11 })),
        ("tensor in an attribute", First + ": attribute \"k\": tensor \"\": FLOAT [2] with 0 values in float_data found; expected "
            + "2", model => model.Graph.Node[0].Attribute.Add(
                new AttributeProto { Name = "k", Type = (int)AttributeType.Tensor, T = new TensorProto { DataType = 1, Dims = { 2 } } })),
        ("graph in an attribute", If + ": attribute \"then_branch\": node 0 (\"Neg\"): input \"hidden\" " + Nothing,
            model => AddBranch(model, "hidden", "n")),
        ("name of the graph around it", If + ": attribute \"then_branch\": node 0 (\"Neg\"): \"a\" is produced a second time; expected every "
            + "name once", model => AddBranch(model, "x", "a")),
        ("name out of its graph", "output \"n\": nothing produces it; expected an output of a node", model =>
        {
            AddBranch(model, "x", "n");
            model.Graph.Output.Add(new ValueInfoProto { Name = "n" });
        }),

        ("no type", "tensor \"w\": element type 0 found; expected 1 to 23", Tensor(tensor => tensor.ClearDataType())),
        ("external data", "tensor \"w\": its data lies in another file, \"../../etc/?passwd\"; expected a single file that holds all data. In Python: "
            + "onnx.save(onnx.load(\"model.onnx\"), \"one.onnx\")",
            Tensor(tensor =>
            {
                tensor.DataLocation = 1;
                tensor.ExternalData.Add(new StringStringEntryProto { Key = "location", Value = "../../etc/\0passwd" });
            })),
        ("external data unannounced", "tensor \"w\": its data lies in another file, \"\"; expected a single file that holds all data. In Python: "
            + "onnx.save(onnx.load(\"model.onnx\"), \"one.onnx\")",
            Tensor(tensor => tensor.ExternalData.Add(new StringStringEntryProto { Key = "offset", Value = "0" }))),
        ("strange location", "tensor \"w\": data_location 2 found; expected 0", Tensor(tensor => tensor.DataLocation = 2)),
        ("segment", "tensor \"w\": a segment of a tensor found; expected whole tensors",
            Tensor(tensor => tensor.Segment = new UnsupportedProto())),
        ("negative size", "tensor \"w\": a dimension of -3 found; expected 0 to 2147483647", Tensor(tensor => tensor.Dims[0] = -3)),
        ("size beyond an int", "tensor \"w\": a dimension of 2147483648 found; expected 0 to 2147483647",
            Tensor(tensor => tensor.Dims[0] = 1L << 31)),
        ("a billion elements", "tensor \"w\": FLOAT [1000000000, 3] with 0 values in float_data found; expected 3000000000", Tensor(tensor =>
        {
            tensor.Dims[0] = 1_000_000_000;
            tensor.ClearRawData();
        })),
        ("sizes that overflow", "tensor \"w\": FLOAT [2147483647, 2147483647, 2147483647, 3] with 24 bytes in raw_data found; expected "
            + "36893488147419103228", Tensor(tensor =>
            {
                tensor.Dims.Clear();
                tensor.Dims.AddRange([int.MaxValue, int.MaxValue, int.MaxValue, 3]);
            })),
        ("too many dimensions", "tensor \"w\": 33 dimensions found; expected at most 32",
            Tensor(tensor => tensor.Dims.AddRange(Enumerable.Repeat(1L, 31)))),
        ("too little data", "tensor \"w\": FLOAT [2, 3] with 23 bytes in raw_data found; expected 24",
            Tensor(tensor => tensor.RawData = ByteString.CopyFrom(new byte[23]))),
        ("too much data", "tensor \"w\": FLOAT [2, 3] with 25 bytes in raw_data found; expected 24",
            Tensor(tensor => tensor.RawData = ByteString.CopyFrom(new byte[25]))),
        ("data twice", "tensor \"w\": data in raw_data and in float_data found; expected data once",
            Tensor(tensor => tensor.FloatData.Add(1))),
        ("data of another type", "tensor \"w\": INT64 in float_data found; expected int64_data", Tensor(tensor =>
        {
            tensor.DataType = (int)DataType.Int64;
            tensor.ClearRawData();
            tensor.FloatData.AddRange(new float[6]);
        })),
        ("raw texts", "tensor \"w\": STRING in raw_data found; expected string_data",
            Tensor(tensor => tensor.DataType = (int)DataType.String)),
    ];

    [Fact]
    public void A_graph_in_a_node_sees_the_names_around_it()
    {
        ModelProto model = Sound();
        AddBranch(model, "a", "n");
        AddBranch(model, "b", "n"); // what a branch produces is gone after it
        Read(model);
    }

    [Fact]
    public void An_input_may_have_its_default_among_the_tensors()
    {
        ModelProto model = Sound();
        model.Graph.Input.Add(new ValueInfoProto { Name = "w" });
        Read(model);
    }

    [Fact]
    public void Numbers_are_read_however_they_are_stored()
    {
        OnnxFile file = Read(Sound());
        float[] floats = [1.5f, -2];
        Assert.Equal(floats, file.Floats(new TensorProto { DataType = (int)DataType.Float, Dims = { 2 }, FloatData = { floats } }));
        Assert.Equal(floats, file.Floats(Raw(DataType.Float, floats.SelectMany(BitConverter.GetBytes))));
        Assert.Equal(floats, file.Floats(new TensorProto { DataType = (int)DataType.Double, Dims = { 2 }, DoubleData = { 1.5, -2 } }));
        Assert.Equal(floats, file.Floats(Raw(DataType.Double, floats.SelectMany(value => BitConverter.GetBytes((double)value)))));
        TensorProto halves = new() { DataType = (int)DataType.Float16, Dims = { 2 }, Int32Data = { 0x3E00, 0xC000 } };
        Assert.Equal(floats, file.Floats(halves));
        Assert.Equal(floats, file.Floats(Raw(DataType.Float16, floats.SelectMany(value => BitConverter.GetBytes((Half)value)))));
        Assert.Equal(floats, file.Floats(Raw(DataType.Bfloat16, [0xC0, 0x3F, 0x00, 0xC0])));
        long[] integers = [3, -4];
        Assert.Equal(integers, file.Integers(new TensorProto { DataType = (int)DataType.Int64, Dims = { 2 }, Int64Data = { integers } }));
        Assert.Equal(integers, file.Integers(Raw(DataType.Int64, integers.SelectMany(BitConverter.GetBytes))));
        Assert.Equal(integers, file.Integers(new TensorProto { DataType = (int)DataType.Int8, Dims = { 2 }, Int32Data = { 3, -4 } }));
        Assert.Equal(integers, file.Integers(Raw(DataType.Int32, integers.SelectMany(value => BitConverter.GetBytes((int)value)))));
        Assert.Equal(integers, file.Integers(Raw(DataType.Int16, integers.SelectMany(value => BitConverter.GetBytes((short)value)))));
        Assert.Equal(integers, file.Integers(Raw(DataType.Int8, [3, 0xFC])));
        Assert.Equal([3, 252], file.Integers(Raw(DataType.Uint8, [3, 0xFC])));
        Assert.Equal([3, 4], file.Integers(new TensorProto { DataType = (int)DataType.Uint32, Dims = { 2 }, Uint64Data = { 3, 4 } }));
        Assert.Empty(file.Integers(new TensorProto { DataType = (int)DataType.Int64, Dims = { 0 } }));

        TensorProto texts = new() { Name = "t", DataType = (int)DataType.String };
        Assert.Equal(
            $"{Name}: tensor \"t\": STRING found; expected floating-point numbers",
            Assert.Throws<OnnxFormatException>(() => file.Floats(texts)).Message);
        Assert.Equal(
            $"{Name}: tensor \"t\": STRING found; expected whole numbers",
            Assert.Throws<OnnxFormatException>(() => file.Integers(texts)).Message);
        Assert.Throws<OnnxFormatException>(() => file.Integers(Raw(DataType.Uint64, Enumerable.Repeat<byte>(0xFF, 8))));

        static TensorProto Raw(DataType type, IEnumerable<byte> bytes) =>
            new() { DataType = (int)type, Dims = { 2 }, RawData = ByteString.CopyFrom([.. bytes]) };
    }

    private static Action<ModelProto> Tensor(Action<TensorProto> change) => model => change(model.Graph.Initializer[0]);

    private static void Swap(ModelProto model, int one, int other) =>
        (model.Graph.Node[one], model.Graph.Node[other]) = (model.Graph.Node[other], model.Graph.Node[one]);

    private static void AddBranch(ModelProto model, string input, string output)
    {
        var branch = new GraphProto
        {
            Node = { new NodeProto { OpType = "Neg", Input = { input }, Output = { output } } },
            Output = { new ValueInfoProto { Name = output } },
        };
        model.Graph.Node.Add(new NodeProto
        {
            OpType = "If",
            Input = { "x" },
            Output = { $"branch{model.Graph.Node.Count}" },
            Attribute = { new AttributeProto { Name = "then_branch", Type = (int)AttributeType.Graph, G = branch } },
        });
    }
}
