using RnnService.Engine.Layers;
using RnnService.Onnx.Comparison;
using RnnService.Onnx.Import.Graph.Operators;
using RnnService.Onnx.Import.Graph.Symbols;
using static RnnService.Engine.Weights.WeightFormatException;

namespace RnnService.Onnx.Import.Graph;

/// <summary>Puts the network together that the outputs of a graph are of, and checks that its parts belong together.</summary>
internal sealed class NetworkCheck(GraphContext graph)
{
    /// <summary>The network of some outputs: the logits, and beside them at most the last states.</summary>
    public RecognizedNetwork Network(IEnumerable<string> outputs)
    {
        (RecognizedHead? head, string answers, AnswerForm form, bool lieAsIds) = (null, "", AnswerForm.Logits, false);
        var given = new Dictionary<StatePart, LayerStack>();
        foreach (string output in outputs)
        {
            string place = $"output {Quote(output)}";
            switch (graph.Find(output) ?? throw graph.Refuse(place, "nothing known produces it", "the logits, or the last states of all layers"))
            {
                case SymbolicValue.Computed { Role: Role.Answer answer } logits when head is null:
                    (head, answers, form) = (answer.Head, output, answer.Form);
                    lieAsIds = CheckAnswer(place, logits, head);
                    break;
                case SymbolicValue.Computed { Role: Role.States { Part: StatePart.Hidden or StatePart.CellState } states } last
                    when !given.ContainsKey(states.Part):
                    given.Add(states.Part, CheckStates(place, states, last));
                    break;
                case var other:
                    throw graph.Refuse(
                        place, $"{other.Describe()} found", "the logits once, and beside them at most the last states of all layers");
            }
        }

        if (head is null) throw graph.Refuse("output", "no logits found", "the output of a MatMul or Gemm");
        if (given.Values.Any(stack => stack != head.Layer.Stack)) throw graph.Refuse("output", "states of other layers than the head's found", "these");
        foreach (RecognizedInput input in graph.Inputs)
        {
            if (input.Role == InputRole.None)
                throw graph.Refuse(Place(input), "nothing uses it as ids, lengths, a mask or states", "an input that counts");
        }

        CheckStack(head.Layer.Stack, head.Pooling is Pooling.Last or Pooling.Concat || given.Count > 0);
        return new RecognizedNetwork(head, given.Count > 0, graph.Inputs.Any(input => input.Role == InputRole.Lengths), answers, form)
        {
            AnswersLieAsIds = lieAsIds,
        };
    }

    private static string Place(RecognizedInput input) => $"input {Quote(input.Name)}";

    private LayerStack CheckStates(string place, Role.States states, SymbolicValue.Computed last)
    {
        LayerStack stack = states.Directions[0].Layer.Stack;
        bool fits = states.Directions.SequenceEqual(stack.Layers.SelectMany(layer => layer.Directions))
            && last.Dims is [var directions, var batch, var units]
            && directions.IsDirections(states.Directions.Length) && stack.IsBatch(batch) && graph.Axes.Same(units, new Dimension(stack.Top.Units));
        return fits
            ? stack
            : throw graph.Refuse(place, $"{last.Describe()} found", "the states of all layers in order, [directions, batch, hidden_size]");
    }

    /// <returns>Whether they are ordered as the ids are, with the labels last.</returns>
    private bool CheckAnswer(string place, SymbolicValue.Computed logits, RecognizedHead head)
    {
        // Wherever rows and steps lie, and be they flattened, the weights are the same. What is of size 1 may be left out.
        Dimension[] ids = head.Layer.Stack.Source.Origin.Rows;
        Axis[] found = [.. logits.Dims.SelectMany(dim => dim.Axes)];
        IEnumerable<Axis> rows = ids.SelectMany(dim => dim.Axes).Where(axis => head.Pooling is null || !axis.Is(head.Layer.Stack.Time));
        Axis[] expected = [.. rows, head.Outputs];
        bool fits = found.All(axis => expected.Any(axis.Is)) && found.Length <= expected.Length
            && expected.All(axis => axis.Size == 1 || found.Count(axis.Is) == 1)
            && (head.Outputs.Size == 1 || logits.Dims.Any(dim => dim.Axes is [var alone] && alone.Is(head.Outputs)));
        if (!fits)
        {
            throw graph.Refuse(
                place, $"{logits.Describe()} found",
                head.Pooling is null ? "[batch, time, outputs], as the ids lie" : "[batch, outputs], in the order of the ids");
        }

        return head.Pooling is not null || logits.Dims is [.. var others, { Axes: [var last] }] && last.Is(head.Outputs)
            && others.Length == ids.Length && others.Zip(ids).All(pair => pair.First.Axes is [var axis] && axis.Is(pair.Second.Axes[0]));
    }

