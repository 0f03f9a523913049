using RnnService.Engine.Layers;
using RnnService.Engine.Tasks;
using RnnService.Engine.Weights;
using RnnService.Onnx.Import.Walk;
using RnnService.Onnx.Protos;

namespace RnnService.Onnx.Import;

/// <summary>A tensor by its shape and its values, row-major.</summary>
internal sealed record ImportedTensor(int[] Shape, float[] Values);

/// <summary>
/// A recurrent network read from an ONNX file into tensors under PyTorch's names, see docs/model-format.md. What the graph computes is
/// recognised operator by operator; whether both give the same numbers is for running both to tell. Immutable.
/// </summary>
internal sealed class OnnxImport
{
    /// <summary>What messages add when a graph is none of ours.</summary>
    public const string Advice = "A graph of another form can be served as it is: rnn import --onnx FILE --as-is …";

    private readonly OnnxFile _file;
    private readonly Network _network;
    private readonly Dictionary<string, ImportedTensor> _tensors = new(StringComparer.Ordinal);
    private readonly Dictionary<TensorProto, Dictionary<(int From, int Size), float[]>> _blocks = new(ReferenceEqualityComparer.Instance);

    private OnnxImport(OnnxFile file)
    {
        _file = file;
        _network = GraphWalk.Read(file);
        ConfigJson = Metadata(OnnxExport.ConfigKey);
        VocabularyJson = Metadata(OnnxExport.VocabularyKey);
        ReadTensors();
    }

    /// <summary>The tensors by name. Tensors of the same values may share them.</summary>
    public IReadOnlyDictionary<string, ImportedTensor> Tensors => _tensors;

    /// <summary>config.json as our exporter put it into the file; null where another wrote it.</summary>
    public string? ConfigJson { get; }

    /// <summary>vocab.json as our exporter put it into the file; null where another wrote it.</summary>
    public string? VocabularyJson { get; }

    /// <summary>What the network does; null where the graph of a tagger and that of a language model are alike.</summary>
    public ModelTask? Task =>
        _network.Head.Pooling is not null ? ModelTask.Classifier
        : Direction != Direction.Forward || Spelling is not null ? ModelTask.Tagger
        : TakesStates && GivesStates ? ModelTask.LanguageModel
        : null;

    /// <summary>The recurrence.</summary>
    public CellKind Cell => _network.Head.Layer.Cell;

    /// <summary>Rows of the embedding.</summary>
    public int Tokens => _network.Stack.Source.Table.Tokens;

    /// <summary>Width of the embedding.</summary>
    public int EmbeddingSize => _network.Stack.Source.Table.Size;

    /// <summary>Width of the state.</summary>
    public int HiddenSize => _network.Head.Layer.HiddenSize;

    /// <summary>Stacked layers.</summary>
    public int Layers => _network.Stack.Layers.Count;

    /// <summary>Which ways they read.</summary>
    public Direction Direction => _network.Head.Layer.Direction;

    /// <summary>How one vector came of all steps; null where every step is answered.</summary>
    public Pooling? Pooling => _network.Head.Pooling;

    /// <summary>Rows of the head.</summary>
    public int Outputs => _network.Head.Outputs.Size!.Value;

    /// <summary>Whether the head's matrix is the embedding; there is no tensor of it then.</summary>
    public bool TieWeights { get; private set; }

    /// <summary>Whether the states at the start are an input.</summary>
    public bool TakesStates => _network.TakesStates;

    /// <summary>Whether last states are an output.</summary>
    public bool GivesStates => _network.GivesStates;

    /// <summary>Whether lengths are an input.</summary>
    public bool TakesLengths => _network.TakesLengths;

    /// <summary>Sizes of the network that spells words; null where there is none.</summary>
    public CharacterConfig? Characters => Spelling is null ? null : new CharacterConfig(Spelling.Source.Table.Size, Spelling.Top.HiddenSize);

    private Stack? Spelling => _network.Stack.Source.Spelling;

