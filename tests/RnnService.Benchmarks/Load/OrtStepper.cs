using Microsoft.ML.OnnxRuntime;
using RnnService.Engine.Models;
using RnnService.Onnx.Export;

namespace RnnService.Benchmarks.Load;

/// <summary>
/// One session of ONNX Runtime that moves streams on one at a time, as a service without batching does. Kind to it: everything is bound
/// once, the state that comes out of a step goes into the next without a copy, and choosing the next token costs nothing.
/// </summary>
internal sealed class OrtStepper : IDisposable
{
    private readonly InferenceSession _session;
    private readonly RunOptions _options = new();
    private readonly List<IDisposable> _values = [];
    private readonly string[] _inputs = ["input_ids", "lengths", "h_0", "c_0"], _outputs = ["logits", "h_n", "c_n"];
    private readonly (OrtValue[] In, OrtValue[] Out)[] _steps; // two a stream: there and back
    private readonly long[] _ids;
    private int _next;

    public OrtStepper(LoadedModel folder, int streams, int threads)
    {
        using var options = new SessionOptions { IntraOpNumThreads = threads, InterOpNumThreads = 1 };
        _session = new InferenceSession(OnnxExport.ToBytes(folder)[GraphPart.Whole], options);
        TextModel model = folder.TextModel;
        ModelConfig config = model.Config;
        int state = config.Layers * config.HiddenSize, vocabulary = model.Vocabulary.Tokens.Count;
        _ids = new long[streams];
        _steps = new (OrtValue[], OrtValue[])[streams * 2];
        OrtValue lengths = Keep(OrtValue.CreateTensorValueFromMemory([1L], [1]));
        for (int i = 0; i < streams; i++)
        {
            OrtValue ids = Keep(OrtValue.CreateTensorValueFromMemory(
                OrtMemoryInfo.DefaultInstance, _ids.AsMemory(i, 1), [1, 1]));
            OrtValue logits = Keep(OrtValue.CreateTensorValueFromMemory(new float[vocabulary], [1, 1, vocabulary]));
            OrtValue[] states = [.. Enumerable.Range(0, 4).Select(_ =>
                Keep(OrtValue.CreateTensorValueFromMemory(new float[state], [config.Layers, 1, config.HiddenSize])))];
            _steps[i * 2] = ([ids, lengths, states[0], states[1]], [logits, states[2], states[3]]);
            _steps[i * 2 + 1] = ([ids, lengths, states[2], states[3]], [logits, states[0], states[1]]);
        }
    }

    /// <summary>Moves every stream on by one token.</summary>
    public void Step()
    {
        for (int i = 0; i < _ids.Length; i++)
        {
            _ids[i] = (_ids[i] + 7) % 90;
            (OrtValue[] inputs, OrtValue[] outputs) = _steps[i * 2 + _next];
            _session.Run(_options, _inputs, inputs, _outputs, outputs);
        }

        _next ^= 1;
    }

    public void Dispose()
    {
        foreach (IDisposable value in _values) value.Dispose();
        _options.Dispose();
        _session.Dispose();
    }

    private OrtValue Keep(OrtValue value)
    {
        _values.Add(value);
        return value;
    }
}
