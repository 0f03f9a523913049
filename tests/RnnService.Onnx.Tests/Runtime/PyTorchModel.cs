using System.Text.Json;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Text;
using RnnService.Engine.Weights;
using RnnService.Onnx.Format;
using RnnService.Onnx.Format.Protos;
using RnnService.Onnx.Runtime;

namespace RnnService.Onnx.Tests.Runtime;

/// <summary>A network that PyTorch exported: its graph, its weights in a model of ours, and an answer that PyTorch gave.</summary>
internal sealed class PyTorchModel
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "TestData", "pytorch");

    private readonly SafeTensorsFile _expected;

    public PyTorchModel(string name)
    {
        File = Path.Combine(Folder, name + ".onnx");
        _expected = SafeTensorsFile.Open(Path.Combine(Folder, name + ".expected.safetensors"));
        using JsonDocument document = JsonDocument.Parse(System.IO.File.ReadAllText(Path.Combine(Folder, name + ".json")));
        JsonElement config = document.RootElement;
        int labels = config.TryGetProperty("num_labels", out JsonElement count) ? count.GetInt32() : 0;
        SafeTensorsFile weights = SafeTensorsFile.Open(Path.Combine(Folder, name + ".safetensors"));
        IEnumerable<string> known = Enumerable.Range(1, config.GetProperty("vocab_size").GetInt32() - 1).Select(id => $"{id}");
        Vocabulary = new ModelVocabulary(new Vocabulary([Engine.Text.Vocabulary.Unknown, .. known]));
        Config = new ModelConfig
        {
            Task = config.GetProperty("task").GetString() switch
            {
                "text-generation" => ModelTask.LanguageModel,
                "text-classification" => ModelTask.Classifier,
                _ => ModelTask.Tagger,
            },
            Cell = config.GetProperty("cell").GetString() switch
            {
                "lstm" => CellKind.Lstm,
                "gru" => CellKind.Gru,
                _ => CellKind.Tanh,
            },
            Tokenizer = Tokenization.Whitespace,
            EmbeddingSize = config.GetProperty("embedding_size").GetInt32(),
            HiddenSize = config.GetProperty("hidden_size").GetInt32(),
            Layers = config.GetProperty("num_layers").GetInt32(),
            Bidirectional = config.GetProperty("bidirectional").GetBoolean(),
            Labels = [.. Enumerable.Range(0, labels).Select(label => $"{label}")],
        };
        Native = TextModel.Create(Config, Vocabulary, Parameters.From((parameter, shape) => weights.Floats(parameter, shape)));
    }

    public static string[] Names =>
        ["char-lm-gru", "char-lm-lstm", "classifier-gru", "classifier-lstm", "tagger-gru", "tagger-lstm", "tagger-rnn"];

    /// <summary>The graph.</summary>
    public string File { get; }

    public ModelConfig Config { get; }

    public ModelVocabulary Vocabulary { get; }

    /// <summary>The weights in the engine.</summary>
    public TextModel Native { get; }

    /// <summary>The graph in ONNX Runtime.</summary>
    public TextModel Open() => TextModel.Create(Config, Vocabulary, OnnxRuntimeNetwork.Open(File, Config, Vocabulary));

    /// <summary>The graph as a message that can be changed.</summary>
    public ModelProto Graph() => OnnxFile.Open(File).Model;

    /// <summary>One of the expected tensors; empty where the network has none, such as a GRU's c.</summary>
    public float[] Floats(string tensor) => _expected.Contains(tensor) ? _expected.Floats(tensor) : [];

    public int[] Integers(string tensor) => [.. _expected.Integers(tensor).Select(value => (int)value)];

    public int[] ShapeOf(string tensor) => [.. _expected.ShapeOf(tensor)];
}
