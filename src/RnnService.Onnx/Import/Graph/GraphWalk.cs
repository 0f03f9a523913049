using RnnService.Engine.Weights;
using RnnService.Onnx.Comparison;
using RnnService.Onnx.Format;
using RnnService.Onnx.Format.Protos;
using static RnnService.Engine.Weights.WeightFormatException;
using DataType = RnnService.Onnx.Format.Protos.TensorProto.Types.DataType;

namespace RnnService.Onnx.Import.Graph;

/// <summary>
/// Walks a graph in its order and says of every value that the outputs need what it is: a network of ours is recognised by what its
/// values mean, not by the form of its graph. Every operator is known for the purposes it may serve; the first that serves none is
/// refused. Shapes are followed by their axes, so that a transposed, sorted, sliced or flattened value is known for what it is. Memory
/// and time grow with the number of nodes. Used once.
/// </summary>
internal sealed partial class GraphWalk
{
    private const long OldestOperators = 7; // before, recurrent operators had other inputs
    private const int LongestShape = 64;
    private const int MostDimensions = 32;
    private const int MostLayers = 16;
    private const int MostInputs = 8;

    private readonly OnnxFile _file;
    private readonly Axes _axes = new();
    private readonly List<GraphInput> _inputs = [];
    private readonly Dictionary<string, Value> _values = new(StringComparer.Ordinal);
    private readonly Dictionary<TensorProto, bool> _areZero = new(ReferenceEqualityComparer.Instance);

    private readonly string[] _outputs;
    private long _operators; // version of the operator set

    private GraphWalk(OnnxFile file, string[] outputs) => (_file, _outputs) = (file, outputs);

    private GraphProto Graph => _file.Model.Graph;

    /// <summary>Recognises the network in a graph.</summary>
    /// <param name="file">The file.</param>
    /// <param name="output">The output that gives the logits; null for the one that all outputs together, or their names, tell.</param>
    /// <exception cref="WeightFormatException">It is none of ours; the message names the first operator that does not fit.</exception>
    public static Network Read(OnnxFile file, string? output = null)
    {
        const int most = 8; // outputs tried one by one
        string[] outputs = [.. file.Model.Graph.Output.Select(value => value.Name)];
        if (output is not null && !outputs.Contains(output))
        {
            throw new OnnxFormatException(
                file.Path, "graph", $"no output {Quote(output)} (output_name) found; one of {string.Join(", ", outputs.Take(10).Select(Quote))} expected");
        }

        WeightFormatException? first = null;
        foreach (string[] chosen in Choices())
        {
            try
            {
                return new GraphWalk(file, chosen).Run() with { Unused = [.. outputs.Except(chosen)] };
            }
            catch (WeightFormatException refusal)
            {
                first ??= refusal;
            }
        }

        throw first!;

        // All of them; then each that may be the logits beside the states, and alone where no states come in that others continue.
        IEnumerable<string[]> Choices()
        {
            if (output is null || outputs.Length == 1) yield return outputs;
            if (outputs.Length <= 1) yield break;
            string[] states = [.. file.Model.Graph.Output.Where(AreStates).Select(value => value.Name)];
            bool carries = file.Model.Graph.Input.Any(value => value.Type?.TensorType is { ElemType: (int)DataType.Float, Shape.Dim.Count: 3 }
                && file.Model.Graph.Initializer.All(tensor => tensor.Name != value.Name));
            string[] candidates = output is not null ? [output] : [.. outputs.Except(states)
                .OrderByDescending(name => name == "logits").ThenByDescending(name => name.Contains("logit", StringComparison.OrdinalIgnoreCase))
                .Take(most)];
            foreach (string candidate in candidates)
            {
                if (states.Any(state => state != candidate)) yield return [candidate, .. states.Where(state => state != candidate)];
                if (!carries || states.Length == 0) yield return [candidate];
            }
        }

        static bool AreStates(ValueInfoProto value) =>
            value.Type?.TensorType?.Shape is { Dim: [{ HasDimValue: true }, _, _] }
            || value.Name is "hn" or "cn" or "h_n" or "c_n" || value.Name.Contains("hidden", StringComparison.OrdinalIgnoreCase)
            || value.Name.Contains("state", StringComparison.OrdinalIgnoreCase);
    }

