using RnnService.Engine.Weights;
using RnnService.Onnx.Format;
using RnnService.Onnx.Format.Protos;
using RnnService.Onnx.Import.Graph.Operators;
using RnnService.Onnx.Import.Graph.Symbols;
using RnnService.Onnx.Runtime.Signatures;
using static RnnService.Engine.Weights.WeightFormatException;
using DataType = RnnService.Onnx.Format.Protos.TensorProto.Types.DataType;

namespace RnnService.Onnx.Import.Graph;

/// <summary>
/// Recognises a network of the engine's in a graph. The nodes are read in their order, and each value that the outputs need is given a
/// symbolic value: a network is recognised by what its values mean, not by the form of its graph. Every operator is known for the purposes
/// it may serve; the first that serves none is refused. Shapes are followed by their axes, so that a transposed, sorted, sliced or flattened
/// value is known for what it is. Memory and time grow with the number of nodes. Used once.
/// </summary>
internal sealed class GraphRecognizer
{
    private const long OldestOperators = 7; // before, recurrent operators had other inputs
    private const int MostInputs = 8;

    private readonly GraphContext _graph;
    private readonly string[] _outputs;
    private HashSet<string>? _numbers; // inputs that may be steps of numbers, once one of their form is there

    private GraphRecognizer(OnnxFile file, string[] outputs) => (_graph, _outputs) = (new GraphContext(file), outputs);

    private GraphProto Proto => _graph.File.Model.Graph;

    /// <summary>Recognises the network in a graph.</summary>
    /// <param name="file">The file.</param>
    /// <param name="output">The output that gives the logits; null for the one that all outputs together, or their names, tell.</param>
    /// <exception cref="WeightFormatException">It is none of ours; the message names the first operator that does not fit.</exception>
    public static RecognizedNetwork Read(OnnxFile file, string? output = null)
    {
        string[] outputs = [.. file.Model.Graph.Output.Select(value => value.Name)];
        if (output is not null && !outputs.Contains(output)) throw file.RefuseOutput(output);
        WeightFormatException? first = null;
        foreach (string[] chosen in OutputChoices(file.Model.Graph, outputs, output))
        {
            try
            {
                return new GraphRecognizer(file, chosen).Run() with { Unused = [.. outputs.Except(chosen)] };
            }
            catch (WeightFormatException refusal)
            {
                first ??= refusal;
            }
        }

        throw first!;
    }

    // All of them; then each that may be the logits beside the states, and alone where no states come in that others continue.
    private static IEnumerable<string[]> OutputChoices(GraphProto graph, string[] outputs, string? output)
    {
        const int most = 8; // outputs tried one by one
        if (output is null || outputs.Length == 1) yield return outputs;
        if (outputs.Length <= 1) yield break;
        string[] states = [.. graph.Output.Where(AreStates).Select(value => value.Name)];
        bool carries = graph.Input.Any(value => value.Type?.TensorType is { ElemType: (int)DataType.Float, Shape.Dim.Count: 3 }
            && graph.Initializer.All(tensor => tensor.Name != value.Name));
        string[] candidates = output is not null ? [output] : [.. outputs.Except(states)
            .OrderByDescending(name => name == "logits").ThenByDescending(name => name.Contains("logit", StringComparison.OrdinalIgnoreCase))
            .Take(most)];
        foreach (string candidate in candidates)
        {
            if (states.Any(state => state != candidate)) yield return [candidate, .. states.Where(state => state != candidate)];
            if (!carries || states.Length == 0) yield return [candidate];
        }

        static bool AreStates(ValueInfoProto value) =>
            value.Type?.TensorType?.Shape is { Dim: [{ HasDimValue: true }, _, _] }
            || value.Name is "hn" or "cn" or "h_n" or "c_n" || value.Name.Contains("hidden", StringComparison.OrdinalIgnoreCase)
            || value.Name.Contains("state", StringComparison.OrdinalIgnoreCase);
    }