    private void CheckStack(LayerStack stack, bool lastStatesCount)
    {
        RecognizedInput? ofCharacters = stack.Source.Characters?.Top.Lengths;
        RecognizedInput[] ends = [.. graph.Inputs.Where(input => input.Role is InputRole.Lengths or InputRole.Mask && input != ofCharacters)];
        bool hasLengths = ends.Any(input => input.Role == InputRole.Lengths);
        (RecognizedInput? hidden, RecognizedInput? cellState) = (stack.Layers[0].Hidden, stack.Layers[0].CellState);
        foreach (RecurrentLayer layer in stack.Layers)
        {
            // A forward direction reads nothing past the end before it is there. Beside a mask, texts of one length are read together.
            if (hasLengths && layer.Lengths is null && (layer.Direction != Direction.Forward || lastStatesCount))
            {
                throw graph.Refuse(
                    layer.Place, "it has no sequence_lens, though lengths are an input: it would read past the ends", "the lengths");
            }

            if (layer.Lengths != stack.Layers[0].Lengths) throw graph.Refuse(layer.Place, "its lengths are not those of layer 0", "the same");
            if (layer.Hidden != hidden || layer.CellState != cellState)
                throw graph.Refuse(layer.Place, "its states do not start where those of layer 0 do", "one input for all layers");
        }

        if (ends.Length > 0 && graph.ReadsPadding is { } pool) throw PoolingOperators.ReadsPadding(pool);
        if (ends.Length > 1) throw graph.Refuse(Place(ends[1]), "lengths a second time found", "once");
        foreach (RecognizedInput input in ends)
        {
            if (input.Role == InputRole.Mask) CheckMask(stack, input);
            else CheckBatch(stack, input, input.Dims);
        }

        foreach (RecognizedInput start in new[] { hidden, cellState }.OfType<RecognizedInput>()) CheckStart(stack, start);
        CheckIds(stack, ofCharacters);
    }

    private void CheckStart(LayerStack stack, RecognizedInput start)
    {
        CheckBatch(stack, start, start.Dims[1..^1]);
        int directions = stack.Layers.Count * stack.Top.Reverses.Count;
        if (start.Dims[0].Size != directions)
            throw graph.Refuse(Place(start), $"{start.Dims[0].Size} states found", $"{directions} (directions of all layers)");
    }

    private void CheckIds(LayerStack stack, RecognizedInput? lengthsOfCharacters)
    {
        Dimension[] ids = stack.Source.Origin.Rows;
        if (ids.Length != 2) throw graph.Refuse(Place(stack.Source.Origin.From), $"ids of {ids.Length} dimensions found", "batch and time");
        if (stack.Source.Characters is not { } characters) return;
        if (characters.Top.Cell != stack.Top.Cell)
            throw graph.Refuse(characters.Top.Place, "the characters' layer is of another cell than the words'", "the same");
        CheckBatch(characters, lengthsOfCharacters!, lengthsOfCharacters!.Dims);
        RecognizedInput spelled = characters.Source.Origin.From;
        Dimension[] words = [.. spelled.Dims.Where(dim => !dim.Axes[0].Is(characters.Time))];
        bool areWords = words.Length == 2 && words.All(word => ids.Any(dim => dim.Axes[0].Is(word.Axes[0])));
        if (!areWords) throw graph.Refuse(Place(spelled), "characters that do not lie as the words do", "[batch, time, characters]");
    }

    /// <summary>Checks that an input means the rows that the ids mean, in their order.</summary>
    private void CheckBatch(LayerStack stack, RecognizedInput input, Dimension[] dims)
    {
        Dimension[] rows = [.. stack.Source.Origin.Rows.Where(dim => !dim.Axes[0].Is(stack.Time))];
        if (rows.Length == dims.Length && rows.Zip(dims).All(pair => graph.Axes.Same(pair.First, pair.Second))) return;
        throw graph.Refuse(Place(input), "it is used for other rows than the ids' or in another order", "the ids' rows in their order");
    }

    private void CheckMask(LayerStack stack, RecognizedInput mask)
    {
        Dimension[] ids = stack.Source.Origin.Rows;
        if (ids.Length == mask.Dims.Length && ids.Zip(mask.Dims).All(pair => graph.Axes.Same(pair.First, pair.Second))) return;
        throw graph.Refuse(Place(mask), "a mask that does not lie as the ids do", "the ids' rows and steps in their order");
    }
}
