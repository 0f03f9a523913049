using RnnService.Onnx.Comparison;
using RnnService.Onnx.Import.Graph.Symbols;

namespace RnnService.Onnx.Import.Graph.Operators;

/// <summary>Numbers that are read in place of ids: z = (x − μ) / σ of each feature before the layers, y = σ·z + μ of each output after the head.</summary>
internal static class NumberOperators
{
    /// <summary>A value as what a stack reads; null where it is none. An input of steps of numbers is taken for them.</summary>
    public static SymbolicValue.Computed? VectorsOf(SymbolicValue? value) => value switch
    {
        SymbolicValue.Computed { Role: Role.Vectors } vectors => vectors,
        SymbolicValue.Computed { Role: Role.Input { Source: { Numbers: { } numbers } input } } given when input.TryTake(InputRole.Numbers) =>
            given with { Role = new Role.Vectors(numbers, input.Dims[^1].Axes[0]) },
        _ => null,
    };

    /// <summary>Sub: the mean taken from numbers; null where there are none.</summary>
    public static SymbolicValue? Centre(GraphNode node) =>
        Plain(node.Need(0)) is ({ Factor: null, Mean: null } vectors, var computed) && Each(node, node.Need(1), computed, vectors.Width, "the mean") is { } mean
            ? computed with { Role = vectors with { Mean = mean } }
            : null;

    /// <summary>Mul and Div: numbers divided by their standard deviation, or outputs in their own units; null where it is neither.</summary>
    public static SymbolicValue? Scale(GraphNode node)
    {
        SymbolicValue one = node.Need(0), other = node.Need(1);
        bool divides = node.Op == "Div";
        if (one is not SymbolicValue.Computed && !divides) (one, other) = (other, one);
        if (Plain(one) is ({ Factor: null } vectors, var numbers) && Each(node, other, numbers, vectors.Width, "the standard deviation") is { } factor)
            return numbers with { Role = vectors with { Factor = new UnitFactor(factor, divides) } };
        return AnswerOf(one) is ({ Factor: null, Offset: null } head, var answer) && Each(node, other, answer, head.Outputs, "the outputs' unit") is { } unit
            ? answer with { Role = new Role.Answer(head with { Factor = new UnitFactor(unit, divides) }) }
            : null;
    }

    /// <summary>Add: the mean of outputs in their own units; null where there are none.</summary>
    public static SymbolicValue? Offset(GraphNode node)
    {
        SymbolicValue one = node.Need(0), other = node.Need(1);
        if (one is not SymbolicValue.Computed) (one, other) = (other, one);
        return AnswerOf(one) is ({ Offset: null } head, var answer) && Each(node, other, answer, head.Outputs, "the outputs' mean") is { } mean
            ? answer with { Role = new Role.Answer(head with { Offset = mean }) }
            : null;
    }

    private static (Role.Vectors, SymbolicValue.Computed)? Plain(SymbolicValue value) =>
        VectorsOf(value) is { Role: Role.Vectors { Origin.Weight: null } vectors, Fill: Fill.None } computed ? (vectors, computed) : null;

    private static (RecognizedHead, SymbolicValue.Computed)? AnswerOf(SymbolicValue value) =>
        value is SymbolicValue.Computed { Role: Role.Answer { Form: AnswerForm.Logits, Head: { Layer.Stack.Source.Origin.Weight: null } head } } computed
            ? (head, computed)
            : null;

    // A number for each of an axis that is the last dimension, or one for all.
    private static SymbolicValue.Constant? Each(GraphNode node, SymbolicValue value, SymbolicValue.Computed of, Axis axis, string what)
    {
        if (value is not SymbolicValue.Constant constant || of.Dims is not [.., { Axes: [var last] }] || !last.Is(axis)) return null;
        node.Weight(value, what, constant.Tensor.Dims.Count);
        long count = Constants.Count(constant.Tensor);
        bool fits = !constant.Transposed && constant.Tensor.Dims.Count <= of.Dims.Length
            && (count == 1 || count == axis.Size && constant.Tensor.Dims[^1] == count);
        return fits ? constant : null;
    }
}