    private RecognizedNetwork Run()
    {
        if (_graph.Opset < OldestOperators)
            throw _graph.Refuse("opset_import", $"version {_graph.Opset} found", $"{OldestOperators} or later");
        foreach (TensorProto tensor in Proto.Initializer) _graph.Set(tensor.Name, new SymbolicValue.Constant(tensor));
        foreach (ValueInfoProto input in Proto.Input)
        {
            // Old files list their tensors among the inputs.
            if (_graph.Find(input.Name) is null) _graph.Set(input.Name, ReadInput(input));
        }

        var operators = new OperatorTable(_graph);
        bool[] needed = Needed();
        for (int i = 0; i < Proto.Node.Count; i++)
        {
            if (!needed[i]) continue;
            var node = new GraphNode(_graph, i, Proto.Node[i]);
            SymbolicValue?[] outputs = operators.Read(node);
            for (int output = 0; output < Math.Min(outputs.Length, node.Proto.Output.Count); output++)
            {
                if (outputs[output] is { } value) _graph.Set(node.Proto.Output[output], value);
            }
        }

        return new NetworkCheck(_graph).Network(_outputs);
    }

    /// <summary>Which nodes the outputs depend on.</summary>
    private bool[] Needed()
    {
        var producers = new Dictionary<string, int>(StringComparer.Ordinal);
        for (int i = 0; i < Proto.Node.Count; i++)
        {
            foreach (string output in Proto.Node[i].Output) producers[output] = i;
        }

        bool[] needed = new bool[Proto.Node.Count];
        var open = new Stack<string>(_outputs);
        while (open.TryPop(out string? name))
        {
            if (name.Length == 0 || !producers.TryGetValue(name, out int node) || needed[node]) continue;
            needed[node] = true;
            foreach (string input in Proto.Node[node].Input) open.Push(input);
        }

        return needed;
    }

    private SymbolicValue.Computed ReadInput(ValueInfoProto input)
    {
        const int stateDimensions = 3, most = 3;
        string place = $"input {Quote(input.Name)}";
        if (_graph.Inputs.Count == MostInputs) throw _graph.Refuse(place, $"input {MostInputs + 1} found", $"at most {MostInputs}");
        if (input.Type?.TensorType?.Shape is not { } shape) throw _graph.Refuse(place, "its number of dimensions is not said", "a shape");
        if (shape.Dim.Count > most) throw _graph.Refuse(place, $"{shape.Dim.Count} dimensions found", $"at most {most}");
        Dimension[] dims = new Dimension[shape.Dim.Count];
        bool isCube = input.Type.TensorType.ElemType == (int)DataType.Float && dims.Length == stateDimensions;
        bool areNumbers = isCube && (_numbers ??= [.. NumberSignature.NumbersOf(_graph.File)]).Contains(input.Name);
        bool isState = isCube && !areNumbers && shape.Dim[0].HasDimValue;
        var axes = new List<Axis>();
        for (int i = 0; i < dims.Length; i++)
        {
            int? size = shape.Dim[i].HasDimValue ? (int)shape.Dim[i].DimValue : null;
            AxisKind kind = isState && i == 0 ? AxisKind.Directions : (isState || areNumbers) && i == dims.Length - 1 ? AxisKind.Features : AxisKind.Rows;
            var axis = new Axis($"{Quote(input.Name)}.{i}", kind, size);
            dims[i] = axis is { IsDirections: true, Size: 1 } ? Dimension.One : new Dimension(axis);
            foreach (Axis other in axes) _graph.Axes.KeepApart(other, axis);
            axes.Add(axis);
        }

        var read = new RecognizedInput(input.Name, dims);
        _graph.Inputs.Add(read);
        if (areNumbers && dims[^1].Size is { } features) read.MayBeNumbers(features);
        if (!isState) return new SymbolicValue.Computed(new Role.Input(read), dims);
        if (dims[0].Size > Constants.LongestShape)
            throw _graph.Refuse(place, $"{dims[0].Size} states found", $"at most {Constants.LongestShape}");
        return new SymbolicValue.Computed(new Role.InitialState(read, [.. Enumerable.Range(0, dims[0].Size ?? 0)]), dims);
    }
}
