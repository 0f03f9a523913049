using RnnService.Engine.Layers;
using RnnService.Engine.Tasks;
using RnnService.Onnx.Protos;
using static RnnService.Engine.Weights.WeightFormatException;
using DataType = RnnService.Onnx.Protos.TensorProto.Types.DataType;

namespace RnnService.Onnx.Runtime;

/// <summary>An input of a role: its name, its element type and its declared sizes, null where they may vary.</summary>
internal sealed record GraphInput(string Name, DataType Type, int?[] Sizes);

/// <summary>
/// A part of the state: an input [slots,batch,width], and the output that gives it after the last token; empty where none is wanted.
/// </summary>
internal sealed record GraphState(GraphInput Input, string Output, int Slots);

/// <summary>
/// What the inputs and outputs of a graph are for, found from their types, ranks and names and from the task, and checked against the
/// configuration.
/// </summary>
internal sealed class GraphSignature
{
    private readonly OnnxFile _file;
    private readonly ModelConfig _config;

    /// <exception cref="OnnxFormatException">An input or output has no role or is missing, or a size is another.</exception>
    public GraphSignature(OnnxFile file, ModelConfig config, ModelVocabulary vocabulary)
    {
        (_file, _config) = (file, config);
        OutputSize = config.Task == ModelTask.LanguageModel ? vocabulary.Tokens.Count : config.Labels.Count;
        var grids = new List<GraphInput>();
        var states = new List<GraphInput>();
        // Older files list tensors among the inputs, as their defaults.
        HashSet<string> tensors = [.. file.Model.Graph.Initializer.Select(tensor => tensor.Name)];
        foreach (ValueInfoProto value in file.Model.Graph.Input.Where(value => !tensors.Contains(value.Name)))
        {
            GraphInput input = Read(value);
            switch (input.Type is DataType.Int64 or DataType.Int32, input.Sizes.Length)
            {
                case (true, 1) when Lengths is null:
                    Lengths = input;
                    break;
                case (true, 2) when grids.Count < (config.Characters is null ? 1 : 2):
                    grids.Add(input);
                    break;
                case (true, 3) when config.Characters is not null && Characters is null:
                    Characters = input;
                    break;
                case (false, 3) when input.Type == DataType.Float:
                    states.Add(input);
                    break;
                default:
                    throw Refuse(input, $"{Show(input)} found; {Wanted()} wanted");
            }
        }

        CharacterLengths = grids.Find(input => grids.Count == 2 && input.Name.Contains("len", StringComparison.OrdinalIgnoreCase));
        grids.RemoveAll(input => input == CharacterLengths);
        if (grids.Count == 0)
            throw file.Refuse("graph", "no input for token ids found; int64 or int32, [batch,time] or [time,batch], wanted");
        if (config.Characters is not null && (Characters is null || CharacterLengths is null || grids.Count > 1))
        {
            throw file.Refuse(
                "graph", "no inputs for a word's characters found; whole numbers [batch,time,characters] and, with \"len\" in its name, "
                + "[batch,time] wanted, since the configuration has a character network");
        }

        Ids = grids[0];
        CheckEmbedding(vocabulary);
        Logits = FindLogits();
        States = Pair(states);
    }

    /// <summary>Token ids, two-dimensional.</summary>
    public GraphInput Ids { get; }

    /// <summary>Tokens of each row [batch]; null where rows of one run must be equally long.</summary>
    public GraphInput? Lengths { get; }

    /// <summary>Ids of the characters of each word; null without a character network.</summary>
    public GraphInput? Characters { get; }

    /// <summary>Characters of each word; null without a character network.</summary>
    public GraphInput? CharacterLengths { get; }

    /// <summary>The state, part by part.</summary>
    public IReadOnlyList<GraphState> States { get; }

    /// <summary>Name of the output that gives the logits.</summary>
    public string Logits { get; }

    /// <summary>Logits of each answer: [labels] or [V].</summary>
    public int OutputSize { get; }

    /// <summary>Whether each token has an answer, and not the row as a whole.</summary>
    public bool AnswersTokens => _config.Task != ModelTask.Classifier;

    /// <summary>H, the width of the state.</summary>
    public int StateSize => _config.HiddenSize;

    /// <summary>Number of floating-point values among the tensors.</summary>
    public long ParameterCount => _file.Model.Graph.Initializer
        .Where(tensor => (DataType)tensor.DataType is DataType.Float or DataType.Double or DataType.Float16 or DataType.Bfloat16)
        .Sum(tensor => tensor.Dims.Aggregate(1L, (product, size) => product * size));

