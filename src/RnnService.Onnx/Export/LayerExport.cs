using System.Numerics.Tensors;
using RnnService.Engine.Kernels;
using RnnService.Engine.Layers;
using RnnService.Engine.Weights;
using RnnService.Onnx.Format;
using DataType = RnnService.Onnx.Format.Protos.TensorProto.Types.DataType;

namespace RnnService.Onnx.Export;

/// <summary>Writes the layers that graphs of every task are made of, from a model's parameters by name. Not thread-safe.</summary>
internal sealed class LayerExport
{
    private readonly GraphWriter _graph;
    private readonly Dictionary<string, Parameter> _parameters;

    /// <summary>Layers of these parameters for this graph.</summary>
    public LayerExport(GraphWriter graph, Parameters parameters)
    {
        _graph = graph;
        _parameters = parameters.All.ToDictionary(parameter => parameter.Name, StringComparer.Ordinal);
        Recurrent = new RecurrentExport(graph, _parameters);
    }

    /// <summary>Stacks of recurrent layers.</summary>
    public RecurrentExport Recurrent { get; }

    /// <summary>Ids [N,T] as embeddings [T,N,D].</summary>
    public string Embed(string prefix, string ids) =>
        _graph.Node("Gather", $"{prefix}.x", [Weight($"{prefix}.weight"), _graph.Transpose($"{prefix}.ids", ids, 1, 0)]);

    /// <summary>States [directions,N,H] as [N,directions·H].</summary>
    public string States(string prefix, string states, RecurrentStack stack) => stack.Directions == 1
        ? _graph.Squeeze($"{prefix}.states", states, 0)
        : _graph.Node(
            "Reshape", $"{prefix}.states", [_graph.Transpose($"{prefix}.side", states, 1, 0, 2), _graph.Integers(0, stack.OutputSize)]);

    /// <summary>x Wᵀ + b, or without b: the matrix lies as the model has it, so that one tied to the embedding is stored once.</summary>
    public string Linear(string output, string x, string weight, string? bias) =>
        _graph.Node("Gemm", output, [x, Weight(weight), bias is null ? "" : Weight(bias)], GraphWriter.Attribute("transB", 1));

    /// <summary>The same of every step: [N,T,outputs] of [N,T,width].</summary>
    /// <param name="output">Name of the result.</param>
    /// <param name="prefix">What names between begin with.</param>
    /// <param name="sizes">A shape: N and T.</param>
    /// <param name="x">The steps.</param>
    /// <param name="weight">The matrix.</param>
    /// <param name="bias">The bias; null for none.</param>
    public string StepLinear(string output, string prefix, string sizes, string x, string weight, string? bias)
    {
        IReadOnlyList<int> matrix = _parameters[weight].Shape;
        string flat = _graph.Node("Reshape", $"{prefix}.x", [x, _graph.Integers(-1, matrix[1])]);
        string shape = _graph.Concat($"{prefix}.shape", [sizes, _graph.Integers(matrix[0])], 0);
        return _graph.Node("Reshape", output, [Linear($"{prefix}.y", flat, weight, bias), shape]);
    }

    /// <summary>One vector [N,parts·directions·H] a sequence.</summary>
    /// <param name="values">What the stack gives.</param>
    /// <param name="lengths">Steps of each sequence, one or more.</param>
    /// <param name="pooling">How.</param>
    /// <param name="stack">The stack.</param>
    private string Pool(StackValues values, string lengths, Pooling pooling, RecurrentStack stack)
    {
        string? mask = null;
        string[] parts = [.. Engine.Layers.Pool.PartsOf(pooling).Select(One)];
        return parts is [var alone] ? alone : _graph.Concat("pool.parts", parts, 1);

        string One(Pooling part) => part switch
        {
            Pooling.Last => States("pool", values.Hidden[^1], stack),
            Pooling.Mean => _graph.Node(
                "Div", "pool.mean",
                [
                    _graph.Reduce("ReduceSum", "pool.sum", Masked("pool.mean.x", values.Steps, 0), 0),
                    _graph.Unsqueeze("pool.divisor", _graph.Cast("pool.length", lengths, DataType.Float), 1),
                ]),
            Pooling.Attention => Attended(),
            _ => _graph.Reduce("ReduceMax", "pool.max", Masked("pool.max.x", values.Steps, float.MinValue), 0),
        };

        string Attended()
        {
            string scores = _graph.Node("MatMul", "attention.scores", [values.Steps, _graph.Transpose("attention.column", Weight("attention.weight"), 1, 0)]);
            string weights = _graph.Node("Softmax", "attention", [Masked("attention.seen", scores, float.MinValue)], GraphWriter.Attribute("axis", 0));
            return _graph.Reduce("ReduceSum", "pool.sum", _graph.Node("Mul", "pool.weighted", [Masked("pool.x", values.Steps, 0), weights]), 0);
        }

        string Masked(string name, string x, float outside)
        {
            mask ??= RecurrentExport.Mask(_graph, "pool", values.Steps, lengths);
            return _graph.Node("Where", name, [mask, x, _graph.Float(outside)]);
        }
    }

