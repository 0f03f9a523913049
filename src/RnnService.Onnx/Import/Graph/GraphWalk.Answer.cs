using RnnService.Engine.Layers;
using RnnService.Onnx.Comparison;
using RnnService.Onnx.Format;
using static RnnService.Engine.Weights.WeightFormatException;

namespace RnnService.Onnx.Import.Graph;

/// <summary>The head, and the whole network when the walk is over.</summary>
internal sealed partial class GraphWalk
{
    private Value.Data MatMul(Node node)
    {
        Value.Data x = NeedData(node, 0);
        Value.Stored weight = Weight(node, Need(node, 1), "the head's matrix", 2);
        return Answer(node, x, weight, rowsAreOutputs: weight.Transposed, bias: null);
    }

    private Value.Data Gemm(Node node)
    {
        Value.Data x = NeedData(node, 0);
        Value.Stored weight = Weight(node, Need(node, 1), "the head's matrix", 2);
        foreach (string name in new[] { "alpha", "beta" })
        {
            if (node.Number(name, 1) != 1) throw node.Refuse($"{name} is {node.Number(name, 1)}", "1");
        }

        if (node.Integer("transA", 0) != 0 || x.Dims.Length != 2)
            throw node.Refuse($"A is {Describe(x)}{(x.Dims.Length == 2 ? ", transposed" : "")}", "rows of features");
        return Answer(node, x, weight, rowsAreOutputs: weight.Transposed != (node.Integer("transB", 0) != 0), At(node, 2));
    }

    private Value.Data Answer(Node node, Value.Data x, Value.Stored weight, bool rowsAreOutputs, Value? bias)
    {
        (Layer? layer, Pooling? pooling) = x.Meaning switch
        {
            Meaning.States { Part: Part.Steps, Slots: var slots } when x.Fill != Fill.Low => (Top(slots), (Pooling?)null),
            Meaning.States { Part: Part.Hidden, Slots: var slots } => (Top(slots), Pooling.Last),
            Meaning.Pooled pooled => (pooled.Layer, pooled.Pooling),
            _ => throw Misfit(node),
        };
        if (layer is null) throw node.Refuse($"it reads {Describe(x)}", "all directions of the top layer, forward first,");
        if (x.Dims.Length == 0 || !IsFeatures(x.Dims[^1], layer.Slots))
            throw node.Refuse($"it reads {Describe(x)}", "rows of features, directions side by side,");
        (int from, int to) = ((int)weight.Tensor.Dims[rowsAreOutputs ? 1 : 0], (int)weight.Tensor.Dims[rowsAreOutputs ? 0 : 1]);
        if (from != layer.Ways.Count * layer.HiddenSize)
            throw node.Refuse($"the head's matrix takes {from} features", $"{layer.Ways.Count * layer.HiddenSize}");
        if (to < 1) throw node.Refuse("the head has no outputs", "1 or more");
        var head = new Head(layer, pooling, weight, rowsAreOutputs, new Axis("outputs", AxisKind.Features, to), node.Place);
        if (bias is not null) head = WithBias(node, head, bias, x.Dims.Length);
        return new Value.Data(new Meaning.Answer(head), [.. x.Dims[..^1], new Extent(head.Outputs)]);
    }

    private Value.Data Normalize(Node node)
    {
        if (NeedData(node, 0) is not { Meaning: Meaning.Answer { End: AnswerForm.Logits } answer } data) throw Misfit(node);
        const long labelsAlone = 13; // before, all dimensions from the axis on were one
        int dim = Dimension(node, node.Integer("axis", _operators >= labelsAlone ? -1 : 1), data.Dims.Length);
        Extent[] over = _operators >= labelsAlone ? [data.Dims[dim]] : data.Dims[dim..];
        if (over.SelectMany(extent => extent.Axes).ToArray() is not [var axis] || !axis.Is(answer.Head.Outputs))
            throw node.RefuseWith(ExportAdvice.LabelsAxis(node.Op), $"it sums over dimension {dim} of {Describe(data)}", "the labels");
        if (axis.Size == 1)
            throw node.RefuseWith("Use Sigmoid for one output, or two outputs", "its single output is 1 whatever the text", "two labels or more");
        return data with { Meaning = answer with { End = node.Op == "Softmax" ? AnswerForm.Softmax : AnswerForm.LogSoftmax } };
    }

    private Value.Data Log(Node node) =>
        NeedData(node, 0) is { Meaning: Meaning.Answer { End: AnswerForm.Softmax } answer } data
            ? data with { Meaning = answer with { End = AnswerForm.LogSoftmax } }
            : throw Misfit(node);

