using System.Runtime.InteropServices;
using Google.Protobuf;
using RnnService.Engine.Kernels;
using RnnService.Engine.Layers;
using RnnService.Engine.Weights;
using RnnService.Onnx.Export;
using RnnService.Onnx.Format;
using RnnService.Onnx.Format.Protos;
using DataType = RnnService.Onnx.Format.Protos.TensorProto.Types.DataType;

namespace RnnService.Benchmarks;

/// <summary>Graphs for ONNX Runtime, by the exporter: one input, one output.</summary>
internal static class OnnxGraph
{
    private const int Opset = OnnxExport.DefaultOpset;

    /// <summary>A workload's network: ids [T,B] in, the top layer's output [T,B,directions·H] out.</summary>
    public static ModelProto Of(Workload work, Parameters parameters, ElementType type)
    {
        var graph = new GraphWriter(Opset);
        Dictionary<string, Parameter> named = parameters.All.ToDictionary(parameter => parameter.Name);
        string ids = graph.Input("ids", DataType.Int64, "", work.Steps, work.Batch);
        string table = graph.Floats("embedding", [Workload.Vocabulary, work.Embedding], named["embedding.weight"].Values);
        Direction direction = work.Both ? Direction.Bidirectional : Direction.Forward;
        var stack = new RecurrentStack(work.Kind, "rnn", work.Hidden, work.Layers, direction);
        string output = new RecurrentExport(graph, named)
            .Write(stack, graph.Node("Gather", "x", [table, ids]), lengths: null, hidden: null, cellState: null, withSteps: true).Steps;
        graph.Output(output, "", work.Steps, work.Batch, stack.OutputSize);
        ModelProto model = OnnxExport.Wrap(graph.Graph, Opset);
        if (type == ElementType.I8) Quantize(model);
        return model;
    }

    /// <summary>A [rows, depth] · B [depth, columns].</summary>
    public static ModelProto Product(int rows, int depth, int columns, ReadOnlySpan<float> b)
    {
        var graph = new GraphWriter(Opset);
        string a = graph.Input("a", DataType.Float, "", rows, depth);
        graph.Output(graph.Node("MatMul", "c", [a, graph.Floats("b", [depth, columns], b)]), "", rows, columns);
        return OnnxExport.Wrap(graph.Graph, Opset);
    }

    /// <summary>
    /// Does to the LSTM nodes what ONNX Runtime's quantize_dynamic does: their weights become signed 8-bit integers with one scale a matrix
    /// and direction, stored as [directions, inputs, 4·H].
    /// </summary>
    private static void Quantize(ModelProto model)
    {
        const int firstScale = 8; // X, W, R, B, sequence_lens, initial_h, initial_c, P; then the scales and zero points of W and of R
        model.OpsetImport.Add(new OperatorSetIdProto { Domain = "com.microsoft", Version = 1 });
        Dictionary<string, TensorProto> tensors = model.Graph.Initializer.ToDictionary(tensor => tensor.Name);
        foreach (NodeProto node in model.Graph.Node.Where(node => node.OpType == "LSTM"))
        {
            node.OpType = "DynamicQuantizeLSTM";
            node.Domain = "com.microsoft";
            while (node.Input.Count < firstScale) node.Input.Add("");
            foreach (string name in (string[])[node.Input[1], node.Input[2]])
            {
                float[] scales = Quantize(tensors[name]);
                Add($"{name}.scale", DataType.Float, MemoryMarshal.AsBytes<float>(scales));
                Add($"{name}.zero", DataType.Int8, new byte[scales.Length]);

                void Add(string tensor, DataType type, ReadOnlySpan<byte> bytes)
                {
                    model.Graph.Initializer.Add(new TensorProto
                    {
                        Name = tensor,
                        DataType = (int)type,
                        Dims = { scales.Length },
                        RawData = ByteString.CopyFrom(bytes),
                    });
                    node.Input.Add(tensor);
                }
            }
        }
    }

    private static float[] Quantize(TensorProto matrix)
    {
        (int directions, int rows, int columns) = ((int)matrix.Dims[0], (int)matrix.Dims[1], (int)matrix.Dims[2]);
        ReadOnlySpan<float> values = MemoryMarshal.Cast<byte, float>(matrix.RawData.Span);
        float[] scales = new float[directions];
        byte[] narrow = new byte[values.Length];
        for (int direction = 0; direction < directions; direction++)
        {
            ReadOnlySpan<float> from = values.Slice(direction * rows * columns, rows * columns);
            Span<byte> to = narrow.AsSpan(direction * rows * columns, rows * columns);
            float largest = 0;
            foreach (float value in from) largest = MathF.Max(largest, MathF.Abs(value));
            float scale = scales[direction] = largest / sbyte.MaxValue;
            for (int i = 0; i < from.Length; i++) to[i % columns * rows + i / columns] = (byte)(sbyte)MathF.Round(from[i] / scale);
        }

        matrix.Dims[1] = columns;
        matrix.Dims[2] = rows;
        matrix.DataType = (int)DataType.Int8;
        matrix.RawData = UnsafeByteOperations.UnsafeWrap(narrow);
        return scales;
    }
}
