using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;
using RnnService.Engine.Tests;
using RnnService.Engine.Weights;
using RnnService.Onnx.Comparison;
using RnnService.Onnx.Export;
using RnnService.Onnx.Format;
using RnnService.Onnx.Format.Protos;
using RnnService.Onnx.Import.Files;
using RnnService.Onnx.Import.Graph;
using RnnService.Onnx.Runtime;
using RnnService.Onnx.Tests.Support;
using Xunit;

namespace RnnService.Onnx.Tests.Import.Graph;

/// <summary>
/// Sound graphs rewired at random: what is still read must still give what ONNX Runtime gives. The walk is never silent about a change of
/// numbers, and never throws anything but a refusal.
/// </summary>
public sealed class OnnxRewiringTests
{
    private const int Copies = 400;

    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "TestData", "pytorch");

    private static readonly string[] Operators =
        ["Add", "Sub", "Mul", "Less", "GreaterOrEqual", "ReduceMax", "ReduceMean", "ReduceSum", "Identity", "Tanh", "Max", "Not"];

    private static readonly Tagger Speller = DrawnWeights.Restart(Tiny.Tagger());

    private static readonly Dictionary<string, Func<ModelProto>> Graphs = new()
    {
        ["hand-written states"] = () => new RecurrentGraph(CellKind.Gru, Layers: 2) { States = true, Lengths = true, Gemm = true }.Build(),
        ["hand-written both ways"] = () => new RecurrentGraph(CellKind.Tanh, Direction.Bidirectional, 2) { TimeFirst = true }.Build(),
        ["hand-written text"] = () =>
            new RecurrentGraph(CellKind.Lstm, Direction.Bidirectional) { AnswersText = true, Lengths = true }.Build(),
        ["classifier-gru"] = () => OnnxFile.Open(Path.Combine(Folder, "classifier-gru.onnx")).Model,
        ["tagger-rnn"] = () => OnnxFile.Open(Path.Combine(Folder, "tagger-rnn.onnx")).Model,
        ["char-lm-lstm"] = () => OnnxFile.Open(Path.Combine(Folder, "char-lm-lstm.onnx")).Model,
        ["our mean"] = () => OnnxExport.Build(DrawnWeights.Restart(Tiny.Classifier(CellKind.Gru, Pooling.Mean)), 17),
        ["our maximum"] = () => OnnxExport.Build(DrawnWeights.Restart(Tiny.Classifier(CellKind.Tanh, Pooling.Max)), 17),
        ["our language model"] = () => OnnxExport.Build(DrawnWeights.Restart(Tiny.Language()), 17),
        ["our tagger that spells"] = () => OnnxExport.Build(Speller, 17),
        ["our sums"] = () => OnnxExport.Build(DrawnWeights.Restart(Tiny.Classifier(CellKind.Sum, Pooling.Last)), 17),
        ["our sums that stream"] = () => OnnxExport.Build(DrawnWeights.Restart(Tiny.Language(CellKind.Sum)), 17),
    };

    public static TheoryData<string> Names => [.. Graphs.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void What_is_read_gives_what_onnx_runtime_gives(string name)
    {
        ModelProto sound = Graphs[name]();
        Assert.True(Agrees(sound, "as it is"));
        var random = new RandomSource((ulong)sound.Graph.Node.Count);
        int read = 0;
        for (int copy = 0; copy < Copies; copy++)
        {
            ModelProto rewired = sound.Clone();
            string change = "";
            for (int changes = 1 + random.Below(2); changes > 0; changes--) change += Rewire(rewired.Graph, ref random) + "; ";
            if (Agrees(rewired, $"copy {copy}: {change}")) read++;
        }

        Assert.InRange(read, 1, Copies * 9 / 10);
    }

    private static string Rewire(GraphProto graph, ref RandomSource random)
    {
        NodeProto node = graph.Node[random.Below(graph.Node.Count)];
        switch (random.Below(6))
        {
            case 0 when node.Input.Count > 0:
                // Another value that is there by then.
                int at = graph.Node.IndexOf(node), input = random.Below(node.Input.Count);
                string[] values =
                [
                    .. graph.Input.Select(value => value.Name),
                    .. graph.Node.Take(at).SelectMany(other => other.Output).Where(output => output.Length > 0),
                    .. graph.Initializer.Select(tensor => tensor.Name),
                ];
                string old = node.Input[input];
                node.Input[input] = values[random.Below(values.Length)];
                return $"{node.OpType} reads {node.Input[input]} for {old}";
            case 1 when node.Input.Count > 1:
                int one = random.Below(node.Input.Count), two = random.Below(node.Input.Count);
                (node.Input[one], node.Input[two]) = (node.Input[two], node.Input[one]);
                return $"{node.OpType} reads {one} and {two} the other way round";
            case 2 when node.Attribute.Where(attribute => attribute.HasI).ToArray() is { Length: > 0 } numbers:
                AttributeProto number = numbers[random.Below(numbers.Length)];
                number.I = random.Below(4) - 2;
                return $"{node.OpType} has {number.Name} {number.I}";
            case 3 when node.Attribute.Where(attribute => attribute.Ints.Count > 1).ToArray() is { Length: > 0 } lists:
                AttributeProto list = lists[random.Below(lists.Length)];
                int first = random.Below(list.Ints.Count), second = random.Below(list.Ints.Count);
                (list.Ints[first], list.Ints[second]) = (list.Ints[second], list.Ints[first]);
                return $"{node.OpType} has {list.Name} {list.Ints}";
            case 4:
                string op = node.OpType;
                node.OpType = Operators[random.Below(Operators.Length)];
                return $"{op} becomes {node.OpType}";
            default:
                // A number of a constant: a place, an axis, a step.
                IEnumerable<TensorProto> constants =
                    graph.Node.SelectMany(other => other.Attribute).Select(attribute => attribute.T).OfType<TensorProto>();
                TensorProto[] tensors =
                [
                    .. graph.Initializer.Concat(constants)
                        .Where(tensor => tensor.DataType == (int)TensorProto.Types.DataType.Int64 && tensor.RawData.Length > 0),
                ];
                if (tensors.Length == 0) return "nothing";
                TensorProto constant = tensors[random.Below(tensors.Length)];
                byte[] bytes = constant.RawData.ToByteArray();
                BitConverter.TryWriteBytes(bytes.AsSpan(random.Below(bytes.Length / 8) * 8), (long)(random.Below(5) - 2));
                constant.RawData = ByteString.CopyFrom(bytes);
                return $"{constant.Name} holds another number";
        }
    }

    /// <summary>Whether a graph is read; then its answers are those of ONNX Runtime, where that takes it.</summary>
    private static bool Agrees(ModelProto proto, string what)
    {
        OnnxImport import;
        try
        {
            import = Importing.Read(proto);
        }
        catch (WeightFormatException)
        {
            return false;
        }

        // Other outputs and answers in another order are for the layout to be found by running.
        if (import.Unused.Count > 0 || !import.AnswersLieAsIds) return false;
        if (import.Characters is not null) return AgreesSpelling(import, proto);
        TextModel model = Importing.Model(import, ModelTask.LanguageModel);
        try
        {
            using var ort = new Ort(proto);
            // PyTorch wrote the batch of its example into the classifiers.
            Importing.Check(model, import, proto, ort, import.TakesLengths ? [3, 1, 6, 2] : [5, 5, 5, 5], what);
        }
        catch (OnnxRuntimeException)
        {
            // What cannot be run has no numbers to differ from.
        }

        return true;
    }

    private static bool AgreesSpelling(OnnxImport import, ModelProto proto)
    {
        try
        {
            (ModelConfig config, ModelVocabulary vocabulary) = (Speller.Config, Speller.Vocabulary);
            TextModel native = TextModel.Create(config, vocabulary, import.Tensors.Fit(config, vocabulary, []));
            INetwork network = OnnxRuntimeNetwork.Open(proto.ToByteArray(), "model.onnx", config, vocabulary);
            using TextModel asItIs = TextModel.Create(config, vocabulary, network);
            Agreement.Check(asItIs, native);
            return true;
        }
        catch (Exception error) when (error is ImportException or WeightFormatException or OnnxRuntimeException)
        {
            return false; // another network than the one that was rewired, or none that can be run
        }
    }
}
