using RnnService.Engine.Layers;
using RnnService.Onnx.Format;
using RnnService.Onnx.Format.Protos;
using static RnnService.Engine.Weights.WeightFormatException;
using AttributeType = RnnService.Onnx.Format.Protos.AttributeProto.Types.AttributeType;
using DataType = RnnService.Onnx.Format.Protos.TensorProto.Types.DataType;

namespace RnnService.Onnx.Import.Graph;

/// <summary>Embeddings, recurrent layers, and their directions taken apart and put together.</summary>
internal sealed partial class GraphWalk
{
    private readonly Dictionary<Value.Data, Layer> _sums = new(ReferenceEqualityComparer.Instance);

    private Value.Data Embed(Node node, Value.Stored stored, Value.Data ids, long axis)
    {
        Value.Stored weight = Weight(node, stored, "the embedding", 2);
        if (axis != 0 || weight.Transposed) throw node.Refuse("it looks columns up", "rows, by axis 0,");
        GraphInput input = ((Meaning.Given)ids.Meaning).Input;
        if (input.Role is not (InputRole.None or InputRole.Ids)) throw Misfit(node);
        input.Role = InputRole.Ids;
        var table = new Table(weight, input);
        var width = new Axis("embedding", AxisKind.Features, table.Size);
        return new Value.Data(new Meaning.Embedded(table, width), [.. ids.Dims, new Extent(width)]);
    }

    private Value?[] Recurrent(Node node)
    {
        Value.Data x = NeedData(node, 0);
        bool[] ways = node.Text("direction", "forward") switch
        {
            "forward" => [false],
            "reverse" => [true],
            "bidirectional" => [false, true],
            var other => throw node.Refuse($"direction {Quote(other)}", "forward, reverse or bidirectional"),
        };
        CellKind cell = Cell(node, ways.Length);
        int gates = GateOrder.Count(cell);
        Value.Stored weight = Weight(node, Need(node, 1), "W", 3), recurrence = Weight(node, Need(node, 2), "R", 3);
        int hidden = (int)recurrence.Tensor.Dims[2];
        long size = node.Integer("hidden_size", hidden);
        if (size != hidden) throw node.Refuse($"hidden_size is {size}, but R is of {hidden}", $"{hidden}");
        if (hidden < 1) throw node.Refuse("hidden_size is 0", "1 or more");
        long rows = (long)gates * hidden;
        Expect(recurrence, "R", ways.Length, rows, hidden);
        Value? bias = At(node, 3);
        if (bias is not null && IsZero(bias) && bias is not Value.Stored) bias = null;
        if (bias is not null) Expect(Weight(node, bias, "B", 2), "B", ways.Length, 2 * rows);
        if (At(node, 7) is not null) throw node.Refuse("it has peepholes (P)", "none");

        Layer layer = Lay(node, x, hidden, stack => new Layer(stack, cell, hidden, node.Place)
        {
            Weight = weight,
            Recurrence = recurrence,
            Bias = bias as Value.Stored,
        });
        layer.Ways.AddRange(ways);
        CheckAlike(node, layer);
        Expect(weight, "W", ways.Length, rows, x.Dims[2].Size ?? 0);
        if (At(node, 4) is { } given)
        {
            if (given is not Value.Data lengths || LengthsOf(given) is not { } input)
                throw node.Refuse($"sequence_lens is {Describe(given)}", "an input of lengths");
            if (lengths.Dims is not [var each] || !_axes.Same(each, x.Dims[1]))
                throw node.Refuse("sequence_lens is of another batch than X", "a length for each sequence");
            layer.Lengths = input;
        }

        layer.Hidden = StartOf(node, layer, At(node, 5), InputRole.Hidden);
        if (layer.Cell == CellKind.Lstm) layer.Memory = StartOf(node, layer, At(node, 6), InputRole.Memory);
        return
        [
            Output(Part.Steps, new Extent(layer.Stack.Time), Directions(), layer.Stack.Batch),
            Output(Part.Hidden, Directions(), layer.Stack.Batch),
            layer.Cell == CellKind.Lstm ? Output(Part.Memory, Directions(), layer.Stack.Batch) : null,
        ];

        Value.Data Output(Part part, params Extent[] dims) =>
            new(new Meaning.States(part, layer.Slots), [.. dims, new Extent(layer.Units)]);

        Extent Directions() => SlotsOf(ways.Length);

        void Expect(Value.Stored stored, string name, params long[] shape)
        {
            if (stored.Tensor.Dims.SequenceEqual(shape)) return;
            throw node.Refuse(
                $"{name} is {Show([.. stored.Tensor.Dims.Select(dim => (int)dim)])}", Show([.. shape.Select(dim => (int)dim)]));
        }
    }