    private Value.Data Sigmoid(Node node)
    {
        if (NeedData(node, 0) is not { Meaning: Meaning.Answer { End: AnswerForm.Logits } answer } data) throw Misfit(node);
        if (answer.Head.Outputs.Size == 1) return data with { Meaning = answer with { End = AnswerForm.Sigmoid } };
        throw node.RefuseWith(
            ExportAdvice.OneLabel, $"it makes probabilities of {answer.Head.Outputs.Size} labels one by one: several labels a text",
            "logits of one label a text");
    }

    private Value Add(Node node)
    {
        if (Arithmetic(node) is { } shape) return shape;
        Value one = Need(node, 0), other = Need(node, 1);
        if (one is not Value.Data) (one, other) = (other, one);
        if (one is not Value.Data { Meaning: Meaning.Answer { Head: { Bias: null } head, End: AnswerForm.Logits } } data || other is not Value.Stored)
            throw Misfit(node);
        return data with { Meaning = new Meaning.Answer(WithBias(node, head, other, data.Dims.Length)) };
    }

    private static Head WithBias(Node node, Head head, Value value, int rank)
    {
        if (value is not Value.Stored stored) throw node.Refuse($"the head's bias is {Describe(value)}", "a tensor of the file");
        Weight(node, value, "the head's bias", stored.Tensor.Dims.Count);
        int outputs = head.Outputs.Size!.Value;
        bool fits = !stored.Transposed && stored.Tensor.Dims.Count <= rank && Count(stored.Tensor) == outputs
            && stored.Tensor.Dims.LastOrDefault() == outputs;
        if (!fits)
            throw node.Refuse($"the head's bias is {Show([.. stored.Tensor.Dims.Select(dim => (int)dim)])}", $"[{outputs}]");
        return head with { Bias = stored };
    }

    private Network End()
    {
        (Head? head, string answers, AnswerForm end, bool lieAsIds) = (null, "", AnswerForm.Logits, false);
        var given = new Dictionary<Part, Stack>();
        foreach (string output in _outputs)
        {
            string place = $"output {Quote(output)}";
            if (!_values.TryGetValue(output, out Value? value))
                throw Refuse(place, "nothing known produces it; the logits, or the last states of all layers, wanted");
            switch (value)
            {
                case Value.Data { Meaning: Meaning.Answer answer } logits when head is null:
                    (head, answers, end) = (answer.Head, output, answer.End);
                    lieAsIds = CheckDims(place, logits, head);
                    break;
                case Value.Data { Meaning: Meaning.States { Part: Part.Hidden or Part.Memory } states } last
                    when !given.ContainsKey(states.Part):
                    Stack stack = states.Slots[0].Layer.Stack;
                    given.Add(states.Part, stack);
                    bool fits = states.Slots.SequenceEqual(stack.Layers.SelectMany(layer => layer.Slots))
                        && last.Dims is [var slots, var batch, var units]
                        && IsSlots(slots, states.Slots.Length) && IsBatch(stack, batch) && _axes.Same(units, new Extent(stack.Top.Units));
                    if (fits) break;
                    throw Refuse(
                        place, $"{Describe(value)} found; the states of all layers in order, [directions, batch, hidden_size], wanted");
                default:
                    throw Refuse(
                        place, $"{Describe(value)} found; the logits once, and beside them at most the last states of all layers, wanted");
            }
        }

        if (head is null) throw Refuse("output", "no logits found; the output of a MatMul or Gemm wanted");
        if (given.Values.Any(stack => stack != head.Layer.Stack))
            throw Refuse("output", "states of other layers than the head's found; these wanted");
        foreach (GraphInput input in _inputs)
        {
            if (input.Role == InputRole.None)
                throw Refuse($"input {Quote(input.Name)}", "nothing uses it as ids, lengths or states; an input that counts wanted");
        }

        CheckStack(head.Layer.Stack, head.Pooling == Pooling.Last || given.Count > 0);
        return new Network(head, given.Count > 0, _inputs.Any(input => input.Role == InputRole.Lengths), answers, end)
        {
            AnswersLieAsIds = lieAsIds,
        };
    }

