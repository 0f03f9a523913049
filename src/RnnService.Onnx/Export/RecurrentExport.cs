using RnnService.Engine.Layers;
using RnnService.Engine.Weights;
using RnnService.Onnx.Format;
using RnnService.Onnx.Format.Protos;
using DataType = RnnService.Onnx.Format.Protos.TensorProto.Types.DataType;

namespace RnnService.Onnx.Export;

/// <summary>A stack of recurrent layers: its form, and the prefix of its parameters' names.</summary>
internal sealed record RecurrentStack(CellKind Cell, string Prefix, int HiddenSize, int Layers, Direction Direction)
{
    /// <summary>1 or 2.</summary>
    public int Directions => Direction == Direction.Bidirectional ? 2 : 1;

    /// <summary>Width of an output: directions·H.</summary>
    public int OutputSize => Directions * HiddenSize;

    /// <summary>Whether the state has a part c beside h.</summary>
    public bool HasCellState => Cell == CellKind.Lstm;
}

/// <summary>
/// What a stack gives: <paramref name="Steps"/> [T,N,directions·H], empty where nobody asked for it; for each layer the state after each
/// sequence's last step, <paramref name="Hidden"/> [directions,N,H], and for an LSTM <paramref name="CellState"/>, the same of c.
/// </summary>
internal sealed record StackValues(string Steps, string[] Hidden, string[] CellState);

/// <summary>
/// Writes stacks of recurrent layers into a graph, one recurrent node a layer. The sum cell, which ONNX has no operator for, becomes a
/// CumSum. Not thread-safe.
/// </summary>
internal sealed class RecurrentExport(GraphWriter graph, IReadOnlyDictionary<string, Parameter> parameters)
{
    /// <summary>Writes a stack.</summary>
    /// <param name="stack">The stack.</param>
    /// <param name="x">Input [T,N,D].</param>
    /// <param name="lengths">Steps of each sequence [N], int64; null where all have T.</param>
    /// <param name="hidden">h at the start [layers·directions,N,H]; null for zero.</param>
    /// <param name="cellState">c at the start, for an LSTM; null for zero.</param>
    /// <param name="withSteps">Whether the outputs of all steps are needed, and not only the states at the end.</param>
    public StackValues Write(RecurrentStack stack, string x, string? lengths, string? hidden, string? cellState, bool withSteps)
    {
        string[] hiddenStarts = Split(stack, $"{stack.Prefix}.h_0", hidden), cellStarts = Split(stack, $"{stack.Prefix}.c_0", cellState);
        string[] hiddenEnds = new string[stack.Layers], cellEnds = stack.HasCellState ? new string[stack.Layers] : [];
        string sequenceLengths = "", mask = "", idle = "";
        if (lengths is not null && stack.Cell == CellKind.Sum)
        {
            mask = Mask(graph, stack.Prefix, x, lengths);
        }
        else if (lengths is not null)
        {
            sequenceLengths = graph.Cast($"{stack.Prefix}.sequence_lens", lengths, DataType.Int32);
            if (hidden is not null)
            {
                string empty = graph.Node("Equal", $"{stack.Prefix}.empty", [lengths, graph.Integer(0)]);
                idle = graph.Unsqueeze($"{stack.Prefix}.idle", empty, 1);
            }
        }

        for (int layer = 0; layer < stack.Layers; layer++)
        {
            bool needed = withSteps || layer < stack.Layers - 1;
            if (stack.Cell == CellKind.Sum)
            {
                (x, hiddenEnds[layer]) = SumLayer(stack, layer, x, mask, hiddenStarts[layer], needed);
                continue;
            }

            string name = $"{stack.Prefix}.l{layer}", y = needed ? $"{name}.Y" : "";
            hiddenEnds[layer] = $"{name}.Y_h";
            if (stack.HasCellState) cellEnds[layer] = $"{name}.Y_c";
            Layer(
                stack, layer, [x, sequenceLengths, hiddenStarts[layer], cellStarts[layer]],
                stack.HasCellState ? [y, hiddenEnds[layer], cellEnds[layer]] : [y, hiddenEnds[layer]]);
            if (needed) x = Side(stack, name, y);
            if (idle.Length == 0) continue;
            // The state of a sequence without a step is its start; runtimes give zero.
            hiddenEnds[layer] = graph.Node("Where", $"{name}.h", [idle, hiddenStarts[layer], hiddenEnds[layer]]);
            if (stack.HasCellState) cellEnds[layer] = graph.Node("Where", $"{name}.c", [idle, cellStarts[layer], cellEnds[layer]]);
        }

        return new StackValues(withSteps ? x : "", hiddenEnds, cellEnds);
    }

    /// <summary>Whether step t belongs to sequence n: bool [T,N,1], from x [T,N,…] and lengths [N].</summary>
    public static string Mask(GraphWriter graph, string prefix, string x, string lengths)
    {
        string shape = graph.Node("Shape", $"{prefix}.shape", [x]);
        string time = graph.Node("Gather", $"{prefix}.time", [shape, graph.Integer(0)], GraphWriter.Attribute("axis", 0));
        string range = graph.Node("Range", $"{prefix}.range", [graph.Integer(0), time, graph.Integer(1)]);
        string inside = graph.Node(
            "Less", $"{prefix}.inside",
            [graph.Unsqueeze($"{prefix}.steps", range, 1), graph.Unsqueeze($"{prefix}.ends", lengths, 0)]);
        return graph.Unsqueeze($"{prefix}.mask", inside, 2);
    }

