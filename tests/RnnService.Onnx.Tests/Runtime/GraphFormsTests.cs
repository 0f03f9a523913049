using Google.Protobuf;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Tests;
using RnnService.Engine.Weights;
using RnnService.Onnx.Comparison;
using RnnService.Onnx.Export;
using RnnService.Onnx.Format.Protos;
using RnnService.Onnx.Runtime;
using RnnService.Onnx.Tests.Support;
using Xunit;
using AttributeType = RnnService.Onnx.Format.Protos.AttributeProto.Types.AttributeType;
using DataType = RnnService.Onnx.Format.Protos.TensorProto.Types.DataType;

namespace RnnService.Onnx.Tests.Runtime;

/// <summary>Graphs in the forms that exporters give them: they serve without an option, or are refused with what was wanted.</summary>
public sealed class GraphFormsTests
{
    private const string File = "model.onnx";

    private static readonly (string Name, string Model, Action<ModelProto> Change)[] Served =
    [
        ("names that tell nothing, time-major", "char-lm-lstm", Anonymous),
        ("names that tell nothing, batch-major", "tagger-rnn", Anonymous),
        ("names that tell nothing, a batch in the graph", "classifier-lstm", Anonymous),
        ("names that tell nothing, our own", "language", Anonymous),
        ("names that lie", "char-lm-gru", model =>
        {
            foreach (TensorShapeProto.Types.Dimension size in Sizes(model).Where(size => size.HasDimParam))
                size.DimParam = size.DimParam == "time" ? "batch" : "time";
        }),
        ("no shapes of outputs", "char-lm-lstm", model =>
        {
            foreach (ValueInfoProto output in model.Graph.Output) output.Type = null;
        }),
        ("short ids", "classifier-gru", model => SetType(model, DataType.Int32)),
        ("short ids, our own with characters", "spelling tagger", model => SetType(model.Graph.Input[0], DataType.Int32)),
        ("a batch of 1", "char-lm-lstm", model => Fix(model, "batch", 1)),
        ("a batch of 1, tagging", "tagger-lstm", model => Fix(model, "batch", 1)),
        ("a batch of 5", "char-lm-gru", model => Fix(model, "batch", 5)),
        ("a batch of 5, our own", "language", model => Fix(model, "batch", 5)),
        ("a batch of 4, said", "classifier-gru", model => Fix(model, "batch", 4)),
        ("a token at a time", "char-lm-lstm", model => Fix(model, "time", 1)),
        ("a token at a time, our own", "language", model => Fix(model, "time", 1)),
        ("a token at a time of one row", "char-lm-gru", model =>
        {
            Fix(model, "time", 1);
            Fix(model, "batch", 1);
        }),
        ("a token at a time of four rows", "char-lm-gru", model =>
        {
            Fix(model, "time", 1);
            Fix(model, "batch", 4);
        }),
        ("time-major with lengths", "tagger", TimeMajor),
        ("time-major, forward only", "forward tagger", model =>
        {
            Anonymous(model);
            TimeMajor(model);
        }),
        ("time-major with states and lengths", "language", TimeMajor),
        ("lengths that nobody reads", "classifier-lstm", model => model.Graph.Node.Single(node => node.OpType == "LSTM").Input[4] = ""),
        ("lengths that nobody reads, our own", "tagger", model =>
        {
            foreach (NodeProto node in model.Graph.Node.Where(node => node.OpType == "LSTM")) node.Input[4] = "";
        }),
        ("lengths that nobody reads, so that states go on", "language", model =>
        {
            foreach (NodeProto node in model.Graph.Node.Where(node => node.OpType == "LSTM")) node.Input[4] = "";
        }),
        ("states in another order", "char-lm-lstm", model => Swap(model.Graph.Output, 1, 2)),
        ("logits not first", "char-lm-lstm", model => Swap(model.Graph.Output, 0, 2)),
        ("logits under another name", "char-lm-gru", model => Rename(model, "logits", "scores")),
        ("a start that is zero", "tagger-gru", model =>
        {
            NodeProto zeros = model.Graph.Node.Single(node => node.OpType == "ConstantOfShape");
            model.Graph.Node.Remove(zeros);
            model.Graph.Input.Add(Input(zeros.Output[0], DataType.Float, 4, null, 32));
        }),
        ("weights among the inputs", "tagger-rnn", model =>
        {
            foreach (TensorProto tensor in model.Graph.Initializer)
                model.Graph.Input.Insert(0, Input(tensor.Name, DataType.Float, [.. tensor.Dims.Select(size => (int?)size)]));
        }),
        ("logits with a dimension of one", "classifier-gru",
            model => model.Graph.Output[0].Type.TensorType.Shape.Dim.Insert(1, new TensorShapeProto.Types.Dimension { DimValue = 1 })),
        ("a mask that nobody reads", "tagger-gru", model => model.Graph.Input.Add(Input("attention_mask", DataType.Bool, null, null))),
        ("more outputs than wanted", "classifier-gru",
            model => model.Graph.Output.Insert(0, new ValueInfoProto { Name = "/Cast_output_0" })),
    ];

