using RnnService.Onnx.Import.Graph.Symbols;

namespace RnnService.Onnx.Import.Graph.Operators;

/// <summary>An operator that is read.</summary>
/// <param name="Names">Its name, or several of one family.</param>
/// <param name="Understood">What is understood by it, for docs/onnx.md.</param>
/// <param name="Read">The outputs of a node.</param>
internal sealed record OperatorRow(string[] Names, string Understood, Func<OperatorTable, GraphNode, SymbolicValue?[]> Read)
{
    public OperatorRow(string name, string understood, Func<OperatorTable, GraphNode, SymbolicValue> read)
        : this([name], understood, (all, node) => [read(all, node)])
    {
    }

    public OperatorRow(string[] names, string understood, Func<OperatorTable, GraphNode, SymbolicValue> read)
        : this(names, understood, (all, node) => [read(all, node)])
    {
    }
}

/// <summary>The operators of a graph, each with what recognises it: an operator more is a row more. Used for one graph.</summary>
internal sealed class OperatorTable(GraphContext graph)
{
    private readonly ConstantFolding _folding = new(graph);
    private readonly ConstantOperators _constants = new(graph);
    private readonly ShapeOperators _shapes = new(graph);
    private readonly IndexOperators _indices = new(graph);
    private readonly RecurrentOperators _recurrent = new(graph);
    private readonly SumOperators _sums = new(graph);
    private readonly LengthOperators _lengths = new(graph);
    private readonly PoolingOperators _pooling = new(graph);
    private readonly HeadOperators _head = new(graph);

