using RnnService.Engine.Models;
using RnnService.Onnx.Comparison;
using RnnService.Onnx.Format;
using RnnService.Onnx.Format.Protos;
using static RnnService.Engine.Weights.WeightFormatException;
using DataType = RnnService.Onnx.Format.Protos.TensorProto.Types.DataType;

namespace RnnService.Onnx.Runtime.Signatures;

/// <summary>The output of a graph that gives the answers.</summary>
/// <param name="Name">Its name.</param>
/// <param name="LabelsSecond">Whether the labels are the middle one of three dimensions.</param>
/// <param name="Form">What its numbers are, as far as the last operator tells.</param>
/// <param name="Operator">The operator that makes its numbers; empty where none does.</param>
/// <param name="EndsLinear">Whether they come straight from a product, so that values from 0 to 1 are chance.</param>
/// <param name="Others">Other outputs that could be it.</param>
internal sealed record AnswerOutput(string Name, bool LabelsSecond, AnswerForm Form, string Operator, bool EndsLinear, IReadOnlyList<string> Others)
{
    private static readonly string[] StateNames = ["h_n", "hn", "c_n", "cn", "hidden", "state", "cell"];

    /// <summary>Finds it: by the name given, by the names "logits" and those that hold "logit", or by its shape.</summary>
    /// <param name="file">The file.</param>
    /// <param name="paths">Where its values come from.</param>
    /// <param name="config">What the model is.</param>
    /// <param name="size">Logits of an answer: V or [labels].</param>
    /// <param name="tokens">Whether each token or step has an answer, and not the row as a whole.</param>
    /// <exception cref="OnnxFormatException">No output fits.</exception>
    public static AnswerOutput Find(OnnxFile file, GraphPaths paths, ModelConfig config, int size, bool tokens)
    {
        string form = tokens ? $"[batch,time,{size}]" : $"[batch,{size}]";
        ValueInfoProto[] outputs = [.. file.Model.Graph.Output];
        if (config.OutputName is { } name && outputs.All(output => output.Name != name)) throw file.RefuseOutput(name);
        ValueInfoProto[] fitting = [.. outputs.Where(output => Fit(output) > 0)
            .OrderByDescending(Fit).ThenBy(output => StateNames.Any(part => Has(output, part)))];
        ValueInfoProto? chosen = config.OutputName is { } given ? outputs.First(output => output.Name == given)
            : outputs.FirstOrDefault(output => output.Name == "logits")
            ?? fitting.FirstOrDefault(output => Has(output, "logit"))
            ?? fitting.FirstOrDefault();
        if (chosen is null)
        {
            string found = outputs.Length == 0 ? "" : $" ({string.Join(", ", outputs.Take(10).Select(Show))})";
            throw file.Refuse("graph", $"no output for logits found{found}; expected float {form}");
        }

        if (Fit(chosen) == 0)
        {
            throw file.Refuse(
                $"output {Quote(chosen.Name)}",
                $"{Read(chosen).Show()} found; expected float {form} ({(config.Task == ModelTask.LanguageModel ? "tokens of the vocabulary" : "labels")} last)");
        }

        NodeProto? origin = paths.Origin(chosen.Name);
        AnswerForm end = origin?.OpType switch
        {
            "Softmax" => AnswerForm.Softmax,
            "Sigmoid" or "HardSigmoid" => AnswerForm.Sigmoid,
            _ => AnswerForm.Logits,
        };
        bool isLinear = origin is null or { OpType: "Gemm" or "MatMul" or "Add" or "LogSoftmax" or "Log" or "LSTM" or "GRU" or "RNN" };
        string[] others = [.. fitting.Where(
            output => output != chosen && output.Type?.TensorType?.Shape is not null && Fit(output) == Fit(chosen)
                && !StateNames.Any(part => Has(output, part))).Select(output => output.Name)];
        bool second = tokens && chosen.Type?.TensorType?.Shape is { Dim: [_, { HasDimValue: true } middle, var last] }
            && middle.DimValue == size && !(last.HasDimValue && last.DimValue == size);
        return new AnswerOutput(chosen.Name, second, end, origin?.OpType ?? "", isLinear, others);

        int Fit(ValueInfoProto output)
        {
            if (output.Type?.TensorType is not { } type) return 1;
            if ((DataType)type.ElemType is not (DataType.Float or DataType.Double or DataType.Float16)) return 0;
            if (type.Shape is null) return 1;
            int?[] sizes = GraphInput.SizesOf(type.Shape);
            int rank = tokens ? 3 : 2;
            bool ends = sizes.Length > 0 && (sizes[^1] is null || sizes[^1] == size);
            if (sizes.Length == rank && ends) return sizes[^1] == size ? 6 : 5;
            if (tokens && sizes.Length == 3 && sizes[1] == size) return 4;
            // One dimension more of one, or tokens of all rows below each other.
            if (ends && (!tokens && sizes.Length == 3 && (sizes[0] == 1 || sizes[1] == 1) || tokens && sizes.Length == 2))
                return sizes[^1] == size ? 4 : 3;
            if (size != 2) return 0;
            // One logit for two labels.
            if (sizes.Length >= 1 && sizes.Length <= rank && sizes[^1] == 1) return 3;
            return sizes.Length == rank - 1 ? 2 : 0;
        }

        static bool Has(ValueInfoProto output, string part) => output.Name.Contains(part, StringComparison.OrdinalIgnoreCase);

        static string Show(ValueInfoProto output) => $"{Quote(output.Name)} {Read(output).Show()}";
    }

    private static GraphInput Read(ValueInfoProto output) => output.Type?.TensorType is { } type
        ? new GraphInput(output.Name, (DataType)type.ElemType, GraphInput.SizesOf(type.Shape ?? new()))
        : new GraphInput(output.Name, DataType.Undefined, []);
}
