using System.Text.Json;
using Microsoft.ML.OnnxRuntime;

/// <summary>Translates with ONNX Runtime alone, from the two files that <c>rnn export</c> wrote of a translator.</summary>
public sealed class TranslateText : IDisposable
{
    private readonly InferenceSession _encoder, _decoder;
    private readonly long _sourceEnd, _end;
    private readonly HashSet<long> _never; // ids that stand for no text

    /// <summary>Opens the files in a folder.</summary>
    public TranslateText(string folder)
    {
        (_encoder, _decoder) = (new(Path.Combine(folder, "encoder.onnx")), new(Path.Combine(folder, "decoder.onnx")));
        JsonElement vocabulary = JsonElement.Parse(_decoder.ModelMetadata.CustomMetadataMap["rnn_service.vocab"]);
        string[] read = [.. vocabulary.GetProperty("tokens").EnumerateArray().Select(token => token.GetString()!)], written = read;
        if (vocabulary.TryGetProperty("targets", out JsonElement targets)) written = [.. targets.EnumerateArray().Select(token => token.GetString()!)];
        (_sourceEnd, _end) = (Array.IndexOf(read, "</s>"), Array.IndexOf(written, "</s>"));
        _never = [Array.IndexOf(written, "<unk>"), Array.IndexOf(written, "<pad>")];
    }

    /// <summary>The ids of a greedy translation, one by one as they come.</summary>
    /// <param name="source">Ids of the source's tokens.</param>
    /// <param name="most">Tokens to give at most.</param>
    public IEnumerable<long> Greedy(long[] source, int most)
    {
        long[] read = [.. source, _sourceEnd];
        using var run = new RunOptions();
        using OrtValue ids = OrtValue.CreateTensorValueFromMemory(read, [1, read.Length]);
        using OrtValue lengths = OrtValue.CreateTensorValueFromMemory(new[] { (long)read.Length }, [1]);
        using var encoded = _encoder.Run(run, ["input_ids", "lengths"], [ids, lengths], _encoder.OutputNames);

        // What the encoder gives is called what the decoder takes. h_n, c_n and fed_n of a step are h_0, c_0 and fed_0 of the next.
        var given = _encoder.OutputNames.Zip(encoded).ToDictionary(output => output.First, output => output.Second);
        given["lengths"] = lengths;
        string[] inputs = [.. _decoder.InputNames], outputs = [.. _decoder.OutputNames];
        IDisposable? last = null;
        for (long next = _end; most > 0; most--)
        {
            using OrtValue token = OrtValue.CreateTensorValueFromMemory(new[] { next }, [1]);
            given["input_ids"] = token;
            var step = _decoder.Run(run, inputs, [.. inputs.Select(name => given[name])], outputs);
            last?.Dispose();
            last = step;
            ReadOnlySpan<float> logits = step[Array.IndexOf(outputs, "logits")].GetTensorDataAsSpan<float>();
            next = -1;
            for (int id = 0; id < logits.Length; id++)
            {
                if (!_never.Contains(id) && (next < 0 || logits[id] > logits[(int)next])) next = id;
            }

            if (next == _end) break;
            yield return next;
            for (int i = 0; i < outputs.Length; i++)
            {
                if (outputs[i].EndsWith("_n", StringComparison.Ordinal)) given[outputs[i].Replace("_n", "_0")] = step[i];
            }
        }

        last?.Dispose();
    }

    /// <summary>Lets go of the graphs.</summary>
    public void Dispose()
    {
        _encoder.Dispose();
        _decoder.Dispose();
    }
}
