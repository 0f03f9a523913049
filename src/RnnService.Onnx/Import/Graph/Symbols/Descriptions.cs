using RnnService.Onnx.Comparison;
using RnnService.Onnx.Format;
using static RnnService.Engine.Weights.WeightFormatException;

namespace RnnService.Onnx.Import.Graph.Symbols;

/// <summary>Values in the words of messages.</summary>
internal static class Descriptions
{
    /// <summary>What a value is, with its dimensions.</summary>
    public static string Describe(this SymbolicValue value) => value switch
    {
        SymbolicValue.Constant constant => TensorContent.PlaceOf(constant.Tensor),
        SymbolicValue.Zeros => "zeros",
        SymbolicValue.Shape => "a shape",
        SymbolicValue.Computed computed => $"{Describe(computed.Role)} [{string.Join(", ", computed.Dims.Select(dim => dim.ToString()))}]",
        _ => throw new ArgumentOutOfRangeException(nameof(value)),
    };

    /// <summary>What may be done with a value.</summary>
    public static string ExpectedAfter(this SymbolicValue value) => value switch
    {
        SymbolicValue.Constant => "a tensor that lies as the embedding, a layer or the head needs it",
        SymbolicValue.Zeros => "the start of a layer",
        SymbolicValue.Shape => "what shapes serve for",
        SymbolicValue.Computed { Role: var role } => role switch
        {
            Role.Input { Source.Numbers: not null } => "a mean and a standard deviation of each feature, or RNN, GRU or LSTM",
            Role.Input => "a Gather from the embedding, the lengths of a recurrent layer, or a mask of its outputs",
            Role.InitialState => "the start of a recurrent layer",
            Role.SortOrder or Role.Positions or Role.TokenMask or Role.TokenCount or Role.EmptyMask => "what lengths serve for",
            Role.Vectors or Role.StateAndSteps => "RNN, GRU or LSTM",
            Role.States { Part: StatePart.Hidden or StatePart.CellState } => "the MatMul or Gemm of the head, or an output",
            Role.States => "another recurrent layer, pooling (last, mean, max) or the MatMul or Gemm of the head",
            Role.DirectionSum => "a mean over time, or the MatMul or Gemm of the head",
            Role.TimeSum => "a division by the lengths",
            Role.Pooled => "the MatMul or Gemm of the head",
            _ => "an export that ends with the logits",
        },
        _ => throw new ArgumentOutOfRangeException(nameof(value)),
    };

    private static string Describe(Role role) => role switch
    {
        Role.Input { Source: { Role: InputRole.None } input } => $"input {Quote(input.Name)}",
        Role.Input { Source: { Role: InputRole.Ids } input } => $"the ids {Quote(input.Name)}",
        Role.Input { Source: { Role: InputRole.Numbers } input } => $"the numbers {Quote(input.Name)}",
        Role.Input { Source: { Role: InputRole.Mask } input } => $"the mask {Quote(input.Name)}",
        Role.Input { Source: var input } => $"the lengths {Quote(input.Name)}",
        Role.InitialState { Source: var input } => $"the states at the start {Quote(input.Name)}",
        Role.SortOrder => "the order of a sorted batch",
        Role.Positions => "positions",
        Role.TokenMask { By.Role: InputRole.Mask } => "a mask",
        Role.TokenMask or Role.EmptyMask => "a mask by lengths",
        Role.TokenCount { By: var input } => $"the sums of the mask {Quote(input.Name)}",
        Role.Vectors { Origin: { Weight: null, From: var input } } => $"the numbers {Quote(input.Name)}",
        Role.Vectors => "the embedding's rows",
        Role.StateAndSteps => "a state and the steps after it",
        Role.States { Part: StatePart.Hidden or StatePart.CellState, Directions: var directions } => $"last states of {LayersOf(directions)}",
        Role.States { Directions: var directions } => $"outputs of {LayersOf(directions)}",
        Role.DirectionSum { Layer: var layer } => $"the sum of the directions of layer {layer.Index}",
        Role.TimeSum => "sums over time",
        Role.Pooled => "the pooled outputs",
        Role.Answer { Form: AnswerForm.Logits } => "the logits",
        Role.Answer { Form: AnswerForm.Sigmoid } => "the sigmoid of the logit",
        Role.Answer { Form: AnswerForm.LogSoftmax } => "the log-softmax of the logits",
        Role.Answer => "the softmax of the logits",
        _ => throw new ArgumentOutOfRangeException(nameof(role)),
    };

    private static string LayersOf(LayerDirection[] directions) =>
        string.Join(" and ", directions.Select(direction => direction.Layer.Index).Distinct().Select(index => $"layer {index}"));
}