    /// <summary>The one number of rows that the declared sizes allow, null for any; or what speaks against the layout.</summary>
    public (int? Batch, string? Problem) DeclaredBatch(bool timeMajor)
    {
        const int largest = 1024;
        int ids = timeMajor ? 1 : 0;
        int? found = null;
        (GraphInput? Input, int Axis)[] places =
        [
            (Ids, ids), (Lengths, 0), (Characters, ids), (CharacterLengths, ids),
            .. States.Select(state => ((GraphInput?)state.Input, 1)),
        ];
        foreach ((GraphInput? input, int axis) in places)
        {
            if (input?.Sizes[axis] is not { } size) continue;
            if (size is < 1 or > largest) return (null, $"{Quote(input.Name)} {Show(input)} has a batch of {size}; 1 to {largest} wanted");
            if (found is not null && found != size)
                return (null, $"{Quote(input.Name)} {Show(input)} has a batch of {size}; {found} as elsewhere wanted");
            found = size;
        }

        return (found, null);
    }

    /// <summary>Numbers of rows that tensors in the graph speak of: an exporter may have written that of its example there.</summary>
    public IReadOnlyList<int> LikelyBatches()
    {
        const int largest = 1024, most = 8;
        var found = new SortedSet<int>();
        IEnumerable<TensorProto> constants = _file.Model.Graph.Node
            .Where(node => node.OpType == "Constant").SelectMany(node => node.Attribute)
            .Select(attribute => attribute.T).OfType<TensorProto>();
        foreach (TensorProto tensor in _file.Model.Graph.Initializer.Concat(constants))
        {
            if (tensor.Dims.Count == 3) Add(tensor.Dims[1]);
            // A shape such as that of an Expand.
            if (tensor.Dims.Count == 1 && tensor.Dims[0] == 3 && TensorContent.Integers(tensor) is { } shape) Add(shape[1]);
        }

        return [.. found.Take(most)];

        void Add(long size)
        {
            if (size is > 1 and <= largest) found.Add((int)size);
        }
    }

    /// <summary>An exception that blames an input.</summary>
    public OnnxFormatException Refuse(GraphInput input, string problem) => _file.Refuse($"input {Quote(input.Name)}", problem);

    // A language model's state is carried from run to run; every other one starts from zero.
    private bool Carries => _config.Task == ModelTask.LanguageModel;

    private string Wanted()
    {
        string states = $"states (float [slots,batch,{_config.HiddenSize}])";
        return _config.Characters is null
            ? $"token ids (int64 or int32 [batch,time] or [time,batch]), lengths (int64 or int32 [batch]) or {states}"
            : "token ids (int64 or int32 [batch,time]), lengths ([batch]), characters ([batch,time,characters]), their lengths "
                + $"([batch,time]) or {states}";
    }

    private GraphInput Read(ValueInfoProto value)
    {
        if (value.Type?.TensorType is not { Shape: { } shape } type)
            throw _file.Refuse($"input {Quote(value.Name)}", "no tensor with a shape found; one wanted");
        return new GraphInput(value.Name, (DataType)type.ElemType, Sizes(shape));
    }

    private static int?[] Sizes(TensorShapeProto shape) =>
        [.. shape.Dim.Select(dimension => dimension.HasDimValue ? (int?)dimension.DimValue : null)];

    private static string Show(GraphInput input)
    {
        const int most = 6;
        string sizes = string.Join(',', input.Sizes.Take(most).Select(size => size?.ToString() ?? "any"));
        return $"{TensorContent.TypeName((int)input.Type).ToLowerInvariant()} [{sizes}{(input.Sizes.Length > most ? ",…" : "")}]";
    }