    private void Layer(RecurrentStack stack, int layer, string[] values, string[] outputs)
    {
        string name = $"{stack.Prefix}.l{layer}";
        string[] suffixes = stack.Direction switch
        {
            Direction.Forward => [$"l{layer}"],
            Direction.Reverse => [$"l{layer}_reverse"],
            _ => [$"l{layer}", $"l{layer}_reverse"],
        };
        int rows = GateOrder.Count(stack.Cell) * stack.HiddenSize;
        int inputSize = parameters[$"{stack.Prefix}.weight_ih_{suffixes[0]}"].Shape[1];
        string w = graph.Floats($"{name}.W", [suffixes.Length, rows, inputSize], Join("weight_ih"));
        string r = graph.Floats($"{name}.R", [suffixes.Length, rows, stack.HiddenSize], Join("weight_hh"));
        string b = graph.Floats($"{name}.B", [suffixes.Length, 2 * rows], Join("bias_ih", "bias_hh"));
        string direction = stack.Direction switch
        {
            Direction.Forward => "forward",
            Direction.Reverse => "reverse",
            _ => "bidirectional",
        };
        (string op, AttributeProto[] attributes) = stack.Cell switch
        {
            CellKind.Lstm => ("LSTM", []),
            CellKind.Gru => ("GRU", [GraphWriter.Attribute("linear_before_reset", 1)]),
            CellKind.GruBefore => ("GRU", [GraphWriter.Attribute("linear_before_reset", 0)]),
            CellKind.Relu => ("RNN", [GraphWriter.Attribute("activations", Enumerable.Repeat("Relu", stack.Directions))]),
            _ => ("RNN", Array.Empty<AttributeProto>()),
        };
        graph.Node(op, outputs, [values[0], w, r, b, .. values[1..]],
        [
            GraphWriter.Attribute("direction", direction), GraphWriter.Attribute("hidden_size", stack.HiddenSize), .. attributes,
        ]);

        float[] Join(params string[] kinds) => [.. suffixes.SelectMany(suffix => kinds.SelectMany(kind =>
            GateOrder.ToOnnx(stack.Cell, parameters[$"{stack.Prefix}.{kind}_{suffix}"].Values)))];
    }

    // Y [T,directions,N,H] as [T,N,directions·H].
    private string Side(RecurrentStack stack, string name, string y) => stack.Directions == 1
        ? graph.Squeeze($"{name}.steps", y, 1)
        : graph.Node("Reshape", $"{name}.steps", [graph.Transpose($"{name}.side", y, 0, 2, 1, 3), graph.Integers(0, 0, stack.OutputSize)]);

    private (string Steps, string Hidden) SumLayer(RecurrentStack stack, int layer, string x, string mask, string start, bool needed)
    {
        string name = $"{stack.Prefix}.l{layer}";
        if (mask.Length > 0) x = graph.Node("Where", $"{name}.x", [mask, x, graph.Float(0)]);
        string[] steps = new string[stack.Directions], ends = new string[stack.Directions];
        for (int direction = 0; direction < stack.Directions; direction++)
        {
            bool reverse = stack.Direction == Direction.Reverse || direction == 1;
            string one = reverse ? $"{name}.reverse" : $"{name}.forward", line = x;
            if (start.Length > 0)
            {
                string first = stack.Directions == 1
                    ? start
                    : graph.Node(
                        "Slice", $"{one}.start",
                        [start, graph.Integers(direction), graph.Integers(direction + 1), graph.Integers(0)]);
                line = graph.Concat($"{one}.line", reverse ? [line, first] : [first, line], 0);
            }

            string sums = graph.Node("CumSum", $"{one}.sums", [line, graph.Integer(0)], GraphWriter.Attribute("reverse", reverse ? 1 : 0));
            // What follows a sequence's end is zero, so the last sum is that at its end.
            ends[direction] = graph.Node(
                "Gather", $"{one}.end", [sums, graph.Integers(reverse ? 0 : -1)], GraphWriter.Attribute("axis", 0));
            if (needed && start.Length > 0)
            {
                sums = reverse
                    ? graph.Node("Slice", $"{one}.steps", [sums, graph.Integers(0), graph.Integers(-1), graph.Integers(0)])
                    : graph.Node("Slice", $"{one}.steps", [sums, graph.Integers(1), graph.Integers(int.MaxValue), graph.Integers(0)]);
            }

            steps[direction] = sums;
        }

        string end = stack.Directions == 1 ? ends[0] : graph.Concat($"{name}.end", ends, 0);
        if (!needed) return ("", end);
        string output = stack.Directions == 1 ? steps[0] : graph.Concat($"{name}.both", steps, 2);
        return (mask.Length > 0 ? graph.Node("Where", $"{name}.steps", [mask, output, graph.Float(0)]) : output, end);
    }

    // The start of each layer [directions,N,H]; empty names where there is none.
    private string[] Split(RecurrentStack stack, string name, string? states)
    {
        if (states is null) return [.. Enumerable.Repeat("", stack.Layers)];
        if (stack.Layers == 1) return [states];
        string[] parts = [.. Enumerable.Range(0, stack.Layers).Select(layer => $"{name}.l{layer}")];
        long[] sizes = [.. Enumerable.Repeat((long)stack.Directions, stack.Layers)];
        graph.Node("Split", parts, [states, graph.Integers(sizes)], GraphWriter.Attribute("axis", 0));
        return parts;
    }
}
