using RnnService.Engine.Kernels;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Weights;
using RnnService.Onnx.Comparison;
using RnnService.Onnx.Export;
using RnnService.Onnx.Format;
using RnnService.Onnx.Format.Protos;
using RnnService.Onnx.Import.Config;
using RnnService.Onnx.Import.Graph.Symbols;
using RnnService.Onnx.Import.Weights;

namespace RnnService.Onnx.Import.Graph;

/// <summary>
/// A recurrent network read from an ONNX file: its tensors under our names, and what its graph says about it. What the graph computes is
/// recognised operator by operator; that both give the same numbers is for running both to prove. Not thread-safe.
/// </summary>
internal sealed partial class OnnxImport
{
    private readonly OnnxFile _file;
    private readonly RecognizedNetwork _network;
    private readonly Dictionary<string, FoundTensor> _tensors = new(StringComparer.Ordinal);
    private readonly Dictionary<TensorProto, Dictionary<(int From, int Size), float[]>> _blocks = new(ReferenceEqualityComparer.Instance);

    private OnnxImport(OnnxFile file, string? output)
    {
        (_file, _network) = (file, GraphRecognizer.Read(file, output));
        AddStack("", Stack);
        if (CharacterStack is { } characters) AddStack("characters.", characters);
        AddHead();
        foreach (var (name, tensor) in GraphTransitions.Find(file)) Add(name, tensor, () => _file.Floats(tensor), [.. tensor.Dims.Select(size => (int)size)]);
        Tensors = new TensorSet(file.Path, _tensors, ElementType.F32);
        Facts = new NetworkFacts
        {
            Witness = "the graph has it",
            Task = Task(),
            Cells = [Stack.Top.Cell],
            Tokens = Stack.Source.Origin.Tokens,
            EmbeddingSize = ReadsNumbers ? null : Stack.Source.Origin.Size,
            Features = ReadsNumbers ? Stack.Source.Origin.Size : null,
            AnswersSteps = ReadsNumbers ? Head.Pooling is null : null,
            HiddenSize = Stack.Top.HiddenSize,
            Layers = Stack.Layers.Count,
            Direction = Stack.Top.Direction,
            Characters = Characters,
            Pooling = Head.Pooling,
            Outputs = IsOneLogit ? 2 : Head.Outputs.Size,
            TieWeights = ReadsNumbers ? null : IsTied(),
            IsSigmoid = IsOneLogit,
            Crf = HasTransitions,
        };
        ConfigJson = file.Metadata(OnnxExport.ConfigKey);
        VocabularyJson = file.Metadata(OnnxExport.VocabularyKey);
    }

    /// <summary>The tensors.</summary>
    public TensorSet Tensors { get; }

    /// <summary>
    /// What the graph says. A language model and a tagger that reads forward may have one graph, as may any that read numbers: the task is null then.
    /// </summary>
    public NetworkFacts Facts { get; }

    /// <summary>config.json as our exporter put it into the file; null where another wrote it.</summary>
    public string? ConfigJson { get; }

    /// <summary>vocab.json as our exporter put it into the file; null where another wrote it.</summary>
    public string? VocabularyJson { get; }

    /// <summary>Whether the states at the start are an input.</summary>
    public bool TakesStates => Stack.Layers[0].Hidden is not null || Stack.Layers[0].CellState is not null;

    /// <summary>Whether last states are an output.</summary>
    public bool GivesStates => _network.GivesStates;

    /// <summary>Whether lengths are an input.</summary>
    public bool TakesLengths => _network.TakesLengths;

    /// <summary>Sizes of the character network; null where there is none.</summary>
    public CharacterConfig? Characters =>
        CharacterStack is { } stack ? new CharacterConfig(stack.Source.Origin.Size, stack.Top.HiddenSize) : null;

    /// <summary>The output that gives the answers.</summary>
    public string Output => _network.Output;

    /// <summary>Outputs of the graph that were left out.</summary>
    public IReadOnlyList<string> Unused => HasTransitions ? [.. _network.Unused.Except(GraphTransitions.Outputs)] : _network.Unused;

    /// <summary>Whether the answers lie as the ids do, with the labels last.</summary>
    public bool AnswersLieAsIds => _network.AnswersLieAsIds;

    /// <summary>What the graph made of the logits.</summary>
    public AnswerForm Form => _network.Form;

    /// <summary>Whether one output stands for two labels: its sigmoid is the probability of the second.</summary>
    public bool IsOneLogit => Head.Outputs.Size == 1 && !ReadsNumbers;

    /// <summary>Whether it reads numbers, and no ids.</summary>
    private bool ReadsNumbers => Stack.Source.Origin.Weight is null;

    private bool HasTransitions => GraphTransitions.Find(_file).Any();

    private RecognizedHead Head => _network.Head;

    private LayerStack Stack => Head.Layer.Stack;

    private LayerStack? CharacterStack => Stack.Source.Characters;

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="output">The output that gives the logits; null for the one that shape and name tell.</param>
    /// <exception cref="WeightFormatException">
    /// It is not a well-formed ONNX model, or no network of ours; the message names the first operator that does not fit.
    /// </exception>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The path is a folder, or its permissions forbid reading.</exception>
    public static OnnxImport Open(string path, string? output = null) => Read(OnnxFile.Open(path), output);

