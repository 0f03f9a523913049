using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Weights;
using RnnService.Onnx.Format.Protos;

namespace RnnService.Onnx.Format;

/// <summary>
/// The transitions of a conditional random field in a graph. The graph gives the logits of each step; the likeliest string of labels takes a loop over
/// them, which is the reader's, so that no operator with a graph inside is needed. The scores to do it with are outputs beside the logits.
/// </summary>
internal static class GraphTransitions
{
    private const string Prefix = "crf.", Start = "start_transitions", Between = "transitions", End = "end_transitions";

    /// <summary>Names of the outputs; the tensors, and the model's parameters, are called so after <c>crf.</c></summary>
    public static IReadOnlyList<string> Outputs { get; } = [Start, Between, End];

    /// <summary>Writes the outputs, of a model that has them.</summary>
    public static void Write(GraphWriter graph, Parameters parameters)
    {
        foreach (string output in Outputs)
        {
            if (parameters.All.FirstOrDefault(parameter => parameter.Name == Prefix + output) is not { } parameter) continue;
            string tensor = graph.Floats(parameter.Name, [.. parameter.Shape.Select(size => (long)size)], parameter.Values);
            graph.Output(graph.Node("Identity", output, [tensor]), DocOf(output), [.. parameter.Shape.Select(size => (GraphWriter.Size)size)]);
        }
    }

    /// <summary>The tensors by the parameters' names, as many as there are. A graph that was simplified may have them under the outputs' names.</summary>
    public static IEnumerable<(string Name, TensorProto Tensor)> Find(OnnxFile file) =>
        from output in Outputs
        let tensor = file.Model.Graph.Initializer.FirstOrDefault(tensor => tensor.Name == Prefix + output)
            ?? file.Model.Graph.Initializer.FirstOrDefault(tensor => tensor.Name == output)
        where tensor is not null
        select (Prefix + output, tensor);

    /// <summary>The transitions of a tagger; null for a model without.</summary>
    /// <exception cref="OnnxFormatException">The configuration has them and the graph has none, or of another shape, or values that are not finite.</exception>
    public static LabelTransitions? Read(OnnxFile file, ModelConfig config)
    {
        if (!config.Crf) return null;
        Dictionary<string, TensorProto> found = Find(file).ToDictionary(one => one.Name, one => one.Tensor, StringComparer.Ordinal);
        return new LabelTransitions(Values(Start), Values(Between), Values(End));

        float[] Values(string output)
        {
            if (!found.TryGetValue(Prefix + output, out TensorProto? tensor))
                throw file.Refuse("graph", $"no tensor {Prefix + output} found; expected one, since crf is true");
            long labels = config.NetworkLabels.Count;
            long[] expected = output == Between ? [labels, labels] : [labels];
            if (!tensor.Dims.SequenceEqual(expected))
                throw file.Refuse(TensorContent.PlaceOf(tensor), $"[{string.Join(", ", tensor.Dims)}] found; expected [{string.Join(", ", expected)}], as labels has it");
            float[] values = file.Floats(tensor);
            return Array.TrueForAll(values, float.IsFinite)
                ? values
                : throw file.Refuse(TensorContent.PlaceOf(tensor), $"value {Array.FindIndex(values, value => !float.IsFinite(value))} is not finite; expected finite numbers");
        }
    }

    private static string DocOf(string output) => output switch
    {
        Start => "Added to the logits of a row's first step.",
        End => "Added to the logits of a row's last step.",
        _ => "Added for a label and the next, from the row's to the column's: the likeliest string of labels has the largest sum (Viterbi).",
    };
}
