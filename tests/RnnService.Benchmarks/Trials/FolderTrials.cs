using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Google.Protobuf;
using RnnService.Onnx.Export;
using RnnService.Onnx.Format;
using DataType = RnnService.Onnx.Format.Protos.TensorProto.Types.DataType;

namespace RnnService.Benchmarks.Trials;

/// <summary>Model folders that are slow, hostile or damaged, beside the shipped ones.</summary>
internal static class FolderTrials
{
    private const string Language = "shakespeare", Config = "config.json", Golden = "golden.json", Weights = "model.safetensors";
    private const double StopGoal = 32;

    public static async Task SlowAsync(Trial trial)
    {
        using var models = new TrialModels();
        string pipe = models.New("pipe");
        const int OwnerReadsAndWrites = 0b110_000_000;
        if (MakePipe(Path.Combine(pipe, Config), OwnerReadsAndWrites) != 0) throw new IOException("mkfifo failed");
        string slow = models.CopyOf(Language, "slow");
        JsonNode golden = JsonNode.Parse(File.ReadAllText(Path.Combine(slow, Golden)))!;
        golden["input"] = new string('e', trial.Count(5_000_000));
        File.WriteAllText(Path.Combine(slow, Golden), golden.ToJsonString());

        using TrialServer service = await TrialServer.StartAsync(trial, models.Path, untilReady: false);
        double? served = await service.UntilAsync(LightClient.Classify.AskAsync, 8);
        trial.AtMost("seconds until a sound model answers", served, 5, "s");
        double? ready = await service.UntilAsync((client, seconds) => client.SendAsync("/health/ready", null, seconds), 5);
        trial.AtMost("seconds after that until ready", ready, 5, "s");
        await service.TerminateAsync(trial, 10);
        trial.AtMost("peak memory", service.PeakMemory / Trial.Megabyte, 1_000, "MB");
    }

    public static async Task ProductsAsync(Trial trial)
    {
        using var models = new TrialModels();
        WriteProducts(models.New("products"), count: 60);
        using TrialServer service = await TrialServer.StartAsync(trial, models.Path);
        LightClient small = new("products", "/classify", """{"model": "products", "inputs": "abc"}""");
        trial.Wanted("the graph is served", (await service.UntilAsync(small.AskAsync, 3)) is null ? "no" : "yes", "yes");
        byte[] body = JsonSerializer.SerializeToUtf8Bytes(new { model = "products", inputs = new string('a', trial.Count(6_000)) });
        Answer? answer = null;
        await LightClient.BesideAsync([LightClient.Generate, LightClient.Classify], trial, service.Port, 8, async stop =>
        {
            using var client = new TrialClient(service.Port, Attacks.One[0]);
            answer = await client.SendAsync("/classify", body, 60, stop);
            await stop.UntilCancelledAsync();
        });
        trial.Tell("answer to the long text", $"{(answer is { Status: > 0 } found ? $"{found.Status} after {found.Seconds:F1} s" : "none")}");
        await trial.CostAsync(service);
        await service.TerminateAsync(trial, StopGoal);
    }

    public static async Task FlippedAsync(Trial trial)
    {
        const int Copies = 12;
        using var models = new TrialModels();
        for (int copy = 0; copy < Copies; copy++)
        {
            string file = Path.Combine(models.CopyOf(Language, $"flipped-{copy}"), Weights);
            byte[] bytes = File.ReadAllBytes(file);
            long header = BitConverter.ToInt64(bytes) + sizeof(long);
            bytes[header + (bytes.Length - header) * (2 * copy + 1) / (2 * Copies)] ^= 0x10;
            File.WriteAllBytes(file, bytes);
        }

        using TrialServer service = await TrialServer.StartAsync(trial, models.Path);
        int served = 0;
        using var client = new TrialClient(service.Port, Trial.Here);
        for (int copy = 0; copy < Copies; copy++)
        {
            byte[] body = JsonSerializer.SerializeToUtf8Bytes(
                new { model = $"flipped-{copy}", inputs = "a", parameters = new { max_new_tokens = 1 } });
            if ((await client.SendAsync("/generate", body, 5)).Status == 200) served++;
        }

        trial.AtMost("damaged models served, of 12", served, 0, "");
    }

    /// <summary>
    /// A classifier of characters that multiplies matrices of [time,time] again and again: nothing for a short text, for ever for a long one.
    /// </summary>
    private static void WriteProducts(string folder, int count)
    {
        const int Size = 8;
        string[] tokens = ["<pad>", "<unk>", .. Enumerable.Range('a', 26).Select(letter => $"{(char)letter}")];
        File.WriteAllText(Path.Combine(folder, Config), """
            {"format_version": 1, "task": "classifier", "cell": "lstm", "tokenizer": "characters", "embedding_size": 8, "hidden_size": 8,
             "layers": 1, "bidirectional": false, "labels": ["no", "yes"]}
            """);
        File.WriteAllText(Path.Combine(folder, "vocab.json"), JsonSerializer.Serialize(new { tokens }));
        var random = new Random(1);
        var graph = new GraphWriter(OnnxExport.DefaultOpset);
        string ids = graph.Input("input_ids", DataType.Int64, "", "batch", "time");
        string x = graph.Node("Gather", "x", [Draw("table", tokens.Length, Size), ids]);
        string weights = graph.Node(
            "Softmax", "weights", [graph.Node("MatMul", "scores", [x, graph.Transpose("turned", x, 0, 2, 1)])], GraphWriter.Attribute("axis", -1));
        string product = weights;
        for (int i = 0; i < count; i++) product = graph.Node("MatMul", $"product {i}", [product, weights]);
        string mixed = graph.Node("Add", "mixed", [x, graph.Node("MatMul", "attended", [product, x])]);
        string logits = graph.Node("MatMul", "logits", [graph.Reduce("ReduceMean", "mean", mixed, 1), Draw("head", Size, 2)]);
        graph.Output(logits, "", "batch", 2);
        File.WriteAllBytes(Path.Combine(folder, "model.onnx"), OnnxExport.Wrap(graph.Graph, OnnxExport.DefaultOpset).ToByteArray());

        string Draw(string name, int rows, int columns) =>
            graph.Floats(name, [rows, columns], [.. Enumerable.Range(0, rows * columns).Select(_ => random.NextSingle() * 2 - 1)]);
    }

    [DllImport("libc", EntryPoint = "mkfifo", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    private static extern int MakePipe(string path, uint mode);
}