    private static readonly (string Name, string Model, string Message, Action<ModelProto> Change)[] Refused =
    [
        ("a strange operator", "char-lm-gru",
            "node 0 (\"Loop\" \"/embedding/Gather\"): operator \"Loop\" found; "
            + "expected arithmetic, shapes and recurrent layers (RNN, GRU, LSTM)",
            model => model.Graph.Node[0].OpType = "Loop"),
        ("another's operator", "char-lm-gru",
            "node 0 (\"Gather\" \"/embedding/Gather\"): an operator of domain \"com.microsoft\" found; expected a standard one",
            model =>
            {
                model.OpsetImport.Add(new OperatorSetIdProto { Domain = "com.microsoft", Version = 1 });
                model.Graph.Node[0].Domain = "com.microsoft";
            }),
        ("a graph inside", "char-lm-gru",
            "node 0 (\"Gather\" \"/embedding/Gather\"): a graph found in attribute \"body\"; expected none",
            model => model.Graph.Node[0].Attribute.Add(new AttributeProto
            {
                Name = "body",
                Type = (int)AttributeType.Graph,
                G = new GraphProto { Output = { new ValueInfoProto { Name = "input_ids" } } },
            })),
        ("data elsewhere", "char-lm-gru", "tensor \"head.bias\": ", model =>
        {
            TensorProto tensor = model.Graph.Initializer.Single(tensor => tensor.Name == "head.bias");
            tensor.DataLocation = 1;
            tensor.ExternalData.Add(new StringStringEntryProto { Key = "location", Value = "../../etc/passwd" });
            tensor.ClearRawData();
        }),
        ("no ids", "char-lm-gru", "graph: no input for token ids found; expected whole numbers, [batch,time] or [time,batch]",
            model =>
            {
                model.Graph.Input.RemoveAt(0);
                model.Graph.Initializer.Add(
                    new TensorProto { Name = "ids", DataType = (int)DataType.Int64, Dims = { 1, 1 }, Int64Data = { 0 } });
                model.Graph.Node[0].Input[1] = "ids";
            }),
        ("an input of no use", "char-lm-gru", "input \"flags\": bool [any,any] found, which is not called and does not behave like a mask of the tokens",
            model => model.Graph.Input.Add(Input("flags", DataType.Bool, null, null))),
        ("two of ids", "tagger-gru", "input \"more\": int64 [any,any] found, which is not called and does not behave like a mask of the tokens; ",
            model => model.Graph.Input.Add(Input("more", DataType.Int64, null, null))),
        ("ids without a shape", "tagger-gru", "input \"input_ids\": no tensor with a shape found; expected one",
            model => model.Graph.Input[0].Type.TensorType.Shape = null),
        ("no state", "stateless",
            "graph: no input for the state found; expected float [slots,batch,32], 4 slots in all (layers and directions, for an LSTM h and c), "
            + "such as h_0, since generation carries the state from token to token",
            _ => { }),
        ("no state after", "char-lm-lstm",
            "graph: 1 outputs for 2 states found; expected one each, float [slots,batch,32], since generation carries the state",
            model => model.Graph.Output.RemoveAt(2)),
        ("states of two widths", "char-lm-lstm", "input \"c0\": float [2,any,16] found, a state of width 16; expected 32 (hidden_size)",
            model => model.Graph.Input[2].Type.TensorType.Shape.Dim[2].DimValue = 16),
        ("more layers", "char-lm-lstm", "input \"h0\": 5 slots in all states found; expected float [slots,batch,32], 4 slots in all",
            model => model.Graph.Input[1].Type.TensorType.Shape.Dim[0].DimValue = 3),
        ("states mixed up", "char-lm-lstm",
            "read in two pieces, the state carried on, it gives something else than read at once",
            model =>
            {
                Rename(model, "hn", "one");
                Rename(model, "cn", "two");
                Swap(model.Graph.Output, 1, 2);
            }),
        ("another vocabulary", "char-lm-gru", "tensor \"embedding.weight\": an embedding [65,16] found; expected [64,16] "
            + "(tokens of the vocabulary, embedding_size)", _ => { }),
        ("other labels", "tagger-gru", "output \"logits\": float [any,any,5] found; expected float [batch,time,4] (labels last)", _ => { }),
        ("no logits", "tagger-gru", "graph: no output for logits found (\"scores\" int64 [any,any,5]); expected float [batch,time,5]", model =>
        {
            Rename(model, "logits", "scores");
            model.Graph.Output[0].Type.TensorType.ElemType = (int)DataType.Int64;
        }),
        ("logits of another type", "tagger-gru", "output \"logits\": int64 [any,any,5] found; expected float [batch,time,5] (labels last)",
            model => model.Graph.Output[0].Type.TensorType.ElemType = (int)DataType.Int64),
        ("a fixed time", "tagger-gru",
            "input \"input_ids\": int64 [any,20] has fixed sizes, those of the exporter's example: no reading fits (as [batch,time]: rows of 20 tokens alone; expected rows of any length; as [time,batch]: ",
            model => Fix(model, "time", 20)),
        ("a huge batch", "tagger-gru", "as [batch,time]: \"input_ids\" int64 [1000000,any] has a batch of 1000000; expected 1 to 1024",
            model => Fix(model, "batch", 1_000_000)),
        ("two batches", "classifier-gru", "as [batch,time]: \"lengths\" int64 [3] has a batch of 3; expected 4 as elsewhere", model =>
        {
            Fix(model, "batch", 4);
            model.Graph.Input[1].Type.TensorType.Shape.Dim[0].DimValue = 3;
        }),
        ("rows that move each other", "tagger-rnn", "row 0 moves with the other rows", model =>
        {
            NodeProto last = model.Graph.Node[^1];
            last.Output[0] = "before";
            model.Graph.Node.Add(new NodeProto { OpType = "ReduceMean", Input = { "before" }, Output = { "mean" } });
            model.Graph.Node.Add(new NodeProto { OpType = "Add", Input = { "before", "mean" }, Output = { "logits" } });
            Fix(model, "batch", 3);
        }),
        ("weights that are no numbers", "tagger-rnn", "logits that are no numbers", model =>
        {
            TensorProto bias = model.Graph.Initializer.Single(tensor => tensor.Name == "head.bias");
            bias.RawData = ByteString.CopyFrom([.. Enumerable.Repeat(BitConverter.GetBytes(float.NaN), 5).SelectMany(bytes => bytes)]);
        }),
        ("sizes that do not fit", "tagger-rnn", "ONNX Runtime refuses it: ",
            model => model.Graph.Node.First(node => node.OpType == "RNN").Input.RemoveAt(1)),
        ("no characters", "spelling without",
            "graph: no inputs for a word's characters found; expected whole numbers [batch,time,characters] and, with \"len\" in its name, "
            + "[batch,time], since the configuration has a character network",
            _ => { }),
    ];