    private Network Run()
    {
        long operators = _file.Model.OpsetImport.First(set => set.Domain is "" or "ai.onnx").Version;
        if (operators < OldestOperators) throw Refuse("opset_import", $"version {operators} found; {OldestOperators} or later wanted");
        _operators = operators;
        foreach (TensorProto tensor in Graph.Initializer) _values[tensor.Name] = new Value.Stored(tensor);
        foreach (ValueInfoProto input in Graph.Input)
        {
            // Old files list their tensors among the inputs.
            if (!_values.ContainsKey(input.Name)) _values[input.Name] = Input(input);
        }

        bool[] needed = Needed();
        for (int i = 0; i < Graph.Node.Count; i++)
        {
            if (!needed[i]) continue;
            var node = new Node(_file.Path, i, Graph.Node[i]);
            Value?[] outputs = Step(node);
            for (int output = 0; output < Math.Min(outputs.Length, node.Proto.Output.Count); output++)
            {
                if (outputs[output] is { } value) _values[node.Proto.Output[output]] = value;
            }
        }

        return End();
    }

    /// <summary>Which nodes the outputs depend on.</summary>
    private bool[] Needed()
    {
        var producers = new Dictionary<string, int>(StringComparer.Ordinal);
        for (int i = 0; i < Graph.Node.Count; i++)
        {
            foreach (string output in Graph.Node[i].Output) producers[output] = i;
        }

        bool[] needed = new bool[Graph.Node.Count];
        var open = new Stack<string>(_outputs);
        while (open.TryPop(out string? name))
        {
            if (name.Length == 0 || !producers.TryGetValue(name, out int node) || needed[node]) continue;
            needed[node] = true;
            foreach (string input in Graph.Node[node].Input) open.Push(input);
        }

        return needed;
    }

    private Value.Data Input(ValueInfoProto input)
    {
        const int stateDimensions = 3, most = 3;
        string place = $"input {Quote(input.Name)}";
        if (_inputs.Count == MostInputs) throw Refuse(place, $"input {MostInputs + 1} found; at most {MostInputs} wanted");
        if (input.Type?.TensorType?.Shape is not { } shape) throw Refuse(place, "its number of dimensions is not said; a shape wanted");
        if (shape.Dim.Count > most) throw Refuse(place, $"{shape.Dim.Count} dimensions found; at most {most} wanted");
        Extent[] dims = new Extent[shape.Dim.Count];
        bool isState = input.Type.TensorType.ElemType == (int)DataType.Float && dims.Length == stateDimensions && shape.Dim[0].HasDimValue;
        var axes = new List<Axis>();
        for (int i = 0; i < dims.Length; i++)
        {
            int? size = shape.Dim[i].HasDimValue ? (int)shape.Dim[i].DimValue : null;
            AxisKind kind = isState && i == 0 ? AxisKind.Slots : isState && i == dims.Length - 1 ? AxisKind.Features : AxisKind.Rows;
            var axis = new Axis($"{Quote(input.Name)}.{i}", kind, size);
            dims[i] = axis is { IsSlots: true, Size: 1 } ? Extent.One : new Extent(axis);
            foreach (Axis other in axes) _axes.KeepApart(other, axis);
            axes.Add(axis);
        }

        var read = new GraphInput(input.Name, dims);
        _inputs.Add(read);
        if (!isState) return new Value.Data(new Meaning.Given(read), dims);
        if (dims[0].Size > LongestShape)
            throw Refuse(place, $"{dims[0].Size} states found; at most {LongestShape} wanted");
        return new Value.Data(new Meaning.Start(read, [.. Enumerable.Range(0, dims[0].Size ?? 0)]), dims);
    }

