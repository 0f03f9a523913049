using RnnService.Engine.Layers;
using RnnService.Onnx.Import.Graph.Symbols;

namespace RnnService.Onnx.Import.Graph.Operators;

/// <summary>CumSum as the sum cell, which ONNX has no recurrent operator for.</summary>
internal sealed class SumOperators(GraphContext graph)
{
    private readonly LayerBuilder _builder = new(graph);
    private readonly Dictionary<SymbolicValue.Computed, RecurrentLayer> _layers = new(ReferenceEqualityComparer.Instance);

    public SymbolicValue CumSum(GraphNode node)
    {
        SymbolicValue.Computed x = node.NeedComputed(0);
        if (Constants.Integer(node.Need(1)) != 0 || node.Integer("exclusive", 0) != 0)
            throw node.Refuse("it does not sum up to each step", "sums over axis 0, each with its own step");
        bool isReverse = node.Integer("reverse", 0) != 0;
        Role.StateAndSteps? line = x.Role as Role.StateAndSteps;
        SymbolicValue.Computed steps = line?.Steps ?? x;
        if (!_layers.TryGetValue(x, out RecurrentLayer? layer))
        {
            if (steps.Dims.Length != 3 || steps.Dims[2].Size is not { } hidden) throw node.Misfit();
            layer = _builder.Add(node, steps, hidden, stack => new RecurrentLayer(stack, CellKind.Sum, hidden, node.Place));
            layer.Lengths = steps.Fill == Fill.Zero ? steps.FilledBy : null;
            _layers.Add(x, layer);
        }

        if (layer.Reverses.Contains(isReverse) || line is not null && isReverse)
            throw node.Refuse("it sums the same again", "each direction once, forward first");
        layer.Reverses.Add(isReverse);
        if (layer.Reverses is [true, false]) throw node.Refuse("it sums forward after reverse", "each direction once, forward first");
        if (line is not null)
        {
            var start = new SymbolicValue.Computed(line.Before, Dimension.OfDirections(1), x.Dims[1], x.Dims[2]);
            layer.Hidden = _builder.InitialState(node, layer, start, InputRole.Hidden);
        }

        return new SymbolicValue.Computed(
            new Role.States(line is null ? StatePart.Steps : StatePart.StateAndSteps, [new LayerDirection(layer, isReverse)]),
            x.Dims[0], layer.Stack.Batch, new Dimension(layer.Units));
    }
}
