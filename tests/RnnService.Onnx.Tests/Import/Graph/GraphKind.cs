using System.Text.Json;
using Google.Protobuf;
using RnnService.Engine.Models;
using RnnService.Onnx.Format;
using RnnService.Onnx.Format.Protos;
using RnnService.Onnx.Import;
using RnnService.Onnx.Import.Files;
using DataType = RnnService.Onnx.Format.Protos.TensorProto.Types.DataType;

namespace RnnService.Onnx.Tests.Import.Graph;

/// <summary>A hand-written graph that is changed as exporters and users change theirs, its files, and both ways of bringing it in.</summary>
internal sealed class GraphKind : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("rnn-test-");

    public GraphKind(RecurrentGraph graph, Action<ModelProto> change, int opset = 17, int labels = RecurrentGraph.Outputs, object? more = null)
    {
        ModelProto sound = graph.Build(opset), changed = sound.Clone();
        IsLanguage = graph.States;
        Reference = Importing.Model(Importing.Read(sound), IsLanguage ? ModelTask.LanguageModel : ModelTask.Tagger);
        change(changed);
        Model = this["model.onnx"];
        File.WriteAllBytes(Model, changed.ToByteArray());
        Vocabulary = this["vocab.txt"];
        File.WriteAllLines(Vocabulary, ["<unk>", .. Enumerable.Range(1, RecurrentGraph.Tokens - 1).Select(id => $"{id}")]);
        var config = new Dictionary<string, object>
        {
            ["task"] = IsLanguage ? "language_model" : graph.AnswersText ? "classifier" : "tagger",
            ["tokenizer"] = "whitespace",
            ["cell"] = Reference.Config.CellName(),
            ["embedding_size"] = RecurrentGraph.Embedding,
            ["hidden_size"] = RecurrentGraph.Hidden,
            ["num_layers"] = graph.Layers,
            ["bidirectional"] = Reference.Config.Bidirectional,
        };
        if (!IsLanguage) config["num_labels"] = labels;
        foreach (var property in more?.GetType().GetProperties() ?? []) config[property.Name] = property.GetValue(more)!;
        Config = this["config.json"];
        File.WriteAllText(Config, JsonSerializer.Serialize(config));
    }

    public string Model { get; }

    public string Config { get; }

    public string Vocabulary { get; }

    /// <summary>The graph before it was changed, in this engine.</summary>
    public TextModel Reference { get; }

    private bool IsLanguage { get; }

    private string this[string name] => Path.Combine(_folder.FullName, name);

    public ImportedModel Import(bool asIs, string? output = null)
    {
        var description = new ImportDescription(Config, Vocabulary) { OutputName = output };
        return asIs ? ModelImport.AsIs(Model, description) : ModelImport.FromOnnx(Model, description);
    }

    /// <summary>The message of a refusal, without the folder's path.</summary>
    public string Refusal(bool asIs) => Xunit.Assert.Throws<ImportException>(() => Import(asIs)).Message
        .Replace(_folder.FullName + Path.DirectorySeparatorChar, "", StringComparison.Ordinal);

    /// <summary>The other way that a refusal says works; null where it says none.</summary>
    public ImportWay? OtherWay(bool asIs) => Xunit.Assert.Throws<ImportException>(() => Import(asIs)).OtherWay;

    /// <summary>Puts an operator after a value that is an output.</summary>
    public static NodeProto Append(ModelProto model, string op, string output = "logits", params string[] more)
    {
        string inner = $"{output}.before.{op}";
        foreach (NodeProto node in model.Graph.Node)
        {
            for (int i = 0; i < node.Output.Count; i++) if (node.Output[i] == output) node.Output[i] = inner;
        }

        var appended = new NodeProto { OpType = op, Input = { inner }, Output = { output } };
        appended.Input.AddRange(more);
        model.Graph.Node.Add(appended);
        return appended;
    }

    /// <summary>Adds the nodes and tensors of a writer before a node.</summary>
    public static void Insert(ModelProto model, int at, Action<GraphWriter> write, int opset = 17)
    {
        var graph = new GraphWriter(opset);
        write(graph);
        for (int i = 0; i < graph.Graph.Node.Count; i++) model.Graph.Node.Insert(at + i, graph.Graph.Node[i]);
        foreach (TensorProto tensor in graph.Graph.Initializer)
        {
            if (model.Graph.Initializer.All(other => other.Name != tensor.Name)) model.Graph.Initializer.Add(tensor);
        }
    }

    public static void Input(ModelProto model, string name, DataType type, params int?[] sizes)
    {
        var shape = new TensorShapeProto();
        foreach (int? size in sizes)
        {
            shape.Dim.Add(size is { } fixedSize
                ? new TensorShapeProto.Types.Dimension { DimValue = fixedSize }
                : new TensorShapeProto.Types.Dimension { DimParam = "any" });
        }

        model.Graph.Input.Add(new ValueInfoProto { Name = name, Type = new TypeProto { TensorType = new() { ElemType = (int)type, Shape = shape } } });
    }

    /// <summary>Replaces a tensor of floats.</summary>
    public static void Tensor(ModelProto model, string name, long[] shape, float[] values)
    {
        if (model.Graph.Initializer.FirstOrDefault(tensor => tensor.Name == name) is { } old) model.Graph.Initializer.Remove(old);
        var graph = new GraphWriter(17);
        graph.Floats(name, shape, values);
        model.Graph.Initializer.Add(graph.Graph.Initializer[0]);
    }

    /// <summary>Replaces all that follows the outputs of the layer by a vector a text and the head.</summary>
    public static void Pool(ModelProto model, Func<GraphWriter, string> pool)
    {
        int at = model.Graph.Node.ToList().FindIndex(node => node.Output[0] == "y0") + 1;
        while (model.Graph.Node.Count > at) model.Graph.Node.RemoveAt(at);
        Insert(model, at, graph => graph.Node("Gemm", "logits", [pool(graph), "head", "head.bias"]));
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
