using Google.Protobuf;
using RnnService.Engine.Models;
using RnnService.Onnx.Export;
using RnnService.Onnx.Format.Protos;

namespace RnnService.AspNetCore.Tests;

/// <summary>Folders of the same models whose weights are in an ONNX file.</summary>
internal static class OnnxTwin
{
    /// <summary>Makes the folder NAME-onnx, without a golden answer.</summary>
    /// <returns>The folder.</returns>
    public static string Add(TinyModels models, string name)
    {
        string source = Path.Combine(models.Path, name), target = Path.Combine(models.Path, $"{name}-onnx");
        Directory.CreateDirectory(target);
        foreach (string file in new[] { "config.json", "vocab.json" }) File.Copy(Path.Combine(source, file), Path.Combine(target, file));
        OnnxExport.Write(Path.Combine(target, "model.onnx"), ModelFolder.Load(source));
        return target;
    }

    /// <summary>Makes a graph one that fails when a row has so many tokens: the index of a Gather is then out of range.</summary>
    public static void Forbid(string folder, long length)
    {
        string path = Path.Combine(folder, "model.onnx");
        var model = ModelProto.Parser.ParseFrom(File.ReadAllBytes(path));
        GraphProto graph = model.Graph;
        NodeProto head = graph.Node.Single(node => node.Output.Contains("logits"));
        head.Name = head.Output[0] = "before";
        graph.Initializer.Add(new TensorProto
        {
            Name = "forbidden",
            DataType = (int)TensorProto.Types.DataType.Int64,
            RawData = ByteString.CopyFrom(BitConverter.GetBytes(length)),
        });
        graph.Initializer.Add(new TensorProto
        {
            Name = "nothing",
            DataType = (int)TensorProto.Types.DataType.Float,
            Dims = { 1 },
            RawData = ByteString.CopyFrom(new byte[sizeof(float)]),
        });
        Node("Equal", "found", "lengths", "forbidden");
        Node("Cast", "counted", "found").Attribute.Add(new AttributeProto
        {
            Name = "to",
            Type = (int)AttributeProto.Types.AttributeType.Int,
            I = (int)TensorProto.Types.DataType.Int64,
        });
        Node("ReduceMax", "any", "counted").Attribute.Add(new AttributeProto
        {
            Name = "keepdims",
            Type = (int)AttributeProto.Types.AttributeType.Int,
            I = 0,
        });
        Node("Gather", "zero", "nothing", "any");
        Node("Add", "logits", "before", "zero");
        File.WriteAllBytes(path, model.ToByteArray());

        NodeProto Node(string operation, string output, params string[] inputs)
        {
            var node = new NodeProto { OpType = operation, Name = output, Output = { output } };
            node.Input.AddRange(inputs);
            graph.Node.Add(node);
            return node;
        }
    }
}
