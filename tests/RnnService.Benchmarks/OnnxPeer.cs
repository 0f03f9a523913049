using Microsoft.ML.OnnxRuntime;
using RnnService.Engine.Weights;

namespace RnnService.Benchmarks;

/// <summary>ONNX Runtime on a workload, with its inputs and outputs bound once: nothing is copied or allocated around its run.</summary>
internal sealed class OnnxPeer : IDisposable
{
    private static readonly string[] Inputs = ["ids"], Outputs = ["output"];
    private readonly InferenceSession _session;
    private readonly RunOptions _options = new();
    private readonly OrtValue[] _inputs, _outputs;
    private readonly float[] _output;

    public OnnxPeer(Workload work, Parameters parameters, int[] ids, int threads)
    {
        using var options = new SessionOptions
        {
            IntraOpNumThreads = threads,
            InterOpNumThreads = 1,
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL,
        };
        _session = new InferenceSession(OnnxGraph.Of(work, parameters), options);
        int width = work.Hidden * (work.Both ? 2 : 1);
        _output = new float[work.Steps * work.Batch * width];
        _inputs = [OrtValue.CreateTensorValueFromMemory(Array.ConvertAll(ids, id => (long)id), [work.Steps, work.Batch])];
        _outputs = [OrtValue.CreateTensorValueFromMemory(_output, [work.Steps, work.Batch, width])];
    }

    /// <summary>One run; the output [T,B,directions·H] is valid until the next.</summary>
    public ReadOnlySpan<float> Run()
    {
        _session.Run(_options, Inputs, _inputs, Outputs, _outputs);
        return _output;
    }

    public void Dispose()
    {
        foreach (OrtValue value in (OrtValue[])[.. _inputs, .. _outputs]) value.Dispose();
        _options.Dispose();
        _session.Dispose();
    }
}