    /// <summary>The operators that are read, as docs/onnx.md lists them.</summary>
    public static readonly IReadOnlyList<OperatorRow> Rows =
    [
        new(["LSTM"], "a layer, each direction of it; initial states, `sequence_lens`", (all, node) => all._recurrent.Recurrent(node)),
        new(["GRU"], "a layer `gru`, with `linear_before_reset` 0 `gru_before`", (all, node) => all._recurrent.Recurrent(node)),
        new(["RNN"], "a layer `tanh`, with activations `Relu` `relu`", (all, node) => all._recurrent.Recurrent(node)),
        new("CumSum", "a layer `sum`", (all, node) => all._sums.CumSum(node)),
        new("Gather", "the embedding's rows; one direction; the last step; an entry of a shape; a sorted batch", (all, node) => all._indices.Gather(node)),
        new("MatMul", "the head", (_, node) => HeadOperators.MatMul(node)),
        new("Gemm", "the head with its bias", (_, node) => HeadOperators.Gemm(node)),
        new(["Softmax", "LogSoftmax"], "probabilities over the labels, or their logarithms", (all, node) => all._head.Normalize(node)),
        new("Sigmoid", "the probability of one logit", (_, node) => HeadOperators.Sigmoid(node)),
        new("Log", "the logarithm of a Softmax", (_, node) => HeadOperators.Log(node)),
        new("Add", "the head's bias; the sum of both directions; the mean of values in their own units; arithmetic on sizes", (all, node) =>
            ShapeOperators.Arithmetic(node) ?? HeadOperators.AddBias(node) ?? all._pooling.AddDirections(node) ?? NumberOperators.Offset(node)
            ?? throw node.Misfit()),
        new("Sub", "1 less a mask; numbers less their mean; arithmetic on sizes", (_, node) =>
            ShapeOperators.Arithmetic(node) ?? LengthOperators.Complement(node) ?? NumberOperators.Centre(node) ?? throw node.Misfit()),
        new("Mul", "a mask that makes padding zero; a factor of the sum of both directions, of numbers or of values; arithmetic on sizes", (all, node) =>
            ShapeOperators.Arithmetic(node) ?? all._lengths.Masked(node) ?? PoolingOperators.Scale(node) ?? NumberOperators.Scale(node)
            ?? throw node.Misfit()),
        new("Div", "a mean: sums over time divided by lengths or by the sums of a mask; a divisor of the sum of both directions, of numbers or of values; "
            + "arithmetic on sizes",
            (all, node) => ShapeOperators.Arithmetic(node) ?? all._pooling.Mean(node) ?? PoolingOperators.Scale(node) ?? NumberOperators.Scale(node)
            ?? throw node.Misfit()),
        new(["ReduceSum", "ReduceMean", "ReduceMax"], "pooling over time; the sum or mean of both directions; the tokens that a mask counts",
            (all, node) => all._pooling.Reduce(node)),
        new(["GlobalAveragePool", "GlobalMaxPool"], "pooling over the steps of [batch, units, time]", (all, node) => all._pooling.PoolGlobally(node)),
        new(["Less", "LessOrEqual", "Greater", "GreaterOrEqual", "Equal"], "a mask by lengths and positions, or by a mask and a number",
            (all, node) => all._lengths.Compare(node)),
        new("Not", "a mask turned round", (_, node) => LengthOperators.Not(node)),
        new("Where", "zero, or a number below -10000, in the place of padding; the initial state of a sequence without a step", (all, node) => all._lengths.Where(node)),
        new(["Max", "Clip"], "lengths of 0 or 1 at least", (_, node) => LengthOperators.AtLeast(node)),
        new(["TopK"], "the batch sorted by lengths", (all, node) => all._lengths.TopK(node)),
        new("ScatterElements", "the order that sorts it back", (all, node) => all._lengths.ScatterElements(node)),
        new("Transpose", "dimensions in another order; a tensor transposed", (_, node) => ShapeOperators.Transpose(node)),
        new("Squeeze", "dimensions of 1 removed", (all, node) => all._shapes.Squeeze(node)),
        new("Unsqueeze", "dimensions of 1 added", (all, node) => all._shapes.Unsqueeze(node)),
        new("Reshape", "dimensions joined, or split as they were joined", (all, node) => all._shapes.Reshape(node)),
        new("Flatten", "dimensions joined", (_, node) => ShapeOperators.Flatten(node)),
        new("Slice", "some directions; the last step; part of a shape", (all, node) => all._indices.Slice(node)),
        new(["Split"], "directions one by one", (all, node) => all._indices.Split(node)),
        new("Concat", "directions side by side; words beside their characters' states; last states, maximum and mean over time; a shape of its entries", (all, node) => all._indices.Concat(node)),
        new("Shape", "the sizes of a value", (_, node) => ShapeOperators.Shape(node)),
        new("ReduceProd", "the number of elements of a shape", (_, node) => ShapeOperators.ReduceProd(node)),
        new("Range", "positions along a dimension", (_, node) => ConstantOperators.Range(node)),
        new("Expand", "zeros for a start; a mask as wide as what it is combined with", (all, node) => all._constants.Expand(node)),
        new("ConstantOfShape", "zeros for a start", (all, node) => all._constants.ConstantOfShape(node)),
        new("Constant", "a tensor, a number, or whole numbers", (_, node) => ConstantOperators.Constant(node)),
        new("Identity", "what it reads", (_, node) => ConstantOperators.Identity(node)),
        new("Dropout", "what it reads, where it is off", (_, node) => ConstantOperators.Dropout(node)),
        new("Cast", "ids, lengths and masks of any type; weights as 32-bit floats", (_, node) => ConstantOperators.Cast(node)),
    ];

    private static readonly Dictionary<string, OperatorRow> ByName =
        Rows.SelectMany(row => row.Names, (row, name) => (row, name)).ToDictionary(pair => pair.name, pair => pair.row, StringComparer.Ordinal);

    /// <summary>The outputs of a node; null for one that is not known.</summary>
    public SymbolicValue?[] Read(GraphNode node)
    {
        if (node.Proto.Domain is not ("" or "ai.onnx")) throw node.Misfit();
        if (_folding.Fold(node) is { } folded) return folded;
        return ByName.TryGetValue(node.Op, out OperatorRow? row) ? row.Read(this, node) : throw node.Misfit();
    }
}