    private Value?[] Step(Node node)
    {
        if (node.Proto.Domain is not ("" or "ai.onnx")) throw Misfit(node);
        return Fold(node) ?? node.Op switch
        {
            "Constant" => [Constant(node)],
            "Identity" => [Need(node, 0)],
            "Dropout" => [Dropout(node)],
            "Cast" => [Cast(node)],
            "Transpose" => [Transpose(node)],
            "Squeeze" => [Squeeze(node)],
            "Unsqueeze" => [Unsqueeze(node)],
            "Reshape" => [Reshape(node)],
            "Flatten" => [Flatten(node)],
            "Shape" => [ShapeOf(node)],
            "ConstantOfShape" => [ConstantOfShape(node)],
            "Expand" => [Expand(node)],
            "Range" => [Range(node)],
            "Gather" => [Gather(node)],
            "Slice" => [Slice(node)],
            "Split" => Split(node),
            "Concat" => [Concat(node)],
            "TopK" => TopK(node),
            "ScatterElements" => [ScatterElements(node)],
            "ReduceProd" => [ReduceProd(node)],
            "Max" or "Clip" => [AtLeast(node)],
            "Less" or "LessOrEqual" or "Greater" or "GreaterOrEqual" or "Equal" => [Compare(node)],
            "Not" => [Not(node)],
            "Where" => [Where(node)],
            "Add" => [Add(node)],
            "Sub" => [Arithmetic(node) ?? throw Misfit(node)],
            "Mul" => [Multiply(node)],
            "Div" => [Divide(node)],
            "ReduceSum" or "ReduceMean" or "ReduceMax" => [Reduce(node)],
            "CumSum" => [Sum(node)],
            "RNN" or "GRU" or "LSTM" => Recurrent(node),
            "MatMul" => [MatMul(node)],
            "Gemm" => [Gemm(node)],
            "Softmax" or "LogSoftmax" => [Normalize(node)],
            "Sigmoid" => [Sigmoid(node)],
            "Log" => [Log(node)],
            _ => throw Misfit(node),
        };
    }

    /// <summary>An input of a node; null where it is left out.</summary>
    private Value? At(Node node, int index)
    {
        if (index >= node.Proto.Input.Count || node.Proto.Input[index] is not { Length: > 0 } name) return null;
        return _values.GetValueOrDefault(name)
            ?? throw node.Refuse($"input {Quote(name)} is none of the outputs known of its operator", "one of these");
    }

    private Value Need(Node node, int index) =>
        At(node, index) ?? throw node.Refuse($"input {index} is missing", "a value");

    private Value.Data NeedData(Node node, int index) => Need(node, index) as Value.Data ?? throw Misfit(node);

    /// <summary>Whole numbers that the file holds or that follow from shapes alone; null where they do not.</summary>
    private static long[]? Integers(Value? value) => AsShape(value) is { } shape && shape.Sizes.All(size => size.Number is not null)
        ? [.. shape.Sizes.Select(size => size.Number!.Value)]
        : null;

    private static long? Integer(Value? value) => Integers(value) is [var one] ? one : null;

    /// <summary>A single number that the file holds; null where it is none.</summary>
    private static float? Number(Value? value) => value switch
    {
        Value.Zeros => 0,
        Value.Stored { Tensor: var tensor } when Count(tensor) == 1 =>
            TensorContent.Floats(tensor)?[0] ?? (TensorContent.Integers(tensor) is [var whole] ? whole : null),
        _ => null,
    };

    private static long Count(TensorProto tensor) => tensor.Dims.Aggregate(1L, (product, size) => Math.Min(product * size, int.MaxValue));

    /// <summary>The index of a dimension.</summary>
    private static int Dimension(Node node, long axis, int rank)
    {
        if (axis < -rank || axis >= rank) throw node.Refuse($"axis {axis} of {rank} dimensions", "one of them");
        return (int)(axis < 0 ? axis + rank : axis);
    }

    /// <summary>Dimensions that an attribute names, or an input since opset 13; null where none are named.</summary>
    private int[]? Dimensions(Node node, int rank) =>
        Axes(node) is { } axes ? [.. axes.Select(axis => Dimension(node, axis, rank)).Distinct().Order()] : null;

