using RnnService.Onnx.Format;
using RnnService.Onnx.Format.Protos;
using static RnnService.Engine.Weights.WeightFormatException;

namespace RnnService.Onnx.Runtime.Sessions;

/// <summary>
/// The operators that a served graph may have: arithmetic, shapes and recurrence. None runs a graph inside, draws random numbers, or comes
/// from elsewhere than the standard.
/// </summary>
internal static class OperatorCheck
{
    private static readonly HashSet<string> Known = new(StringComparer.Ordinal)
    {
        // recurrence and products
        "GRU", "LSTM", "RNN", "Gemm", "MatMul",

        // value by value
        "Abs", "Add", "And", "Cast", "Ceil", "Clip", "Div", "Dropout", "Elu", "Equal", "Erf", "Exp", "Floor", "Gelu", "Greater",
        "GreaterOrEqual", "HardSigmoid", "HardSwish", "Identity", "LeakyRelu", "Less", "LessOrEqual", "Log", "Max", "Min", "Mod", "Mul",
        "Neg", "Not", "Or", "PRelu", "Pow", "Reciprocal", "Relu", "Round", "Selu", "Sigmoid", "Sign", "Softplus", "Softsign", "Sqrt", "Sub",
        "Sum", "Tanh", "ThresholdedRelu", "Where", "Xor",

        // along an axis
        "ArgMax", "ArgMin", "AveragePool", "BatchNormalization", "CumSum", "GlobalAveragePool", "GlobalMaxPool", "LayerNormalization", "LogSoftmax", "MaxPool", "ReduceL1", "ReduceL2", "ReduceLogSum",
        "ReduceLogSumExp", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSum", "ReduceSumSquare", "Softmax", "TopK",

        // shapes and places
        "Concat", "Constant", "ConstantOfShape", "Expand", "Flatten", "Gather", "GatherElements", "GatherND", "OneHot", "Pad", "Range",
        "Reshape", "ReverseSequence", "ScatterElements", "ScatterND", "Shape", "Size", "Slice", "Split", "Squeeze", "Tile", "Transpose",
        "Trilu", "Unsqueeze",
    };

    /// <summary>Checks every node.</summary>
    /// <exception cref="OnnxFormatException">One has another operator, or holds a graph.</exception>
    public static void Check(OnnxFile file)
    {
        for (int i = 0; i < file.Model.Graph.Node.Count; i++)
        {
            NodeProto node = file.Model.Graph.Node[i];
            string place = OnnxFormatException.NodePlace(i, node);
            if (node.Domain is not ("" or "ai.onnx"))
                throw file.Refuse(place, $"an operator of domain {Quote(node.Domain)} found; expected a standard one");
            if (!Known.Contains(node.OpType))
            {
                throw file.Refuse(
                    place, $"operator {Quote(node.OpType)} found; expected arithmetic, shapes and recurrent layers (RNN, GRU, LSTM)");
            }

            if (node.OpType is "RNN" or "GRU" or "LSTM" && node.Attribute.Any(attribute => attribute is { Name: "layout", I: not 0 }))
                throw file.Refuse(place, "layout 1 found, which ONNX Runtime does not compute; expected 0", ExportAdvice.TimeFirst);
            foreach (AttributeProto attribute in node.Attribute)
            {
                if (attribute.G is not null || attribute.Graphs.Count > 0)
                    throw file.Refuse(place, $"a graph found in attribute {Quote(attribute.Name)}; expected none");
            }
        }
    }
}