    public static TheoryData<string> ServedForms => [.. Served.Select(form => form.Name)];

    public static TheoryData<string> RefusedForms => [.. Refused.Select(form => form.Name)];

    [Theory]
    [MemberData(nameof(ServedForms))]
    public void A_form_serves(string name)
    {
        (string _, string model, Action<ModelProto> change) = Served.Single(form => form.Name == name);
        (TextModel native, ModelProto graph) = Find(model);
        change(graph);
        using TextModel served = TextModel.Create(
            native.Config, native.Vocabulary, OnnxRuntimeNetwork.Open(graph.ToByteArray(), File, native.Config, native.Vocabulary));
        Agreement.Check(native, served);
    }

    [Theory]
    [MemberData(nameof(RefusedForms))]
    public void A_form_is_refused(string name)
    {
        (string _, string model, string message, Action<ModelProto> change) = Refused.Single(form => form.Name == name);
        (TextModel native, ModelProto graph) = Find(model);
        change(graph);
        ModelConfig config = name switch
        {
            "other labels" => native.Config with { Labels = [.. native.Config.Labels.Skip(1)] },
            "no characters" => native.Config with { Characters = new CharacterConfig() },
            _ => native.Config,
        };
        ModelVocabulary vocabulary = name switch
        {
            "another vocabulary" => new ModelVocabulary(new(native.Vocabulary.Tokens.Tokens.Take(64))),
            "no characters" => new ModelVocabulary(Tiny.Words, Tiny.Letters),
            _ => native.Vocabulary,
        };
        WeightFormatException refusal = Assert.ThrowsAny<WeightFormatException>(
            () => OnnxRuntimeNetwork.Open(graph.ToByteArray(), File, config, vocabulary));
        Assert.StartsWith(File + ": ", refusal.Message, StringComparison.Ordinal);
        Assert.Contains(message, refusal.Message, StringComparison.Ordinal);
        Assert.Contains("expected", refusal.Message, StringComparison.Ordinal);
        Assert.InRange(refusal.Message.Length, 1, 1000);
    }

