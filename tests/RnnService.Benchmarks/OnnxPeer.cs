using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using RnnService.Engine.Kernels;
using RnnService.Engine.Weights;
using RnnService.Onnx.Format.Protos;

namespace RnnService.Benchmarks;

/// <summary>
/// ONNX Runtime on a graph of one input and one output, both bound once: nothing is copied or allocated around its run.
/// </summary>
internal sealed class OnnxPeer : IDisposable
{
    private readonly InferenceSession _session;
    private readonly RunOptions _options = new();
    private readonly string[] _inputs, _outputs;
    private readonly OrtValue[] _in, _out;
    private readonly float[] _output;

    private OnnxPeer(ModelProto model, OrtValue input, long[] shape, int threads)
    {
        using var options = new SessionOptions
        {
            IntraOpNumThreads = threads,
            InterOpNumThreads = 1,
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL,
        };
        _session = new InferenceSession(model.ToByteArray(), options);
        _inputs = [model.Graph.Input[0].Name];
        _outputs = [model.Graph.Output[0].Name];
        _output = new float[shape.Aggregate((product, size) => product * size)];
        _in = [input];
        _out = [OrtValue.CreateTensorValueFromMemory(_output, shape)];
    }

    /// <summary>A workload's network with these weights, which it keeps as it is told.</summary>
    public static OnnxPeer Of(Workload work, Parameters parameters, int[] ids, ElementType type = ElementType.F32) => new(
        OnnxGraph.Of(work, parameters, type),
        OrtValue.CreateTensorValueFromMemory(Array.ConvertAll(ids, id => (long)id), [work.Steps, work.Batch]),
        [work.Steps, work.Batch, work.Hidden * (work.Both ? 2 : 1)],
        work.Both ? 2 : 1);

    /// <summary>A product A [rows, depth] · B [depth, columns].</summary>
    public static OnnxPeer Product(int rows, int depth, int columns, float[] a, float[] b) => new(
        OnnxGraph.Product(rows, depth, columns, b), OrtValue.CreateTensorValueFromMemory(a, [rows, depth]), [rows, columns], threads: 1);

    /// <summary>One run; the output is valid until the next.</summary>
    public ReadOnlySpan<float> Run()
    {
        _session.Run(_options, _inputs, _in, _outputs, _out);
        return _output;
    }

    public void Dispose()
    {
        foreach (OrtValue value in (OrtValue[])[.. _in, .. _out]) value.Dispose();
        _options.Dispose();
        _session.Dispose();
    }
}
