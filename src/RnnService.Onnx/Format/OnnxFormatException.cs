using RnnService.Engine.Weights;

namespace RnnService.Onnx.Format;

/// <summary>
/// An ONNX file is malformed, or holds what this project does not take. The message is "file: place: what was found; expected what".
/// </summary>
public sealed class OnnxFormatException : WeightFormatException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="file">The file, as the caller named it.</param>
    /// <param name="place">Where in the file.</param>
    /// <param name="problem">What was found there, and what was expected.</param>
    /// <param name="inner">The error underneath, if any.</param>
    /// <param name="advice">What to change where the model is exported, a sentence without its full stop; null where nothing is known to help.</param>
    public OnnxFormatException(string file, string place, string problem, Exception? inner = null, string? advice = null)
        : base(file, $"{place}: {problem}{(advice is null ? "" : $". {advice}")}", inner) => (Place, Advice) = (place, advice);

    /// <summary>Where in the file.</summary>
    public string Place { get; }

    /// <summary>What to change where the model is exported, a sentence that the message ends with; null where nothing is known to help.</summary>
    public string? Advice { get; }

    /// <summary>A node as messages name it: its place, operator and name.</summary>
    internal static string NodePlace(int index, Protos.NodeProto node) =>
        $"node {index} ({Quote(node.OpType)}{(node.Name.Length > 0 ? " " + Quote(node.Name) : "")})";
}