    private static (TextModel Native, ModelProto Graph) Find(string name)
    {
        TextModel? native = name switch
        {
            "language" => Tiny.Language(),
            "tagger" => Tiny.Tagger(characters: false),
            "forward tagger" => Tiny.Tagger(characters: false, both: false),
            "spelling tagger" => Tiny.Tagger(CellKind.Gru),
            "spelling without" => Tiny.Tagger(characters: false),
            _ => null,
        };
        if (native is not null)
        {
            native = DrawnWeights.Restart(native);
            return (native, OnnxExport.Build(native, OnnxExport.DefaultOpset));
        }

        var exported = new PyTorchModel(name == "stateless" ? "char-lm-lstm" : name);
        ModelProto graph = exported.Graph();
        if (name == "stateless")
        {
            graph.Graph.Input.RemoveAt(2);
            graph.Graph.Input.RemoveAt(1);
            foreach (NodeProto node in graph.Graph.Node.Where(node => node.OpType == "LSTM")) node.Input.RemoveAt(6);
            foreach (NodeProto node in graph.Graph.Node.Where(node => node.OpType == "LSTM")) node.Input.RemoveAt(5);
            foreach (NodeProto slice in graph.Graph.Node.Where(node => node.OpType == "Slice").ToArray()) graph.Graph.Node.Remove(slice);
        }

        return (exported.Native, graph);
    }

    private static IEnumerable<TensorShapeProto.Types.Dimension> Sizes(ModelProto model) =>
        model.Graph.Input.Concat(model.Graph.Output).SelectMany(value => value.Type.TensorType.Shape.Dim);

    private static void Anonymous(ModelProto model)
    {
        foreach (TensorShapeProto.Types.Dimension size in Sizes(model).Where(size => size.HasDimParam)) size.ClearDimParam();
    }

    private static void Fix(ModelProto model, string name, int size)
    {
        TensorShapeProto.Types.Dimension[] named = [.. Sizes(model).Where(found => found.DimParam == name)];
        foreach (TensorShapeProto.Types.Dimension found in named) found.DimValue = size;
    }

    private static void SetType(ModelProto model, DataType type)
    {
        foreach (ValueInfoProto input in model.Graph.Input) SetType(input, type);
    }

    private static void SetType(ValueInfoProto input, DataType type) => input.Type.TensorType.ElemType = (int)type;

    // Ids come in and logits go out the other way round.
    private static void TimeMajor(ModelProto model)
    {
        foreach (ValueInfoProto value in (ValueInfoProto[])[model.Graph.Input[0], model.Graph.Output[0]])
        {
            bool isInput = value == model.Graph.Input[0];
            string inside = value.Name + ".inside";
            foreach (NodeProto node in model.Graph.Node)
            {
                foreach (IList<string> names in (IList<string>[])[node.Input, node.Output])
                {
                    for (int i = 0; i < names.Count; i++) if (names[i] == value.Name) names[i] = inside;
                }
            }

            var transpose = new NodeProto
            {
                OpType = "Transpose",
                Input = { isInput ? value.Name : inside },
                Output = { isInput ? inside : value.Name },
                Attribute =
                {
                    new AttributeProto { Name = "perm", Type = (int)AttributeType.Ints, Ints = { isInput ? [1, 0] : [1, 0, 2] } },
                },
            };
            model.Graph.Node.Insert(isInput ? 0 : model.Graph.Node.Count, transpose);
            Swap(value.Type.TensorType.Shape.Dim, 0, 1);
        }
    }

    private static void Swap<T>(IList<T> items, int one, int other)
    {
        (T first, T second) = (items[one], items[other]);
        items.RemoveAt(Math.Max(one, other));
        items.RemoveAt(Math.Min(one, other));
        items.Insert(Math.Min(one, other), one < other ? second : first);
        items.Insert(Math.Max(one, other), one < other ? first : second);
    }

    private static void Rename(ModelProto model, string output, string name)
    {
        model.Graph.Output.Single(value => value.Name == output).Name = name;
        NodeProto node = model.Graph.Node.Single(node => node.Output.Contains(output));
        node.Output[node.Output.IndexOf(output)] = name;
    }

    private static ValueInfoProto Input(string name, DataType type, params int?[] sizes)
    {
        var shape = new TensorShapeProto();
        foreach (int? size in sizes)
        {
            var dimension = new TensorShapeProto.Types.Dimension();
            if (size is { } fixedSize) dimension.DimValue = fixedSize;
            shape.Dim.Add(dimension);
        }

        return new ValueInfoProto { Name = name, Type = new TypeProto { TensorType = new() { ElemType = (int)type, Shape = shape } } };
    }
}
