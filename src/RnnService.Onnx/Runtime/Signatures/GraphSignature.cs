using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Text;
using RnnService.Onnx.Format;
using RnnService.Onnx.Format.Protos;
using static RnnService.Engine.Weights.WeightFormatException;
using DataType = RnnService.Onnx.Format.Protos.TensorProto.Types.DataType;

namespace RnnService.Onnx.Runtime.Signatures;

/// <summary>
/// What the inputs and outputs of a graph are for, found from their types, ranks and names and from the task, and checked against the
/// configuration.
/// </summary>
internal sealed class GraphSignature
{
    /// <summary>The name of the input that says where words end which are several tokens.</summary>
    public const string WordEndsName = "word_ends";

    private readonly OnnxFile _file;
    private readonly ModelConfig _config;
    private readonly GraphPaths _paths;

    /// <exception cref="OnnxFormatException">An input or output has no role or is missing, or a size is another.</exception>
    public GraphSignature(OnnxFile file, ModelConfig config, ModelVocabulary vocabulary)
    {
        (_file, _config, _paths) = (file, config, new GraphPaths(file.Model.Graph));
        bool readsPieces = config is { Task: ModelTask.Tagger, Tokenizer: Tokenization.Subwords };
        OutputSize = config.Task == ModelTask.LanguageModel ? vocabulary.Tokens.Count : config.NetworkLabels.Count;
        List<GraphInput> grids = [], states = [], counts = [], masks = [], segments = [], possible = [], unknown = [];
        foreach (GraphInput input in GraphInput.AllOf(file))
        {
            bool isWhole = input.IsWhole || input.IsFloat && _paths.IsCastToWhole(input.Name);
            List<GraphInput> role = input.Sizes.Length switch
            {
                1 when isWhole && !_paths.IsLookedUp(input.Name) => counts,
                2 when isWhole && readsPieces && WordEnds is null && input.Name == WordEndsName => [WordEnds = input],
                2 when isWhole && input.IsCalledSegments => segments,
                2 when input.IsCalledMask && !_paths.IsLookedUp(input.Name) && (isWhole || input.IsFloat || input.Type == DataType.Bool) => masks,
                2 when isWhole && input is { IsCalledLengths: true, Sizes: [_, 1] } && config.Characters is null => counts,
                2 when isWhole => grids,
                2 when (input.IsFloat || input.Type == DataType.Bool) && config.Characters is null => possible,
                3 when isWhole && config.Characters is not null && Characters is null => [Characters = input],
                3 when input.Type == DataType.Float => states,
                _ => unknown,
            };
            role.Add(input);
        }

        CharacterLengths = grids.Find(input => config.Characters is not null && grids.Count == 2 && input.IsCalledLengths);
        grids.RemoveAll(input => input == CharacterLengths);
        Lengths = Take(counts, input => input.IsCalledLengths);
        GraphInput? ids = Take(grids, input => IsEmbedded(input, vocabulary));
        Mask = Take(masks, _ => true);
        // Behaviour will tell whether a second grid without the name of a mask is one.
        possible.AddRange(grids.Where(input => input.IsWhole && config.Characters is null && !_paths.IsLookedUp(input.Name)));
        grids.RemoveAll(possible.Contains);
        // Beside lengths it would not tell: the rows do not move past their lengths anyway.
        if (Mask is null && Lengths is null && grids.Count == 0 && possible is [var other] && ids is not null && other.MayLieAs(ids))
            (Mask, possible) = (other, []);
        if (Mask is not null && Lengths is { IsCalledLengths: false } count)
        {
            unknown.Add(count);
            Lengths = null;
        }

        Segments = segments;
        unknown.AddRange([.. counts, .. grids, .. possible, .. masks]);
        if (unknown.Count > 0)
        {
            string rest = unknown.Count == 1 ? "" : $", as for {string.Join(", ", unknown.Skip(1).Take(10).Select(input => $"{Quote(input.Name)} {input.Show()}"))}";
            throw Refuse(unknown[0], $"{unknown[0].Show()} found, which nothing can be filled in for{rest}; expected {Expected()}", ExportAdvice.Inputs);
        }

        if (readsPieces && WordEnds is null)
            throw file.Refuse("graph", $"no input {WordEndsName} found; expected whole numbers [batch,words], where each word's last token stands, since the tokenizer is subwords");
        if (ids is null)
            throw file.Refuse("graph", "no input for token ids found; expected whole numbers, [batch,time] or [time,batch]");
        if (config.Characters is not null && (Characters is null || CharacterLengths is null))
        {
            throw file.Refuse(
                "graph", "no inputs for a word's characters found; expected whole numbers [batch,time,characters] and, with \"len\" in its name, "
                + "[batch,time], since the configuration has a character network");
        }

        Ids = ids;
        if (vocabulary.Tokens.Count - 1 > ids.Largest)
            throw Refuse(ids, $"{ids.Show()} found, which ends at {ids.Largest}; expected a type that holds ids to {vocabulary.Tokens.Count - 1}");
        CheckEmbedding(vocabulary);
        Answer = AnswerOutput.Find(file, _paths, config, OutputSize, AnswersTokens);
        States = Pair(states);
    }

