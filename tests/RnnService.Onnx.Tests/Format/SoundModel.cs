using Google.Protobuf;
using RnnService.Onnx.Export;
using RnnService.Onnx.Format;
using RnnService.Onnx.Format.Protos;
using DataType = RnnService.Onnx.Format.Protos.TensorProto.Types.DataType;

namespace RnnService.Onnx.Tests.Format;

/// <summary>A small model that is read, to be changed.</summary>
internal static class SoundModel
{
    public const string Name = "model.onnx";

    public static ModelProto Sound()
    {
        var graph = new GraphWriter(17);
        graph.Input("x", DataType.Float, "", "batch", 2);
        string w = graph.Floats("w", [2, 3], [1, 2, 3, 4, 5, 6]);
        graph.Node("MatMul", "a", ["x", w]);
        graph.Node("Add", "b", ["a", graph.Float(1)]);
        graph.Node("Clip", "y", ["b", "", graph.Float(1)]);
        graph.Output("y", "", "batch", 3);
        (graph.Graph.Node[0].Name, graph.Graph.Node[1].Name) = ("first", "second");
        return OnnxExport.Wrap(graph.Graph, 17);
    }

    public static OnnxFile Read(ModelProto model) => Read(model.ToByteArray());

    public static OnnxFile Read(byte[] bytes)
    {
        using var stream = new MemoryStream(bytes);
        return OnnxFile.Read(stream, Name);
    }
}