    /// <summary>Reads a model that was opened.</summary>
    /// <param name="file">The model.</param>
    /// <param name="output">As <see cref="Open"/> takes it.</param>
    /// <exception cref="WeightFormatException">
    /// It is no network of ours; the message names the first operator that does not fit.
    /// </exception>
    public static OnnxImport Read(OnnxFile file, string? output = null) => new(file, output);

    private ModelTask? Task()
    {
        if (ReadsNumbers) return null;
        if (Head.Pooling is not null) return ModelTask.Classifier;
        if (Stack.Top.Direction != Direction.Forward || CharacterStack is not null || HasTransitions) return ModelTask.Tagger;
        // The head of a language model has an output for each token.
        if (Head.Outputs.Size != Stack.Source.Origin.Tokens) return ModelTask.Tagger;
        return TakesStates && GivesStates ? ModelTask.LanguageModel : null;
    }

    private void AddStack(string prefix, LayerStack stack)
    {
        if (stack.Source.Origin.Weight is { Tensor: var embedding, Sizes: var sizes })
            Add($"{prefix}embedding.weight", embedding, () => _file.Floats(embedding), sizes);
        foreach (RecurrentLayer layer in stack.Layers.Where(layer => layer.Weight is not null))
        {
            int rows = GateOrder.Count(layer.Cell) * layer.HiddenSize;
            for (int direction = 0; direction < layer.Reverses.Count; direction++)
            {
                string suffix = layer.Reverses[direction] ? $"l{layer.Index}_reverse" : $"l{layer.Index}";
                AddBlocks("weight_ih", layer.Weight!.Tensor, direction, (int)layer.Weight.Tensor.Dims[2]);
                AddBlocks("weight_hh", layer.Recurrence!.Tensor, direction, layer.HiddenSize);
                AddBlocks("bias_ih", layer.Bias?.Tensor, 2 * direction);
                AddBlocks("bias_hh", layer.Bias?.Tensor, 2 * direction + 1);

                void AddBlocks(string kind, TensorProto? tensor, int part, params int[] columns)
                {
                    int size = rows * columns.Aggregate(1, (product, column) => product * column);
                    Func<float[]> values = tensor is null ? () => new float[rows] : () => Blocks(layer.Cell, tensor, part * size, size);
                    Add($"{prefix}rnn.{kind}_{suffix}", tensor, values, [rows, .. columns]);
                }
            }
        }
    }

    private void AddHead()
    {
        (int outputs, int width) = (Head.Outputs.Size!.Value, Head.Width);
        // The softmax of 0 and a logit is the sigmoid of the logit: the first label's row is zero.
        int zeros = IsOneLogit ? 1 : 0;
        int directions = Head.Share is null ? 1 : Stack.Top.Reverses.Count;
        Add("head.weight", Head.Weight.Tensor, HeadWeight, outputs + zeros, directions * width);
        Add("head.bias", Head.Bias?.Tensor, HeadBias, outputs + zeros);

        float[] HeadWeight()
        {
            float[] values = _file.Floats(Head.Weight.Tensor);
            if (!Head.RowsAreOutputs) values = Transpose(values, width, outputs);
            if (Head.Share is { } share) values = Repeat(values, width, directions, share);
            return [.. new float[zeros * directions * width], .. values];
        }

        float[] HeadBias() => [.. new float[zeros], .. Head.Bias is { } bias ? _file.Floats(bias.Tensor) : new float[outputs]];
    }

    private void Add(string name, TensorProto? tensor, Func<float[]> values, params int[] shape) =>
        _tensors.Add(name, new FoundTensor(tensor is { Name.Length: > 0 } ? tensor.Name : name, shape, values));

    // A tensor of several layers is kept once: a small file must not become a large model.
    private float[] Blocks(CellKind cell, TensorProto tensor, int from, int size)
    {
        if (!_blocks.TryGetValue(tensor, out var blocks)) _blocks.Add(tensor, blocks = []);
        if (!blocks.TryGetValue((from, size), out float[]? values))
            blocks.Add((from, size), values = GateOrder.ToTorch(cell, _file.Floats(tensor).AsSpan(from, size)));
        return values;
    }

    // Exporters write a tied head as a matrix of its own: its values tell. Only a language model may have one.
    private bool IsTied() =>
        Task() is null or ModelTask.LanguageModel
        && _tensors["head.weight"].Shape.SequenceEqual(_tensors["embedding.weight"].Shape)
        && _tensors["head.weight"].Values!().AsSpan().SequenceEqual(_tensors["embedding.weight"].Values!());

    // A head over the sum of directions is one over the directions side by side that treats them alike.
    private static float[] Repeat(float[] rows, int width, int directions, float share) =>
        [.. rows.Chunk(width).SelectMany(row => Enumerable.Repeat(row, directions).SelectMany(each => each)).Select(value => value * share)];

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
