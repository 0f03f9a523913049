using RnnService.Engine.Layers;
using RnnService.Onnx.Comparison;
using RnnService.Onnx.Format;
using RnnService.Onnx.Import.Graph.Symbols;
using static RnnService.Engine.Weights.WeightFormatException;

namespace RnnService.Onnx.Import.Graph.Operators;

/// <summary>The output layer, and what is made of its logits.</summary>
internal sealed class HeadOperators(GraphContext graph)
{
    public static SymbolicValue MatMul(GraphNode node)
    {
        SymbolicValue.Computed x = node.NeedComputed(0);
        SymbolicValue.Constant weight = node.Weight(node.Need(1), "the head's matrix", 2);
        return Answer(node, x, weight, rowsAreOutputs: weight.Transposed, bias: null);
    }

    public static SymbolicValue Gemm(GraphNode node)
    {
        SymbolicValue.Computed x = node.NeedComputed(0);
        SymbolicValue.Constant weight = node.Weight(node.Need(1), "the head's matrix", 2);
        foreach (string name in new[] { "alpha", "beta" })
        {
            if (node.Number(name, 1) != 1) throw node.Refuse($"{name} is {node.Number(name, 1)}", "1");
        }

        if (node.Integer("transA", 0) != 0 || x.Dims.Length != 2)
            throw node.Refuse($"A is {x.Describe()}{(x.Dims.Length == 2 ? ", transposed" : "")}", "rows of features");
        return Answer(node, x, weight, rowsAreOutputs: weight.Transposed != (node.Integer("transB", 0) != 0), node.At(2));
    }

    /// <summary>Add: the head's bias; null where there are no logits without one.</summary>
    public static SymbolicValue? AddBias(GraphNode node)
    {
        SymbolicValue one = node.Need(0), other = node.Need(1);
        if (one is not SymbolicValue.Computed) (one, other) = (other, one);
        bool fits = one is SymbolicValue.Computed { Role: Role.Answer { Head: { Bias: null, Factor: null, Offset: null }, Form: AnswerForm.Logits } } && other is SymbolicValue.Constant;
        if (!fits || one is not SymbolicValue.Computed { Role: Role.Answer { Head: var head } } computed) return null;
        return computed with { Role = new Role.Answer(WithBias(node, head, other, computed.Dims.Length)) };
    }

    /// <summary>Softmax and LogSoftmax over the labels.</summary>
    public SymbolicValue Normalize(GraphNode node)
    {
        if (node.NeedComputed(0) is not { Role: Role.Answer { Form: AnswerForm.Logits } answer } computed) throw node.Misfit();
        const long oneAxis = 13; // before, all dimensions from the axis on were one
        int dim = node.Dimension(node.Integer("axis", graph.Opset >= oneAxis ? -1 : 1), computed.Dims.Length);
        Dimension[] over = graph.Opset >= oneAxis ? [computed.Dims[dim]] : computed.Dims[dim..];
        if (over.SelectMany(dimension => dimension.Axes).ToArray() is not [var axis] || !axis.Is(answer.Head.Outputs))
            throw node.Refuse($"it sums over dimension {dim} of {computed.Describe()}", "the labels", ExportAdvice.LabelsAxis(node.Op));
        if (axis.Size == 1)
        {
            throw node.Refuse(
                "its single output is 1 whatever the text", "two labels or more", "Use Sigmoid for one output, or two outputs");
        }

        return computed with { Role = answer with { Form = node.Op == "Softmax" ? AnswerForm.Softmax : AnswerForm.LogSoftmax } };
    }

    /// <summary>Log of a softmax.</summary>
    public static SymbolicValue Log(GraphNode node) =>
        node.NeedComputed(0) is { Role: Role.Answer { Form: AnswerForm.Softmax } answer } computed
            ? computed with { Role = answer with { Form = AnswerForm.LogSoftmax } }
            : throw node.Misfit();

    /// <summary>Sigmoid of one logit.</summary>
    public static SymbolicValue Sigmoid(GraphNode node)
    {
        if (node.NeedComputed(0) is not { Role: Role.Answer { Form: AnswerForm.Logits } answer } computed) throw node.Misfit();
        if (answer.Head.Outputs.Size == 1) return computed with { Role = answer with { Form = AnswerForm.Sigmoid } };
        throw node.Refuse(
            $"it makes probabilities of {answer.Head.Outputs.Size} labels one by one: several labels a text", "logits of one label a text",
            ExportAdvice.OneLabel);
    }

    private static SymbolicValue.Computed Answer(
        GraphNode node, SymbolicValue.Computed x, SymbolicValue.Constant weight, bool rowsAreOutputs, SymbolicValue? bias)
    {
        (RecurrentLayer? layer, Pooling? pooling, float? share) = x.Role switch
        {
            Role.States { Part: StatePart.Steps } states when x.Fill != Fill.Low => (states.Top, (Pooling?)null, (float?)null),
            Role.States { Part: StatePart.Hidden } states => (states.Top, Pooling.Last, null),
            Role.DirectionSum { Part: StatePart.Steps } sum when x.Fill != Fill.Low => (sum.Layer, null, sum.Share),
            Role.DirectionSum { Part: StatePart.Hidden } sum => (sum.Layer, Pooling.Last, sum.Share),
            Role.Pooled pooled => (pooled.Layer, pooled.Pooling, pooled.Share),
            _ => throw node.Misfit(),
        };
        if (layer is null) throw node.Refuse($"it reads {x.Describe()}", "all directions of the top layer, forward first");
        bool areFeatures = x.Dims.Length > 0 && (x.Role is Role.Pooled { Joined: { } joined }
            ? x.Dims[^1].Axes is [var own] && own.Is(joined)
            : layer.AreFeatures(x.Dims[^1], share is null ? layer.Reverses.Count : 1));
        if (!areFeatures)
            throw node.Refuse($"it reads {x.Describe()}", "rows of features, directions side by side");
        (int from, int to) = (weight.Sizes[rowsAreOutputs ? 1 : 0], weight.Sizes[rowsAreOutputs ? 0 : 1]);
        int width = RecognizedHead.WidthOf(layer, share, pooling);
        if (from != width) throw node.Refuse($"the head's matrix takes {from} features", $"{width}");
        if (to < 1) throw node.Refuse("the head has no outputs", "1 or more");
        var head = new RecognizedHead(layer, pooling, weight, rowsAreOutputs, new Axis("outputs", AxisKind.Features, to), node.Place) { Share = share };
        if (bias is not null) head = WithBias(node, head, bias, x.Dims.Length);
        return new SymbolicValue.Computed(new Role.Answer(head), [.. x.Dims[..^1], new Dimension(head.Outputs)]);
    }

    private static RecognizedHead WithBias(GraphNode node, RecognizedHead head, SymbolicValue value, int rank)
    {
        if (value is not SymbolicValue.Constant constant) throw node.Refuse($"the head's bias is {value.Describe()}", "a tensor of the file");
        node.Weight(value, "the head's bias", constant.Tensor.Dims.Count);
        int outputs = head.Outputs.Size!.Value;
        bool fits = !constant.Transposed && constant.Tensor.Dims.Count <= rank && Constants.Count(constant.Tensor) == outputs
            && constant.Tensor.Dims.LastOrDefault() == outputs;
        if (!fits) throw node.Refuse($"the head's bias is {Show(constant.Sizes)}", $"[{outputs}]");
        return head with { Bias = constant };
    }
}
