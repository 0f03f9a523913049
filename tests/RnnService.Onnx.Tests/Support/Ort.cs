using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using RnnService.Onnx.Format.Protos;

namespace RnnService.Onnx.Tests.Support;

/// <summary>ONNX Runtime running a model on one thread. Inputs and outputs by name.</summary>
internal sealed class Ort : IDisposable
{
    private const OrtLoggingLevel Quiet = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL; // what it refuses it throws

    private readonly InferenceSession _session;

    public Ort(ModelProto model) : this(model.ToByteArray())
    {
    }

    public Ort(byte[] model)
    {
        using var options = new SessionOptions { IntraOpNumThreads = 1, InterOpNumThreads = 1, LogSeverityLevel = Quiet };
        _session = new InferenceSession(model, options);
    }

    public IEnumerable<string> Inputs => _session.InputMetadata.Keys;

    public Dictionary<string, float[]> Run(params (string Name, Array Values, int[] Shape)[] inputs)
    {
        List<NamedOnnxValue> values = [.. inputs.Select(input => input.Values is long[] integers
            ? NamedOnnxValue.CreateFromTensor(input.Name, new DenseTensor<long>(integers, input.Shape))
            : NamedOnnxValue.CreateFromTensor(input.Name, new DenseTensor<float>((float[])input.Values, input.Shape)))];
        using var options = new RunOptions { LogSeverityLevel = Quiet };
        using var outputs = _session.Run(values, _session.OutputNames, options);
        return outputs.ToDictionary(output => output.Name, output => output.AsTensor<float>().ToArray());
    }

    public void Dispose() => _session.Dispose();
}