    /// <summary>Token ids, two-dimensional.</summary>
    public GraphInput Ids { get; }

    /// <summary>Tokens of each row [batch]; null where there is none.</summary>
    public GraphInput? Lengths { get; }

    /// <summary>Which of the ids are tokens and not padding, as the ids lie; null where there is none.</summary>
    public GraphInput? Mask { get; }

    /// <summary>Numbers of the segments, as the ids lie; all 0, for a single text.</summary>
    public IReadOnlyList<GraphInput> Segments { get; }

    /// <summary>Ids of the characters of each word; null without a character network.</summary>
    public GraphInput? Characters { get; }

    /// <summary>Characters of each word; null without a character network.</summary>
    public GraphInput? CharacterLengths { get; }

    /// <summary>Where the last token of each word stands; null where every token is a word.</summary>
    public GraphInput? WordEnds { get; }

    /// <summary>The state, part by part.</summary>
    public IReadOnlyList<GraphState> States { get; }

    /// <summary>The output that gives the logits.</summary>
    public AnswerOutput Answer { get; }

    /// <summary>Whether the graph has recurrent operators.</summary>
    public bool IsRecurrent => _file.Model.Graph.Node.Any(node => node.OpType is "RNN" or "GRU" or "LSTM");

    /// <summary>Logits of each answer: [labels] or [V].</summary>
    public int OutputSize { get; }

    /// <summary>Whether each token has an answer, and not the row as a whole.</summary>
    public bool AnswersTokens => _config.Task != ModelTask.Classifier;

    /// <summary>H, the width of the state.</summary>
    public int StateSize => _config.HiddenSize;

    /// <summary>Number of floating-point values among the tensors.</summary>
    public long ParameterCount => _file.ParameterCount;

    /// <summary>The one number of rows that the declared sizes allow, null for any; or what speaks against the layout.</summary>
    public (int? Batch, string? Problem) DeclaredBatch(bool timeMajor)
    {
        const int largest = 1024;
        int ids = timeMajor ? 1 : 0;
        int? found = null;
        (GraphInput? Input, int Axis)[] places =
        [
            (Ids, ids), (Mask, ids), (Lengths, 0), (Characters, ids), (CharacterLengths, ids), (WordEnds, 0),
            .. States.Select(state => ((GraphInput?)state.Input, 1)),
        ];
        foreach ((GraphInput? input, int axis) in places)
        {
            if (input?.Sizes[axis] is not { } size) continue;
            if (size is < 1 or > largest) return (null, $"{Quote(input.Name)} {input.Show()} has a batch of {size}; expected 1 to {largest}");
            if (found is not null && found != size)
                return (null, $"{Quote(input.Name)} {input.Show()} has a batch of {size}; expected {found} as elsewhere");
            found = size;
        }

        return (found, null);
    }

    /// <summary>Numbers of rows that the graph speaks of.</summary>
    public IReadOnlyList<int> LikelyBatches() => ExporterNumbers.Batches(_file.Model.Graph);

    /// <summary>Numbers of tokens that the graph speaks of.</summary>
    public IReadOnlyList<int> LikelyLengths() => ExporterNumbers.Lengths(_file.Model.Graph);

    /// <summary>An exception that names an input.</summary>
    public OnnxFormatException Refuse(GraphInput input, string problem, string? advice = null) =>
        _file.Refuse($"input {Quote(input.Name)}", problem, advice);

