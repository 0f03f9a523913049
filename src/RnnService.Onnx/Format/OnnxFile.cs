using Google.Protobuf;
using RnnService.Engine.Text;
using RnnService.Engine.Weights;
using RnnService.Onnx.Format.Protos;

namespace RnnService.Onnx.Format;

/// <summary>
/// An ONNX model read from a file that nobody vouches for. What <see cref="Open"/> returns is one graph in one file, whose nodes are in
/// order, whose names are produced once, and whose tensors have as much data as their shapes ask for. Whether the operators fit together
/// is for whoever runs them to say. Reading takes the file's size, the largest tensor once more, and a constant. Treat as immutable.
/// </summary>
internal sealed class OnnxFile
{
    private const int Largest = int.MaxValue; // protobuf's own limit

    private OnnxFile(ModelProto model, string path) => (Model, Path) = (model, path);

    /// <summary>The model.</summary>
    public ModelProto Model { get; }

    /// <summary>The file, as the caller named it.</summary>
    public string Path { get; }

    /// <summary>Number of floating-point values among the tensors.</summary>
    public long ParameterCount => Model.Graph.Initializer
        .Where(tensor => ElementTypes.IsFloat(tensor.DataType))
        .Sum(tensor => tensor.Dims.Aggregate(1L, (product, size) => product * size));

    /// <summary>Reads a file and checks it.</summary>
    /// <exception cref="OnnxFormatException">It is not a well-formed ONNX model, or holds what this project does not take.</exception>
    /// <exception cref="IOException">The file is missing, is no regular file or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">Its permissions forbid reading.</exception>
    public static OnnxFile Open(string path)
    {
        using FileStream stream = RegularFile.Open(path, long.MaxValue);
        return Read(stream, path);
    }

    /// <summary>Reads a stream that can seek, from its beginning, and checks it.</summary>
    /// <param name="stream">The bytes.</param>
    /// <param name="file">A name for messages.</param>
    /// <exception cref="OnnxFormatException">It is not a well-formed ONNX model, or holds what this project does not take.</exception>
    public static OnnxFile Read(Stream stream, string file)
    {
        if (stream.Length == 0) throw new OnnxFormatException(file, "byte 0", "the file is empty; expected an ONNX model");
        if (stream.Length > Largest)
            throw new OnnxFormatException(file, "size", $"{stream.Length} bytes found; expected at most {Largest}");
        WireCheck.Check(stream, ModelProto.Descriptor, file);
        stream.Position = 0;
        ModelProto model;
        try
        {
            model = ModelProto.Parser.WithDiscardUnknownFields(true).ParseFrom(stream);
        }
        catch (InvalidProtocolBufferException error)
        {
            throw new OnnxFormatException(file, "encoding", $"{error.Message.TrimEnd('.')}; expected an ONNX model", error);
        }

        new ModelCheck(file).Check(model);
        return new OnnxFile(model, file);
    }

    /// <summary>The values of a tensor of floating-point numbers, row-major, however they are stored; doubles are rounded.</summary>
    /// <exception cref="OnnxFormatException">It holds no floating-point numbers.</exception>
    public float[] Floats(TensorProto tensor) => TensorContent.Floats(tensor)
        ?? throw Refuse(TensorContent.PlaceOf(tensor), $"{ElementTypes.Name(tensor.DataType)} found; expected floating-point numbers");

    /// <summary>The values of a tensor of whole numbers, row-major, however they are stored.</summary>
    /// <exception cref="OnnxFormatException">It holds no whole numbers of 8 to 64 bits, or one beyond 2^63 − 1.</exception>
    public long[] Integers(TensorProto tensor) => TensorContent.Integers(tensor)
        ?? throw Refuse(TensorContent.PlaceOf(tensor), $"{ElementTypes.Name(tensor.DataType)} found; expected whole numbers");

    /// <summary>What the metadata say under a key; null where they say nothing.</summary>
    public string? Metadata(string key) => Model.MetadataProps.FirstOrDefault(entry => entry.Key == key)?.Value;

    /// <summary>An exception that names a place of this file.</summary>
    public OnnxFormatException Refuse(string place, string problem, string? advice = null) => new(Path, place, problem, advice: advice);

    /// <summary>An exception that says that the output asked for is none of the graph's.</summary>
    public OnnxFormatException RefuseOutput(string name)
    {
        string[] outputs = [.. Model.Graph.Output.Select(output => WeightFormatException.Quote(output.Name))];
        return Refuse("graph", $"no output {WeightFormatException.Quote(name)} (output_name) found; expected one of {Listing.Of(outputs, outputs.Length)}");
    }
}
