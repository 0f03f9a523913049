using RnnService.Engine.Layers;
using RnnService.Onnx.Format;
using RnnService.Onnx.Format.Protos;
using RnnService.Onnx.Import.Graph.Symbols;
using static RnnService.Engine.Weights.WeightFormatException;
using AttributeType = RnnService.Onnx.Format.Protos.AttributeProto.Types.AttributeType;

namespace RnnService.Onnx.Import.Graph.Operators;

/// <summary>RNN, GRU and LSTM as layers of the engine's cells.</summary>
internal sealed class RecurrentOperators(GraphContext graph)
{
    private readonly LayerBuilder _builder = new(graph);

    public SymbolicValue?[] Recurrent(GraphNode node)
    {
        SymbolicValue.Computed x = node.NeedComputed(0);
        bool[] reverses = node.Text("direction", "forward") switch
        {
            "forward" => [false],
            "reverse" => [true],
            "bidirectional" => [false, true],
            var other => throw node.Refuse($"direction {Quote(other)}", "forward, reverse or bidirectional"),
        };
        CellKind cell = CellOf(node, reverses.Length);
        SymbolicValue.Constant weight = node.Weight(node.Need(1), "W", 3), recurrence = node.Weight(node.Need(2), "R", 3);
        int hidden = recurrence.Sizes[2];
        long size = node.Integer("hidden_size", hidden), rows = (long)GateOrder.Count(cell) * hidden;
        if (size != hidden) throw node.Refuse($"hidden_size is {size}, but R is of {hidden}", $"{hidden}");
        if (hidden < 1) throw node.Refuse("hidden_size is 0", "1 or more");
        Expect(recurrence, "R", reverses.Length, rows, hidden);
        SymbolicValue? bias = node.At(3);
        if (bias is not null && graph.IsZero(bias) && bias is not SymbolicValue.Constant) bias = null;
        if (bias is not null) Expect(node.Weight(bias, "B", 2), "B", reverses.Length, 2 * rows);
        if (node.At(7) is not null) throw node.Refuse("it has peepholes (P)", "none");

        RecurrentLayer layer = _builder.Add(node, x, hidden, stack => new RecurrentLayer(stack, cell, hidden, node.Place)
        {
            Weight = weight,
            Recurrence = recurrence,
            Bias = bias as SymbolicValue.Constant,
        });
        layer.Reverses.AddRange(reverses);
        LayerBuilder.CheckAlike(node, layer);
        Expect(weight, "W", reverses.Length, rows, x.Dims[2].Size ?? 0);
        if (node.At(4) is { } given) layer.Lengths = LengthsOf(node, given, x.Dims[1]);
        layer.Hidden = _builder.InitialState(node, layer, node.At(5), InputRole.Hidden);
        if (layer.Cell == CellKind.Lstm) layer.CellState = _builder.InitialState(node, layer, node.At(6), InputRole.CellState);
        Dimension directions = Dimension.OfDirections(reverses.Length);
        return
        [
            Output(StatePart.Steps, new Dimension(layer.Stack.Time), directions, layer.Stack.Batch),
            Output(StatePart.Hidden, directions, layer.Stack.Batch),
            layer.Cell == CellKind.Lstm ? Output(StatePart.CellState, directions, layer.Stack.Batch) : null,
        ];

        SymbolicValue.Computed Output(StatePart part, params Dimension[] dims) =>
            new(new Role.States(part, layer.Directions), [.. dims, new Dimension(layer.Units)]);

        void Expect(SymbolicValue.Constant constant, string name, params long[] shape)
        {
            if (constant.Tensor.Dims.SequenceEqual(shape)) return;
            throw node.Refuse($"{name} is {Show(constant.Sizes)}", Show([.. shape.Select(dim => (int)dim)]));
        }
    }

    private RecognizedInput LengthsOf(GraphNode node, SymbolicValue given, Dimension batch)
    {
        if (given is not SymbolicValue.Computed lengths || LengthOperators.LengthsOf(given) is not { } input)
            throw node.Refuse($"sequence_lens is {given.Describe()}", "an input of lengths");
        return lengths.Dims is [var each] && graph.Axes.Same(each, batch)
            ? input
            : throw node.Refuse("sequence_lens is of another batch than X", "a length for each sequence");
    }

    private static CellKind CellOf(GraphNode node, int directions)
    {
        string[] activations = ["Tanh"];
        CellKind cell = CellKind.Tanh;
        foreach (AttributeProto attribute in node.Proto.Attribute)
        {
            switch (attribute.Name)
            {
                case "direction" or "hidden_size" or "activations":
                case "linear_before_reset" when node.Op == "GRU":
                case "layout" when node.Integer("layout", 0) == 0:
                case "input_forget" when node.Op == "LSTM" && node.Integer("input_forget", 0) == 0:
                    break;
                case "layout":
                    throw node.Refuse($"layout is {node.Integer("layout", 0)}", "0, time before batch", ExportAdvice.TimeFirst);
                case "input_forget" when node.Op == "LSTM":
                    throw node.Refuse("input_forget couples two gates", "0");
                default:
                    throw node.Refuse($"attribute {Quote(attribute.Name)} changes its cell", "the plain cell");
            }
        }

        if (node.Op == "LSTM")
        {
            (cell, activations) = (CellKind.Lstm, ["Sigmoid", "Tanh", "Tanh"]);
        }
        else if (node.Op == "GRU")
        {
            bool after = node.Integer("linear_before_reset", 0) != 0;
            (cell, activations) = (after ? CellKind.Gru : CellKind.GruBefore, ["Sigmoid", "Tanh"]);
        }

        if (node.Find("activations", AttributeType.Strings) is not { Strings.Count: > 0 } given) return cell;
        string[] found = [.. given.Strings.Take(Constants.LongestShape).Select(name => name.ToStringUtf8())];
        if (node.Op == "RNN" && found[0].Equals("Relu", StringComparison.OrdinalIgnoreCase))
            (cell, activations) = (CellKind.Relu, ["Relu"]);
        string[] expected = [.. Enumerable.Repeat(activations, directions).SelectMany(each => each)];
        if (found.SequenceEqual(expected, StringComparer.OrdinalIgnoreCase)) return cell;
        string either = node.Op == "RNN" ? ", or Relu in their place" : "";
        throw node.Refuse($"activations are {string.Join(", ", found.Take(8).Select(Quote))}", string.Join(", ", expected) + either);
    }
}