    private static CellKind Cell(Node node, int directions)
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
                    throw node.RefuseWith(ExportAdvice.TimeFirst, $"layout is {node.Integer("layout", 0)}", "0, time before batch,");
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
        string[] found = [.. given.Strings.Take(LongestShape).Select(name => name.ToStringUtf8())];
        if (node.Op == "RNN" && found[0].Equals("Relu", StringComparison.OrdinalIgnoreCase))
            (cell, activations) = (CellKind.Relu, ["Relu"]);
        string[] wanted = [.. Enumerable.Repeat(activations, directions).SelectMany(each => each)];
        if (found.SequenceEqual(wanted, StringComparer.OrdinalIgnoreCase)) return cell;
        string either = node.Op == "RNN" ? ", or Relu in their place," : "";
        throw node.Refuse($"activations are {string.Join(", ", found.Take(8).Select(Quote))}", string.Join(", ", wanted) + either);
    }

    /// <summary>Puts a layer on what it reads.</summary>
    private Layer Lay(Node node, Value.Data x, int hidden, Func<Stack, Layer> create)
    {
        const string order = "time, batch and features in this order";
        if (x.Meaning is not (Meaning.Embedded or Meaning.States { Part: Part.Steps }) || x.Fill == Fill.Low) throw Misfit(node);
        if (x.Dims.Length != 3 || x.Dims[0].Axes is not [{ IsSlots: false } time] || x.Dims[1].Axes.Length == 0)
            throw node.Refuse($"it reads {Describe(x)}", order);
        Stack stack;
        if (x.Meaning is Meaning.Embedded embedded)
        {
            if (x.Dims[2].Axes is not [var width] || !width.Is(embedded.Width)) throw node.Refuse($"it reads {Describe(x)}", order);
            if (embedded.Table.IsRead) throw node.Refuse("it reads an embedding that another layer reads", "one stack of layers");
            embedded.Table.IsRead = true;
            stack = new Stack(embedded, time, x.Dims[1]);
        }
        else
        {
            Slot[] slots = ((Meaning.States)x.Meaning).Slots;
            Layer below = slots[0].Layer;
            stack = below.Stack;
            if (below != stack.Top) throw node.Refuse($"it reads layer {below.Index} beside another layer", "one layer above the other");
            if (!slots.SequenceEqual(below.Slots) || !IsFeatures(x.Dims[2], slots))
                throw node.Refuse($"it reads part of {Describe(x)}", "all directions, forward first");
            if (!_axes.Same(x.Dims[0], new Extent(stack.Time)) || !_axes.Same(x.Dims[1], stack.Batch))
                throw node.Refuse($"it reads {Describe(x)}", order);
            if (hidden != below.HiddenSize)
                throw node.Refuse($"hidden_size is {hidden}, that of layer {below.Index} is {below.HiddenSize}", "the same in all layers");
        }

        if (stack.Layers.Count == MostLayers) throw node.Refuse($"it is layer {MostLayers + 1}", $"at most {MostLayers} layers");
        Layer layer = create(stack);
        stack.Layers.Add(layer);
        return layer;
    }

    /// <summary>Checks that a layer's cell and directions are those of the layer below.</summary>
    private static void CheckAlike(Node node, Layer layer)
    {
        if (layer.Index == 0) return;
        Layer below = layer.Stack.Layers[layer.Index - 1];
        if (layer.Cell != below.Cell)
        {
            throw node.Refuse(
                $"its cell is {Name(layer.Cell)}, that of layer {below.Index} is {Name(below.Cell)}", "the same in all layers");
        }

        if (layer.Direction != below.Direction)
            throw node.Refuse($"it reads {Name(layer.Direction)}, layer {below.Index} {Name(below.Direction)}", "the same in all layers");

        static string Name<T>(T value) where T : struct, Enum =>
            System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());
    }

    /// <summary>The input that a layer's states start from; null for zero.</summary>
    private GraphInput? StartOf(Node node, Layer layer, Value? value, InputRole role)
    {
        string name = role == InputRole.Hidden ? "initial_h" : "initial_c";
        if (value is null || IsZero(value)) return null;
        if (value is not Value.Data { Meaning: Meaning.Start start, Dims: [var slots, var batch, var units] })
        {
            string found = value is Value.Stored ? $"{Describe(value)}, which is not zero" : Describe(value);
            throw node.Refuse($"{name} is {found}", "zero, or part of an input of all layers' states,");
        }

        if (!start.Slots.SequenceEqual(StartSlots(layer)) || !IsSlots(slots, start.Slots.Length))
        {
            throw node.Refuse(
                $"{name} is {string.Join(", ", start.Slots)} of {Quote(start.Input.Name)}",
                $"{string.Join(", ", StartSlots(layer))} (directions, layer by layer)");
        }

        if (!_axes.Same(batch, layer.Stack.Batch) || !_axes.Same(units, new Extent(layer.Units)))
            throw node.Refuse($"{name} is {Describe(value)}", "directions, batch and hidden_size in this order");
        if (start.Input.Role != InputRole.None && start.Input.Role != role)
            throw node.Refuse($"{name} is {Quote(start.Input.Name)}, as the other is", "h and c apart");
        start.Input.Role = role;
        return start.Input;
    }

    /// <summary>The sum cell, which ONNX has no recurrent operator for.</summary>
    private Value.Data Sum(Node node)
    {
        Value.Data x = NeedData(node, 0);
        if (Integer(Need(node, 1)) != 0 || node.Integer("exclusive", 0) != 0)
            throw node.Refuse("it does not sum up to each step", "sums over axis 0, each with its own step");
        bool reverse = node.Integer("reverse", 0) != 0;
        Meaning.Line? line = x.Meaning as Meaning.Line;
        Value.Data steps = line?.Steps ?? x;
        if (!_sums.TryGetValue(x, out Layer? layer))
        {
            if (steps.Dims.Length != 3 || steps.Dims[2].Size is not { } hidden) throw Misfit(node);
            layer = Lay(node, steps, hidden, stack => new Layer(stack, CellKind.Sum, hidden, node.Place));
            layer.Lengths = steps.Fill == Fill.Zero ? steps.FilledBy : null;
            _sums.Add(x, layer);
        }

        if (layer.Ways.Contains(reverse) || line is not null && reverse)
            throw node.Refuse("it sums the same again", "each direction once, forward first,");
        layer.Ways.Add(reverse);
        if (layer.Ways is [true, false]) throw node.Refuse("it sums forward after reverse", "each direction once, forward first,");
        if (line is not null)
            layer.Hidden = StartOf(node, layer, new Value.Data(line.Before, SlotsOf(1), x.Dims[1], x.Dims[2]), InputRole.Hidden);
        return new Value.Data(
            new Meaning.States(line is null ? Part.Steps : Part.StartAndSteps, [new Slot(layer, reverse)]),
            x.Dims[0], layer.Stack.Batch, new Extent(layer.Units));
    }

    /// <summary>A tensor of floats of so many dimensions.</summary>
    private static Value.Stored Weight(Node node, Value value, string what, int rank)
    {
        if (value is not Value.Stored stored) throw node.Refuse($"{what} is {Describe(value)}", "a tensor of the file");
        if (stored.Tensor.DataType != (int)DataType.Float && !stored.Converted)
            throw node.Refuse($"{what} is of {TensorContent.TypeName(stored.Tensor.DataType)}", "FLOAT");
        if (stored.Tensor.Dims.Count != rank) throw node.Refuse($"{what} has {stored.Tensor.Dims.Count} dimensions", $"{rank}");
        return stored;
    }

    /// <summary>The dimension of so many directions; one alone is a dimension of 1.</summary>
    private static Extent SlotsOf(int count) => count == 1 ? Extent.One : new Extent(new Axis("directions", AxisKind.Slots, count));

    private static bool IsSlots(Extent extent, int count) => count == 1 ? extent.Axes.Length == 0 : extent.Axes is [{ IsSlots: true }];

    /// <summary>Whether a dimension is the units of these directions side by side.</summary>
    private static bool IsFeatures(Extent extent, Slot[] slots)
    {
        Axis units = slots[0].Layer.Units;
        return slots.Length == 1
            ? extent.Axes is [var own] && own.Is(units)
            : extent.Axes is [{ IsSlots: true }, var each] && each.Is(units);
    }

    /// <summary>Part of a dimension, which stays: directions, a sequence's end, or all of it.</summary>
    private Value.Data Take(Node node, Value.Data data, int dim, long from, long to)
    {
        Extent extent = data.Dims[dim];
        if (extent.Size is { } size)
        {
            (from, to) = (Place(from), Place(to));
            if (from == 0 && to == size) return data;
        }
        else if (from == 0 && to >= int.MaxValue)
        {
            return data;
        }

        if (extent.Axes is [{ IsSlots: true }]) return Choose((int)from, (int)to, []);
        if (extent.Axes is [{ IsSlots: true }, { Size: { } units } axis] && from % units == 0 && to % units == 0)
            return Choose((int)from / units, (int)to / units, [axis]);
        if (data.Meaning is not Meaning.States states || data.Fill != Fill.None || extent.Axes is not [var time]) throw Misfit(node);
        Layer layer = states.Slots[0].Layer;
        bool isEnd = extent.Size is { } length ? from == length - 1 && to == length : from == -1 && to >= int.MaxValue;
        bool isLast = isEnd && states.Slots.All(slot => !slot.Reverse);
        bool isFirst = from == 0 && to == 1 && states.Slots.All(slot => slot.Reverse);
        switch (states.Part)
        {
            case Part.StartAndSteps when dim == 0 && from == 1 && to >= int.MaxValue:
                return data.Replace(dim, new Extent(layer.Stack.Time)) with { Meaning = states with { Part = Part.Steps } };
            case Part.StartAndSteps when dim == 0 && isLast:
            case Part.Steps when time.Is(layer.Stack.Time) && (isLast || isFirst) && (layer.Lengths is null || layer.Cell == CellKind.Sum):
                return data.Replace(dim, Extent.One) with { Meaning = states with { Part = Part.Hidden } };
            case Part.Steps when time.Is(layer.Stack.Time) && layer.Lengths is null:
                throw node.Refuse(
                    $"it takes a step of {Describe(data)} that is not where every direction ends",
                    "the last step of a forward direction, the first of a reverse one, or Y_h,");
            case Part.Steps when time.Is(layer.Stack.Time):
                throw node.Refuse($"it takes one step of {Describe(data)}, but sequences end at their lengths", "Y_h");
            default:
                throw Misfit(node);
        }

        long Place(long index) => Math.Clamp(index < 0 ? index + size : index, 0, size);

        Value.Data Choose(int first, int end, Axis[] inner)
        {
            if (first >= end) throw node.Refuse($"it takes nothing of {Describe(data)}", "one direction or more");
            Meaning meaning = data.Meaning switch
            {
                Meaning.States all => all with { Slots = all.Slots[first..end] },
                Meaning.Start all => all with { Slots = all.Slots[first..end] },
                _ => throw Misfit(node),
            };
            Extent chosen = SlotsOf(end - first).Times(new Extent(inner));
            return data.Replace(dim, chosen) with { Meaning = meaning };
        }
    }

    /// <summary>Values side by side along a dimension: directions, a state before its steps, or words beside their spellings.</summary>
    private Value.Data Join(Node node, Value.Data[] parts, long axis)
    {
        Value.Data first = parts[0];
        int dim = Dimension(node, axis, first.Dims.Length);
        foreach (Value.Data part in parts)
        {
            bool fits = part.Dims.Length == first.Dims.Length && Enumerable.Range(0, first.Dims.Length).All(
                other => other == dim || _axes.Same(part.Dims[other], first.Dims[other]));
            if (!fits)
                throw node.Refuse($"{Describe(part)} does not lie as {Describe(first)} does", "values that differ in one dimension alone");
        }

        switch (first.Meaning, parts)
        {
            case (Meaning.States states, _) when All<Meaning.States>(other => other.Part == states.Part):
                Slot[] slots = [.. parts.SelectMany(part => ((Meaning.States)part.Meaning).Slots).Take(LongestShape + 1)];
                return Directions(slots.Length, states with { Slots = slots });
            case (Meaning.Start start, _) when All<Meaning.Start>(other => other.Input == start.Input):
                int[] starts = [.. parts.SelectMany(part => ((Meaning.Start)part.Meaning).Slots).Take(LongestShape + 1)];
                return Directions(starts.Length, start with { Slots = starts });
            case (Meaning.Start { Slots: [_] } start, [{ Dims: [{ Axes: [] }, _, _] }, var steps])
                when dim == 0 && steps.Meaning is Meaning.Embedded or Meaning.States { Part: Part.Steps }:
                var line = new Axis("start and time", AxisKind.Rows);
                return new Value.Data(new Meaning.Line(start, steps), [new Extent(line), .. steps.Dims[1..]]);
            case (Meaning.Embedded { Spelling: null } words, [_, { Meaning: Meaning.States { Part: Part.Hidden } last } spelled])
                when dim == first.Dims.Length - 1:
                return Spelled(last.Slots, words, spelled);
            default:
                throw node.Refuse(
                    $"it joins {string.Join(" and ", parts.Take(4).Select(Describe))}",
                    "directions of one value, or words beside their spellings,");
        }

        bool All<T>(Func<T, bool> fits) where T : Meaning =>
            parts.All(part => part.Meaning is T meaning && fits(meaning) && part.Fill == first.Fill);

        Value.Data Directions(int count, Meaning meaning)
        {
            if (count > LongestShape) throw node.Refuse("it joins too many states", $"at most {LongestShape}");
            Extent joined = SlotsOf(count);
            bool apart = parts.All(part => part.Dims[dim].Axes is [] or [{ IsSlots: true }]);
            Extent[] inner = [.. parts.Select(part => new Extent([.. part.Dims[dim].Axes.Where(axis => !axis.IsSlots)]))];
            bool together = inner.All(extent => extent.Axes.Length == 1 && _axes.Same(extent, inner[0]))
                && parts.All(part => part.Dims.Where((_, other) => other != dim).All(other => other.Axes.All(axis => !axis.IsSlots)));
            if (!apart && !together)
                throw node.Refuse($"it joins {Describe(first)} along dimension {dim}", "directions or their units side by side");
            Extent extent = apart ? joined : joined.Times(inner[0]);
            return first.Replace(dim, extent) with { Meaning = meaning };
        }

        Value.Data Spelled(Slot[] slots, Meaning.Embedded words, Value.Data spelled)
        {
            const string wanted = "one bidirectional layer over the letters of each word, ended by their number,";
            Layer speller = slots[0].Layer;
            bool fits = Top(slots) == speller && speller.Index == 0 && speller.Direction == Direction.Bidirectional
                && speller.Stack.Source.Spelling is null && IsFeatures(spelled.Dims[dim], slots)
                && speller is { Lengths: not null, Hidden: null, Memory: null };
            if (!fits) throw node.Refuse($"{speller.Place} beside the words' embeddings", wanted);
            if (words.Table.IsRead) throw node.Refuse("another layer reads the words' embeddings", "one stack of layers");
            var width = new Axis("words", AxisKind.Features, words.Table.Size + 2 * speller.HiddenSize);
            return first.Replace(dim, new Extent(width)) with { Meaning = words with { Width = width, Spelling = speller.Stack } };
        }
    }
}