    private long[]? Axes(Node node)
    {
        if (node.Integers("axes") is { } axes) return axes;
        if (At(node, 1) is not { } given) return null;
        return Integers(given) ?? throw node.Refuse("axes that are computed", "axes that the file holds");
    }

    /// <summary>Says that an operator serves no purpose with what it reads.</summary>
    private WeightFormatException Misfit(Node node)
    {
        Value? reads = null;
        foreach (string name in node.Proto.Input)
        {
            if (_values.GetValueOrDefault(name) is not { } value) continue;
            if (reads is null || reads is not Value.Data && value is Value.Data) reads = value;
        }

        return reads is null
            ? node.Refuse("it makes numbers of its own", "an operator of a recurrent network")
            : node.Refuse($"it reads {Describe(reads)}", Wanted(reads));
    }

    private static string Describe(Value value) => value switch
    {
        Value.Stored stored => TensorContent.PlaceOf(stored.Tensor),
        Value.Zeros => "zeros",
        Value.Shape => "a shape",
        Value.Data data => $"{Describe(data.Meaning)} [{string.Join(", ", data.Dims.Select(dim => dim.ToString()))}]",
        _ => throw new ArgumentOutOfRangeException(nameof(value)),
    };

    private static string Describe(Meaning meaning) => meaning switch
    {
        Meaning.Given { Input: { Role: InputRole.None } input } => $"input {Quote(input.Name)}",
        Meaning.Given { Input: { Role: InputRole.Ids } input } => $"the ids {Quote(input.Name)}",
        Meaning.Given { Input: var input } => $"the lengths {Quote(input.Name)}",
        Meaning.Start { Input: var input } => $"the states at the start {Quote(input.Name)}",
        Meaning.Order => "the order of a sorted batch",
        Meaning.Positions => "positions",
        Meaning.Mask or Meaning.Idle => "a mask by lengths",
        Meaning.Embedded => "the embedding's rows",
        Meaning.Line => "a state and the steps after it",
        Meaning.States { Part: Part.Hidden or Part.Memory, Slots: var slots } => $"last states of {LayersOf(slots)}",
        Meaning.States { Slots: var slots } => $"outputs of {LayersOf(slots)}",
        Meaning.TimeSum => "sums over time",
        Meaning.Pooled => "the pooled outputs",
        Meaning.Answer { End: AnswerForm.Logits } => "the logits",
        Meaning.Answer { End: AnswerForm.Sigmoid } => "the sigmoid of the logit",
        Meaning.Answer { End: AnswerForm.LogSoftmax } => "the log-softmax of the logits",
        Meaning.Answer => "the softmax of the logits",
        _ => throw new ArgumentOutOfRangeException(nameof(meaning)),
    };

    private static string LayersOf(Slot[] slots) =>
        string.Join(" and ", slots.Select(slot => slot.Layer.Index).Distinct().Select(index => $"layer {index}"));

    /// <summary>What may follow a value.</summary>
    private static string Wanted(Value value) => value switch
    {
        Value.Stored => "a tensor that lies as the embedding, a layer or the head needs it",
        Value.Zeros => "the start of a layer",
        Value.Shape => "what shapes serve for",
        Value.Data { Meaning: var meaning } => meaning switch
        {
            Meaning.Given => "a Gather from the embedding, or the lengths of a recurrent layer,",
            Meaning.Start => "the start of a recurrent layer",
            Meaning.Order or Meaning.Positions or Meaning.Mask or Meaning.Idle => "what lengths serve for",
            Meaning.Embedded or Meaning.Line => "RNN, GRU or LSTM",
            Meaning.States { Part: Part.Hidden or Part.Memory } => "the MatMul or Gemm of the head, or an output,",
            Meaning.States => "another recurrent layer, pooling (last, mean, max) or the MatMul or Gemm of the head",
            Meaning.TimeSum => "a division by the lengths",
            Meaning.Pooled => "the MatMul or Gemm of the head",
            _ => "an export that ends with the logits",
        },
        _ => throw new ArgumentOutOfRangeException(nameof(value)),
    };

    private OnnxFormatException Refuse(string place, string problem) => new(_file.Path, place, problem);
}