    // The embedding can be seen where ids go to a Gather over a tensor, as they are or merely cast or transposed.
    private void CheckEmbedding(ModelVocabulary vocabulary)
    {
        HashSet<string> ids = [Ids.Name];
        var tensors = _file.Model.Graph.Initializer.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        foreach (NodeProto node in _file.Model.Graph.Node)
        {
            if (node.OpType is "Cast" or "Transpose" or "Identity" && node.Input.Count > 0 && ids.Contains(node.Input[0]))
            {
                ids.UnionWith(node.Output);
            }
            else if (node.OpType == "Gather" && node.Input.Count == 2 && ids.Contains(node.Input[1])
                && tensors.TryGetValue(node.Input[0], out TensorProto? embedding) && embedding.Dims.Count == 2)
            {
                if (embedding.Dims[0] == vocabulary.Tokens.Count && embedding.Dims[1] == _config.EmbeddingSize) continue;
                throw _file.Refuse(
                    TensorContent.PlaceOf(embedding),
                    $"an embedding [{embedding.Dims[0]},{embedding.Dims[1]}] found; "
                    + $"[{vocabulary.Tokens.Count},{_config.EmbeddingSize}] wanted (tokens of the vocabulary, embedding_size)");
            }
        }
    }

    private string FindLogits()
    {
        int rank = AnswersTokens ? 3 : 2;
        string form = AnswersTokens ? $"[batch,time,{OutputSize}]" : $"[batch,{OutputSize}]";
        IEnumerable<ValueInfoProto> outputs = _file.Model.Graph.Output;
        ValueInfoProto? logits = outputs.FirstOrDefault(output => output.Name == "logits") ?? outputs.FirstOrDefault(Fits);
        if (logits is null) throw _file.Refuse("graph", $"no output for logits found; float {form} wanted");
        if (Fits(logits)) return logits.Name;
        var found = new GraphInput(logits.Name, (DataType)logits.Type.TensorType.ElemType, Sizes(logits.Type.TensorType.Shape ?? new()));
        throw _file.Refuse(
            $"output {Quote(logits.Name)}",
            $"{Show(found)} found; float {form} wanted ({(Carries ? "tokens of the vocabulary" : "labels")} last)");

        bool Fits(ValueInfoProto output) => IsFloat(output, rank, OutputSize);
    }

    // What is not declared may fit: a run will show.
    private static bool IsFloat(ValueInfoProto output, int rank, int width) =>
        output.Type?.TensorType is not { } type
        || (DataType)type.ElemType == DataType.Float
        && (type.Shape is not { } shape || shape.Dim.Count == rank && (!shape.Dim[^1].HasDimValue || shape.Dim[^1].DimValue == width));

    private GraphState[] Pair(List<GraphInput> states)
    {
        const string since = "since generation carries the state from token to token";
        int wanted = _config.Layers * (_config.Bidirectional ? 2 : 1) * (_config.Cell == CellKind.Lstm ? 2 : 1);
        string form = $"float [slots,batch,{StateSize}], {wanted} slots in all (layers and directions, for an LSTM h and c)";
        if (states.Count == 0)
        {
            return !Carries ? [] : throw _file.Refuse("graph", $"no input for the state found; {form}, such as h_0, wanted, {since}");
        }

        foreach (GraphInput input in states)
        {
            if (input.Sizes[2] is { } width && width != StateSize)
                throw Refuse(input, $"{Show(input)} found: a state of width {width}; {StateSize} (hidden_size) wanted");
        }

        int[] slots = [.. states.Select(input => input.Sizes[0] ?? wanted / states.Count)];
        long sum = slots.Sum(count => (long)count);
        if (sum != wanted || slots.Any(count => count < 1))
            throw Refuse(states[0], $"{sum} slots in all states found; {form} wanted");
        if (!Carries) return [.. states.Select((input, i) => new GraphState(input, "", slots[i]))];

        string[] outputs = [.. _file.Model.Graph.Output
            .Where(output => output.Name != Logits && IsFloat(output, 3, StateSize)).Select(output => output.Name)];
        if (outputs.Length < states.Count)
        {
            throw _file.Refuse(
                "graph",
                $"{outputs.Length} outputs for {states.Count} states found; one each, float [slots,batch,{StateSize}], wanted, {since}");
        }

        // h_0 and h_n share more than h_0 and c_n; where names do not tell all apart, places do.
        string[] named = [.. states.Select(input => outputs.MaxBy(output => Shared(input.Name, output))!)];
        bool told = named.Distinct().Count() == named.Length;
        return [.. states.Select((input, i) => new GraphState(input, told ? named[i] : outputs[i], slots[i]))];
    }

    private static int Shared(string one, string other)
    {
        int start = 0, end = 0;
        while (start < one.Length && start < other.Length && one[start] == other[start]) start++;
        while (end < one.Length - start && end < other.Length - start && one[^(end + 1)] == other[^(end + 1)]) end++;
        return start + end;
    }
}