    /// <summary>Lengths of which none is below one: a sequence of no step is read as its first, so that no mean is taken of nothing.</summary>
    public string Positive(string lengths) => _graph.Node("Max", "lengths.positive", [lengths, _graph.Integer(1)]);

    /// <summary>One answer a sequence: the head of its pooled values.</summary>
    /// <param name="output">Name of the result.</param>
    /// <param name="values">What the stack gives.</param>
    /// <param name="lengths">Steps of each sequence, one or more.</param>
    /// <param name="pooling">How.</param>
    /// <param name="stack">The stack.</param>
    public string Answer(string output, StackValues values, string lengths, Pooling pooling, RecurrentStack stack) =>
        Linear(output, Pool(values, lengths, pooling, stack), "head.weight", "head.bias");

    /// <summary>Sizes of a forward stack's states.</summary>
    public static GraphWriter.Size[] StateSizes(RecurrentStack stack) => [stack.Layers, "batch", stack.HiddenSize];

    /// <summary>Adds the inputs of a forward stack's states: h_0 [layers,batch,H] and, for an LSTM, c_0.</summary>
    /// <param name="stack">The stack.</param>
    /// <param name="doc">What h_0 is.</param>
    public (string Hidden, string? CellState) StatesIn(RecurrentStack stack, string doc) => (
        _graph.Input("h_0", DataType.Float, doc, StateSizes(stack)),
        stack.HasCellState ? _graph.Input("c_0", DataType.Float, "The states' second part.", StateSizes(stack)) : null);

    /// <summary>Adds the outputs of a forward stack's states: h_n and, for an LSTM, c_n.</summary>
    /// <param name="stack">The stack.</param>
    /// <param name="values">What it gives.</param>
    /// <param name="doc">What h_n is.</param>
    public void StatesOut(RecurrentStack stack, StackValues values, string doc)
    {
        _graph.Output(_graph.Concat("h_n", values.Hidden, 0), doc, StateSizes(stack));
        if (stack.HasCellState) _graph.Output(_graph.Concat("c_n", values.CellState, 0), "The states' second part.", StateSizes(stack));
    }

    /// <summary>A parameter as a tensor of the graph.</summary>
    public string Weight(string name)
    {
        Parameter parameter = _parameters[name];
        return _graph.Floats(name, [.. parameter.Shape.Select(size => (long)size)], parameter.Values);
    }

    /// <summary>Divides the head's weights by what a model's logits are divided by, so that its graph has the logits that probabilities are made of.</summary>
    public void Calibrate(float? temperature)
    {
        if (temperature is not { } divisor) return;
        foreach (string name in (string[])["head.weight", "head.bias"])
        {
            Parameter parameter = _parameters[name];
            float[] values = parameter.Values.ToArray();
            TensorPrimitives.Divide(values, divisor, values);
            _parameters[name] = new Parameter(parameter.Index, name, [.. parameter.Shape], values, ElementType.F32);
        }
    }

    /// <summary>Puts the columns of one matrix beside those of another, under the name of the first: what they multiply must stand so too.</summary>
    public void Widen(string name, string by)
    {
        (Parameter one, Parameter other) = (_parameters[name], _parameters[by]);
        (int rows, int left, int right) = (one.Shape[0], one.Shape[1], other.Shape[1]);
        float[] values = new float[rows * (left + right)];
        for (int row = 0; row < rows; row++)
        {
            one.Values.Slice(row * left, left).CopyTo(values.AsSpan(row * (left + right)));
            other.Values.Slice(row * right, right).CopyTo(values.AsSpan(row * (left + right) + left));
        }

        _parameters[name] = new Parameter(one.Index, name, [rows, left + right], values, one.Type);
    }
}
