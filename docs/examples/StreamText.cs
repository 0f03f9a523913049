using System.Text.Json;
using Microsoft.ML.OnnxRuntime;

/// <summary>Continues a text with ONNX Runtime alone, from a file that <c>rnn export</c> wrote.</summary>
public static class StreamText
{
    /// <summary>The likeliest continuation, token by token as it comes.</summary>
    public static IEnumerable<string> Greedy(string file, string prompt, int count)
    {
        using var session = new InferenceSession(file);
        var metadata = session.ModelMetadata.CustomMetadataMap;
        string[] tokens = JsonDocument.Parse(metadata["rnn_service.vocab"]).RootElement.GetProperty("tokens")
            .EnumerateArray().Select(token => token.GetString()!).ToArray();
        Dictionary<string, long> ids = tokens.Index().ToDictionary(token => token.Item, token => (long)token.Index);
        long[] next = [.. prompt.EnumerateRunes().Select(rune => ids.GetValueOrDefault($"{rune}", ids["<unk>"]))];

        // h_0, and c_0 of an LSTM, begin at zero; h_n and c_n of one call are those of the next.
        string[] states = [.. session.InputNames.Where(name => name is "h_0" or "c_0")];
        int[] shape = session.InputMetadata["h_0"].Dimensions; // layers, batch, hidden
        float[][] values = [.. states.Select(_ => new float[shape[0] * shape[2]])];
        string[] outputs = ["logits", .. states.Select(name => $"{name[0]}_n")];
        for (int i = 0; i < count; i++)
        {
            using var run = new RunOptions();
            OrtValue[] inputs =
            [
                OrtValue.CreateTensorValueFromMemory(next, [1, next.Length]),
                OrtValue.CreateTensorValueFromMemory(new[] { (long)next.Length }, [1]),
                .. values.Select(value => OrtValue.CreateTensorValueFromMemory(value, [shape[0], 1, shape[2]])),
            ];
            using var results = session.Run(run, ["input_ids", "lengths", .. states], inputs, outputs);
            ReadOnlySpan<float> logits = results[0].GetTensorDataAsSpan<float>()[^tokens.Length..]; // after the last token
            int best = -1;
            for (int id = 0; id < tokens.Length; id++)
            {
                if (tokens[id] is not ("<unk>" or "<pad>") && (best < 0 || logits[id] > logits[best])) best = id;
            }

            for (int state = 0; state < states.Length; state++) values[state] = results[state + 1].GetTensorDataAsSpan<float>().ToArray();
            foreach (OrtValue input in inputs) input.Dispose();
            if (tokens[best] == "</s>") yield break;
            next = [best];
            yield return tokens[best];
        }
    }
}
