using RnnService.Onnx.Comparison;

namespace RnnService.Onnx.Export;

/// <summary>What of a model a graph computes.</summary>
public enum GraphPart
{
    /// <summary>All of it.</summary>
    Whole,

    /// <summary>What a translator reads sources with.</summary>
    Encoder,

    /// <summary>One step of what a translator writes targets with.</summary>
    Decoder,
}

/// <summary>An ONNX file.</summary>
/// <param name="Part">What of the model is in it.</param>
/// <param name="Content">Its bytes.</param>
public sealed record ExportedFile(GraphPart Part, byte[] Content)
{
    /// <summary>The usual name of a file: model.onnx, encoder.onnx or decoder.onnx.</summary>
    public string Name => NameOf(Part);

    internal static string NameOf(GraphPart part) => part switch
    {
        GraphPart.Encoder => "encoder.onnx",
        GraphPart.Decoder => "decoder.onnx",
        _ => "model.onnx",
    };
}

/// <summary>A model written as ONNX.</summary>
/// <param name="Files">One file, or the encoder and the decoder of a translator.</param>
/// <param name="Opset">The version of the operators.</param>
/// <param name="Difference">
/// The largest difference from the answers of the model's weights multiplied as 32-bit floats, as <see cref="Agreement"/> measures it.
/// </param>
/// <param name="Rounding">
/// The largest difference from the answers of a model with 8-bit weights, which rounds what they are multiplied with as well; 0 for any
/// other model, whose own answers are those of floats.
/// </param>
public sealed record ExportedModel(IReadOnlyList<ExportedFile> Files, int Opset, double Difference, double Rounding = 0)
{
    /// <summary>The bytes of a part's file.</summary>
    /// <exception cref="ArgumentException">The model has no such part.</exception>
    public byte[] this[GraphPart part] => Files.FirstOrDefault(file => file.Part == part)?.Content
        ?? throw new ArgumentException($"part is {part}; expected {string.Join(" or ", Files.Select(file => file.Part))}", nameof(part));
}
