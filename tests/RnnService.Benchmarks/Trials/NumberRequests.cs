using System.Text;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Weights;

namespace RnnService.Benchmarks.Trials;

/// <summary>Models that read numbers, of every task, and requests for them that work: more than the document has examples of, since no shipped model answers them.</summary>
internal static class NumberRequests
{
    public const string Lines = "application/x-ndjson", Bytes = "application/octet-stream", Sound = "audio/wav";

    /// <summary>A shipped model, which hears digits.</summary>
    public const string Digits = "digits";

    private const int Rate = 8_000, Samples = 400;

    /// <summary>Those that read two numbers a step.</summary>
    public static IReadOnlyList<string> Names { get; } = ["gestures", "phases", "level", "load"];

    /// <summary>Puts the models into a folder.</summary>
    public static void AddTo(TrialModels models)
    {
        ModelTask[] tasks = [ModelTask.Classifier, ModelTask.Tagger, ModelTask.Regressor, ModelTask.Forecaster];
        foreach ((string name, ModelTask task) in Names.Zip(tasks))
        {
            var config = new ModelConfig
            {
                Task = task,
                Cell = CellKind.Gru,
                HiddenSize = 6,
                Labels = task == ModelTask.Forecaster ? [] : ["left", "right"],
                Numbers = new NumbersConfig { Features = 2, Horizon = task == ModelTask.Forecaster ? 3 : 0 },
            };
            using NumberModel model = NumberModel.Create(config, Parameters.Random((ulong)name.Length));
            ModelFolder.Save(models.New(name), model, "[[0.5,1],[1,0.5]]");
        }
    }

    /// <summary>Requests that work.</summary>
    public static IReadOnlyList<Operation> All { get; } =
    [
        new("POST", "/classify", ["""{"inputs": {"values": [[0.5, 1], [1, 0.5]]}}""", """{"inputs": [{"values": [[0.5, 1]]}, {"values": [[1, 2], [3, 4]]}], "parameters": {"top_k": 1}}"""]),
        new("POST", "/tag", ["""{"inputs": {"values": [[0.5, 1], [1, 0.5]]}, "model": "phases"}""", """{"inputs": [{"values": [[0.5, 1]]}], "model": "phases", "parameters": {"aggregation_strategy": "none"}}"""]),
        new("POST", "/predict", ["""{"inputs": {"values": [[0.5, 1], [1, 0.5]]}}""", """{"inputs": [{"values": [[0.5, 1]]}], "model": "load"}"""]),
        new("POST", "/v2/models/level/infer", ["""{"inputs": [{"name": "values", "shape": [1, 2, 2], "datatype": "FP32", "data": [1, 2, 3, 4]}, {"name": "lengths", "shape": [1], "datatype": "INT32", "data": [2]}]}"""]),
        .. Names.Select(name => new Operation("POST", $"/models/{name}", ["""{"inputs": {"values": [[0.5, 1], [1, 0.5]]}}"""])),
        .. new[] { "/transcribe?details=true", "/classify?model=digits", "/models/digits", "/transcribe?model=phases" }.Select(path => new Operation("POST", path, []) { Type = Sound }),
        .. Names.Select(name => new Operation("POST", $"/stream/{name}", [StreamOf(name)]) { Type = Lines }),
        .. Names.Prepend(Digits).Select(name => new Operation("POST", $"/stream/{name}?format={(name == Digits ? "s16le&rate=16000" : "f32le")}", []) { Type = Bytes }),
    ];

    /// <summary>A body of numbers or sound, changed.</summary>
    public static byte[] Body(Operation operation, Mutations mutations, Random random)
    {
        if (operation.Type == Sound) return random.Next(4) == 0 ? mutations.Bytes(Wav(mutations, random)) : Wav(mutations, random);
        if (operation.Type == Bytes)
        {
            byte[] bytes = new byte[random.Next(0, 3_000)];
            if (random.Next(2) == 0) random.NextBytes(bytes);
            return bytes;
        }

        // Line by line: the first ones are read and answered before a later one is found to be wrong.
        return [.. mutations.Pick(operation.Bodies).Split('\n').SelectMany(line => (byte[])[.. random.Next(4) == 0 ? mutations.Json(line) : Encoding.UTF8.GetBytes(line), (byte)'\n'])];
    }

    /// <summary>Lines of steps, with the end.</summary>
    public static string StreamOf(string name) =>
        string.Concat(Enumerable.Range(0, 1 + name.Length % 4).Select(i => $$"""{"values": [[{{i}}, 0.5], [1, {{i}}.5]]}""" + "\n")) + """{"end": true}""";

    /// <summary>A WAV file whose head may lie.</summary>
    private static byte[] Wav(Mutations mutations, Random random)
    {
        bool isSound = random.Next(3) == 0;
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        writer.Write("RIFF"u8);
        writer.Write(isSound ? 36 + 2 * Samples : random.Next());
        writer.Write("WAVEfmt "u8);
        writer.Write(isSound ? 16 : mutations.Pick(16, 18, 40, 0, -1, int.MaxValue));
        writer.Write((short)(isSound ? 1 : mutations.Pick(1, 3, -2, 0, 2, 6)));
        writer.Write((short)(isSound ? 1 : mutations.Pick(1, 2, 0, -1, 8)));
        writer.Write(isSound ? Rate : mutations.Pick(Rate, 44_100, 0, 1, -1, int.MaxValue, 384_000));
        writer.Write(2 * Rate);
        writer.Write((short)mutations.Pick(2, 0, -1));
        writer.Write((short)(isSound ? 16 : mutations.Pick(16, 8, 24, 32, 64, 0, 1, -1)));
        writer.Write("data"u8);
        writer.Write(isSound ? 2 * Samples : mutations.Pick(2 * Samples, 0, -1, int.MaxValue, 1));
        for (int i = 0; i < Samples; i++) writer.Write((short)(isSound ? 8_000 * Math.Sin(0.001 * i * i) : random.Next()));
        return stream.ToArray();
    }
}
