using RnnService.Engine.Text;
using RnnService.Onnx.Import.Graph.Symbols;
using static RnnService.Engine.Weights.WeightFormatException;

namespace RnnService.Onnx.Import.Graph.Operators;

/// <summary>Puts recurrent layers one above the other.</summary>
internal sealed class LayerBuilder(GraphContext graph)
{
    private const int MostLayers = 16;
    private const string Order = "time, batch and features in this order";

    /// <summary>Puts a layer on what it reads.</summary>
    /// <param name="node">The node.</param>
    /// <param name="x">What it reads.</param>
    /// <param name="hidden">H.</param>
    /// <param name="create">Makes the layer of a stack.</param>
    public RecurrentLayer Add(GraphNode node, SymbolicValue.Computed x, int hidden, Func<LayerStack, RecurrentLayer> create)
    {
        x = NumberOperators.VectorsOf(x) ?? x;
        if (x.Role is not (Role.Vectors or Role.States { Part: StatePart.Steps }) || x.Fill == Fill.Low) throw node.Misfit();
        if (x.Dims.Length != 3 || x.Dims[0].Axes is not [{ IsDirections: false } time] || x.Dims[1].Axes.Length == 0)
            throw node.Refuse($"it reads {x.Describe()}", Order);
        LayerStack stack = x.Role is Role.Vectors vectors ? OnInput(node, x, vectors, time) : OnLayer(node, x, (Role.States)x.Role, hidden);
        if (stack.Layers.Count == MostLayers) throw node.Refuse($"it is layer {MostLayers + 1}", $"at most {MostLayers} layers");
        RecurrentLayer layer = create(stack);
        stack.Layers.Add(layer);
        return layer;
    }

    /// <summary>Checks that a layer's cell and directions are those of the layer below.</summary>
    public static void CheckAlike(GraphNode node, RecurrentLayer layer)
    {
        if (layer.Index == 0) return;
        RecurrentLayer below = layer.Stack.Layers[layer.Index - 1];
        if (layer.Cell != below.Cell)
            throw node.Refuse($"its cell is {SnakeCase.Of(layer.Cell)}, that of layer {below.Index} is {SnakeCase.Of(below.Cell)}", "the same in all layers");
        if (layer.Direction != below.Direction)
            throw node.Refuse($"it reads {SnakeCase.Of(layer.Direction)}, layer {below.Index} {SnakeCase.Of(below.Direction)}", "the same in all layers");
    }

    /// <summary>The input that a layer's states start from; null for zero.</summary>
    public RecognizedInput? InitialState(GraphNode node, RecurrentLayer layer, SymbolicValue? value, InputRole role)
    {
        string name = role == InputRole.Hidden ? "initial_h" : "initial_c";
        if (value is null || graph.IsZero(value)) return null;
        if (value is not SymbolicValue.Computed { Role: Role.InitialState start, Dims: [var directions, var batch, var units] })
        {
            string found = value is SymbolicValue.Constant ? $"{value.Describe()}, which is not zero" : value.Describe();
            throw node.Refuse($"{name} is {found}", "zero, or part of an input of all layers' states");
        }

        if (!start.Directions.SequenceEqual(layer.Places) || !directions.IsDirections(start.Directions.Length))
        {
            throw node.Refuse(
                $"{name} is {string.Join(", ", start.Directions)} of {Quote(start.Source.Name)}",
                $"{string.Join(", ", layer.Places)} (directions, layer by layer)");
        }

        if (!graph.Axes.Same(batch, layer.Stack.Batch) || !graph.Axes.Same(units, new Dimension(layer.Units)))
            throw node.Refuse($"{name} is {value.Describe()}", "directions, batch and hidden_size in this order");
        if (!start.Source.TryTake(role)) throw node.Refuse($"{name} is {Quote(start.Source.Name)}, as the other is", "h and c apart");
        return start.Source;
    }

    private static LayerStack OnInput(GraphNode node, SymbolicValue.Computed x, Role.Vectors vectors, Axis time)
    {
        if (x.Dims[2].Axes is not [var width] || !width.Is(vectors.Width)) throw node.Refuse($"it reads {x.Describe()}", Order);
        if (vectors.Origin.IsRead) throw node.Refuse($"it reads {(vectors.Origin.Weight is null ? "numbers" : "an embedding")} that another layer reads", "one stack of layers");
        vectors.Origin.IsRead = true;
        return new LayerStack(vectors, time, x.Dims[1]);
    }

    private LayerStack OnLayer(GraphNode node, SymbolicValue.Computed x, Role.States states, int hidden)
    {
        RecurrentLayer below = states.Directions[0].Layer;
        LayerStack stack = below.Stack;
        if (below != stack.Top) throw node.Refuse($"it reads layer {below.Index} beside another layer", "one layer above the other");
        if (!states.Directions.SequenceEqual(below.Directions) || !below.AreFeatures(x.Dims[2], states.Directions.Length))
            throw node.Refuse($"it reads part of {x.Describe()}", "all directions, forward first");
        if (!graph.Axes.Same(x.Dims[0], new Dimension(stack.Time)) || !graph.Axes.Same(x.Dims[1], stack.Batch))
            throw node.Refuse($"it reads {x.Describe()}", Order);
        if (hidden != below.HiddenSize)
            throw node.Refuse($"hidden_size is {hidden}, that of layer {below.Index} is {below.HiddenSize}", "the same in all layers");
        return stack;
    }
}