    /// <summary>An exception that names the output of the answers.</summary>
    public OnnxFormatException RefuseAnswer(string problem, string? advice = null) =>
        _file.Refuse($"output {Quote(Answer.Name)}", problem, advice);

    // A language model's state is carried from run to run; every other one starts from zero.
    private bool Carries => _config.Task == ModelTask.LanguageModel;

    private string Expected()
    {
        string states = $"states (float [slots,batch,{_config.HiddenSize}])";
        return _config.Characters is null
            ? $"token ids (whole numbers [batch,time] or [time,batch]), lengths ([batch]), an attention_mask ([batch,time]) or {states}"
            : "token ids (whole numbers [batch,time]), lengths ([batch]), characters ([batch,time,characters]), their lengths "
                + $"([batch,time]) or {states}";
    }

    /// <summary>Takes one out of a list: the first of which something is true, else the first; null where there is none.</summary>
    private static GraphInput? Take(List<GraphInput> inputs, Predicate<GraphInput> isIt)
    {
        GraphInput? taken = inputs.Find(isIt) ?? inputs.FirstOrDefault();
        if (taken is not null) inputs.Remove(taken);
        return taken;
    }

    private bool IsEmbedded(GraphInput input, ModelVocabulary vocabulary) => _paths.IsLookedUp(input.Name)
        && Embeddings(input).Any(embedding => embedding.Dims[0] == vocabulary.Tokens.Count);

    private void CheckEmbedding(ModelVocabulary vocabulary)
    {
        foreach (TensorProto embedding in Embeddings(Ids))
        {
            if (embedding.Dims[0] == vocabulary.Tokens.Count && embedding.Dims[1] == _config.EmbeddingSize) continue;
            throw _file.Refuse(
                TensorContent.PlaceOf(embedding),
                $"an embedding [{embedding.Dims[0]},{embedding.Dims[1]}] found; "
                + $"expected [{vocabulary.Tokens.Count},{_config.EmbeddingSize}] (tokens of the vocabulary, embedding_size)");
        }
    }

    // The embedding can be seen where ids go to a Gather over a tensor, as they are or merely cast or transposed.
    private IEnumerable<TensorProto> Embeddings(GraphInput input)
    {
        HashSet<string> ids = [input.Name];
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
                yield return embedding;
            }
        }
    }

    // What is not declared may fit: a run will show.
    private static bool IsFloat(ValueInfoProto output, int rank, int width) =>
        output.Type?.TensorType is not { } type
        || (DataType)type.ElemType == DataType.Float
        && (type.Shape is not { } shape || shape.Dim.Count == rank && (!shape.Dim[^1].HasDimValue || shape.Dim[^1].DimValue == width));

    private GraphState[] Pair(List<GraphInput> states)
    {
        const string since = "since generation carries the state from token to token";
        int expected = _config.Layers * (_config.Bidirectional ? 2 : 1) * (_config.Cell == CellKind.Lstm ? 2 : 1);
        string form = $"float [slots,batch,{StateSize}], {expected} slots in all (layers and directions, for an LSTM h and c)";
        if (states.Count == 0)
        {
            return !Carries ? [] : throw _file.Refuse("graph", $"no input for the state found; expected {form}, such as h_0, {since}");
        }

        foreach (GraphInput input in states)
        {
            if (input.Sizes[2] is { } width && width != StateSize)
                throw Refuse(input, $"{input.Show()} found, a state of width {width}; expected {StateSize} (hidden_size)");
        }

        int[] slots = [.. states.Select(input => input.Sizes[0] ?? expected / states.Count)];
        long sum = slots.Sum(count => (long)count);
        if (sum != expected || slots.Any(count => count < 1))
            throw Refuse(states[0], $"{sum} slots in all states found; expected {form}");
        if (!Carries) return [.. states.Select((input, i) => new GraphState(input, "", slots[i]))];

        string[] outputs = [.. _file.Model.Graph.Output
            .Where(output => output.Name != Answer.Name && IsFloat(output, 3, StateSize)).Select(output => output.Name)];
        if (outputs.Length < states.Count)
        {
            throw _file.Refuse(
                "graph",
                $"{outputs.Length} outputs for {states.Count} states found; expected one each, float [slots,batch,{StateSize}], {since}");
        }

        string[] next = StatePairing.Pair([.. states.Select(state => state.Name)], outputs);
        return [.. states.Select((input, i) => new GraphState(input, next[i], slots[i]))];
    }
}