    /// <summary>Reads a file.</summary>
    /// <exception cref="WeightFormatException">
    /// It is not a well-formed ONNX model, or no network of ours; the message names the first operator that does not fit.
    /// </exception>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The path is a folder, or its permissions forbid reading.</exception>
    public static OnnxImport Open(string path) => new(OnnxFile.Open(path));

    /// <summary>Reads a model that was opened.</summary>
    /// <exception cref="WeightFormatException">It is no network of ours; the message names the first operator that does not fit.</exception>
    public static OnnxImport Read(OnnxFile file) => new(file);

    private string? Metadata(string key) => _file.Model.MetadataProps.FirstOrDefault(entry => entry.Key == key)?.Value;

    private void ReadTensors()
    {
        ReadStack("", _network.Stack);
        if (Spelling is { } spelling) ReadStack("characters.", spelling);
        (Head head, Table table) = (_network.Head, _network.Stack.Source.Table);
        int width = HiddenSize * _network.Head.Layer.Ways.Count;
        float[] weight = _file.Floats(head.Weight.Tensor), embedding = _tensors["embedding.weight"].Values;
        if (!head.RowsAreOutputs) weight = Transpose(weight, width, Outputs);
        // Exporters store a head that is tied as a matrix of its own: its values tell. Only a language model may have one.
        TieWeights = Task is null or ModelTask.LanguageModel && width == table.Size && Outputs == Tokens && embedding.AsSpan().SequenceEqual(weight);
        if (!TieWeights) _tensors.Add("head.weight", new ImportedTensor([Outputs, width], weight));
        float[] bias = head.Bias is { } stored ? _file.Floats(stored.Tensor) : new float[Outputs];
        _tensors.Add("head.bias", new ImportedTensor([Outputs], bias));
    }

    private void ReadStack(string prefix, Stack stack)
    {
        Table table = stack.Source.Table;
        _tensors.Add($"{prefix}embedding.weight", new ImportedTensor([table.Tokens, table.Size], _file.Floats(table.Weight.Tensor)));
        foreach (Layer layer in stack.Layers)
        {
            if (layer.Weight is null || layer.Recurrence is null) continue;
            int rows = Gates.Count(layer.Cell) * layer.HiddenSize;
            for (int way = 0; way < layer.Ways.Count; way++)
            {
                string suffix = layer.Ways[way] ? $"l{layer.Index}_reverse" : $"l{layer.Index}";
                AddBlocks("weight_ih", layer.Weight, 1, 0, (int)layer.Weight.Tensor.Dims[2]);
                AddBlocks("weight_hh", layer.Recurrence, 1, 0, layer.HiddenSize);
                AddBlocks("bias_ih", layer.Bias, 2, 0);
                AddBlocks("bias_hh", layer.Bias, 2, 1);

                // One of the parts that a direction has in the tensor.
                void AddBlocks(string kind, Value.Stored? stored, int parts, int part, params int[] columns)
                {
                    int size = rows * columns.Aggregate(1, (product, column) => product * column);
                    float[] values = stored is null ? new float[rows] : Blocks(stored.Tensor, (way * parts + part) * size, size);
                    _tensors.Add($"{prefix}rnn.{kind}_{suffix}", new ImportedTensor([rows, .. columns], values));
                }
            }
        }
    }

    // A tensor of many layers is read once: a small file must not become a large model.
    private float[] Blocks(TensorProto tensor, int from, int size)
    {
        if (!_blocks.TryGetValue(tensor, out var blocks)) _blocks.Add(tensor, blocks = []);
        if (!blocks.TryGetValue((from, size), out float[]? values))
            blocks.Add((from, size), values = Gates.ToTorch(Cell, _file.Floats(tensor).AsSpan(from, size)));
        return values;
    }

    private static float[] Transpose(float[] values, int rows, int columns)
    {
        float[] result = new float[values.Length];
        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < columns; column++) result[column * rows + row] = values[row * columns + column];
        }

        return result;
    }
}