    /// <returns>Whether they lie as the ids do, with the labels last.</returns>
    private bool CheckDims(string place, Value.Data logits, Head head)
    {
        // Wherever rows and steps lie, and be they flattened, the weights are the same. What is of size 1 may be left out.
        Extent[] ids = head.Layer.Stack.Source.Table.Ids.Dims;
        Axis[] found = [.. logits.Dims.SelectMany(dim => dim.Axes)];
        IEnumerable<Axis> rows = ids.SelectMany(dim => dim.Axes).Where(axis => head.Pooling is null || !axis.Is(head.Layer.Stack.Time));
        Axis[] expected = [.. rows, head.Outputs];
        bool fits = found.All(axis => expected.Any(axis.Is)) && found.Length <= expected.Length
            && expected.All(axis => axis.Size == 1 || found.Count(axis.Is) == 1)
            && (head.Outputs.Size == 1 || logits.Dims.Any(dim => dim.Axes is [var alone] && alone.Is(head.Outputs)));
        if (fits)
        {
            return head.Pooling is not null || logits.Dims is [.. var others, { Axes: [var last] }] && last.Is(head.Outputs)
                && others.Length == ids.Length && others.Zip(ids).All(pair => pair.First.Axes is [var axis] && axis.Is(pair.Second.Axes[0]));
        }

        string wanted = head.Pooling is null ? "[batch, time, outputs], as the ids lie," : "[batch, outputs], in the order of the ids,";
        throw Refuse(place, $"{Describe(logits)} found; {wanted} wanted");
    }

    /// <summary>Whether a dimension is the batch as the ids have it, in their order.</summary>
    private static bool IsBatch(Stack stack, Extent extent) =>
        extent.Axes is [var axis] && !axis.Is(stack.Time) && stack.Source.Table.Ids.Dims.Any(dim => dim.Axes[0].Is(axis));

    private void CheckStack(Stack stack, bool lastStatesCount)
    {
        GraphInput? spelled = stack.Source.Spelling?.Top.Lengths;
        GraphInput[] lengths = [.. _inputs.Where(input => input.Role == InputRole.Lengths && input != spelled)];
        (GraphInput? hidden, GraphInput? memory) = (stack.Layers[0].Hidden, stack.Layers[0].Memory);
        foreach (Layer layer in stack.Layers)
        {
            // A forward direction reads nothing past the end before it is there.
            if (lengths.Length > 0 && layer.Lengths is null && (layer.Direction != Direction.Forward || lastStatesCount))
            {
                throw Refuse(
                    layer.Place, "it has no sequence_lens, though lengths are an input: it would read past the ends; the lengths wanted");
            }

            if (layer.Lengths != stack.Layers[0].Lengths)
                throw Refuse(layer.Place, "its lengths are not those of layer 0; the same wanted");
            if (layer.Hidden != hidden || layer.Memory != memory)
                throw Refuse(layer.Place, "its states do not start where those of layer 0 do; one input for all layers wanted");
        }

        if (lengths.Length > 0 && _readsToTheEnd is { } pool) throw PastEnds(pool);
        if (lengths.Length > 1) throw Refuse($"input {Quote(lengths[1].Name)}", "lengths a second time found; once wanted");
        foreach (GraphInput input in lengths) CheckBatch(stack, input, input.Dims);
        foreach (GraphInput start in new[] { hidden, memory }.OfType<GraphInput>())
        {
            CheckBatch(stack, start, start.Dims[1..^1]);
            int slots = stack.Layers.Count * stack.Top.Ways.Count;
            if (start.Dims[0].Size != slots)
                throw Refuse($"input {Quote(start.Name)}", $"{start.Dims[0].Size} states found; {slots} (directions of all layers) wanted");
        }

        GraphInput ids = stack.Source.Table.Ids;
        if (ids.Dims.Length != 2)
            throw Refuse($"input {Quote(ids.Name)}", $"ids of {ids.Dims.Length} dimensions found; batch and time wanted");
        if (stack.Source.Spelling is not { } spelling) return;
        if (spelling.Top.Cell != stack.Top.Cell)
            throw Refuse(spelling.Top.Place, "the letters' layer is of another cell than the words'; the same wanted");
        CheckBatch(spelling, spelled!, spelled!.Dims);
        ids = spelling.Source.Table.Ids;
        Extent[] words = [.. ids.Dims.Where(dim => !dim.Axes[0].Is(spelling.Time))];
        bool areWords = words.Length == 2 && words.All(word => stack.Source.Table.Ids.Dims.Any(dim => dim.Axes[0].Is(word.Axes[0])));
        if (!areWords) throw Refuse($"input {Quote(ids.Name)}", "letters that do not lie as the words do; [batch, time, letters] wanted");
    }

    /// <summary>Checks that an input means the rows that the ids mean, in their order.</summary>
    private void CheckBatch(Stack stack, GraphInput input, Extent[] dims)
    {
        Extent[] rows = [.. stack.Source.Table.Ids.Dims.Where(dim => !dim.Axes[0].Is(stack.Time))];
        bool fits = rows.Length == dims.Length && rows.Zip(dims).All(pair => _axes.Same(pair.First, pair.Second));
        if (!fits)
        {
            throw Refuse(
                $"input {Quote(input.Name)}",
                "it is used for other rows than the ids' or in another order; the ids' rows in their order wanted");
        }
    }
}
