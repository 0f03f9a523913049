using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.ML.OnnxRuntime;
using RnnService.Engine.Models;
using RnnService.Onnx.Export;

namespace RnnService.Benchmarks.Load;

/// <summary>
/// The peer of /classify, run as a process of its own: the least that a web service around ONNX Runtime needs, one request a call of the
/// session. Requests run side by side, each on one thread, which is the arrangement that serves most of them.
/// </summary>
internal sealed class OrtService : IDisposable
{
    private static readonly string[] Inputs = ["input_ids", "lengths"], Outputs = ["logits"];
    private readonly Classifier _model;
    private readonly InferenceSession _session;
    private readonly RunOptions _options = new();

    private OrtService(LoadedModel folder)
    {
        _model = (Classifier)folder.Model;
        using var options = new Microsoft.ML.OnnxRuntime.SessionOptions { IntraOpNumThreads = 1, InterOpNumThreads = 1 };
        _session = new InferenceSession(OnnxExport.ToBytes(folder)[GraphPart.Whole], options);
    }

    /// <summary>Serves the model of a folder until the process is stopped.</summary>
    public static async Task<int> RunAsync(string folder)
    {
        using var service = new OrtService(ModelFolder.Load(folder));
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        WebApplication app = builder.Build();
        app.MapGet("/health/ready", () => Results.Ok());
        app.MapPost("/classify", service.AnswerAsync);
        await app.RunAsync();
        return 0;
    }

    public void Dispose()
    {
        _options.Dispose();
        _session.Dispose();
    }

    private async Task<IResult> AnswerAsync(HttpRequest request)
    {
        using JsonDocument body = await JsonDocument.ParseAsync(request.Body);
        string text = body.RootElement.GetProperty("inputs").GetString()!;
        return Results.Json((object[])[Classify(_model.Encode(text))]);
    }

    private object Classify(int[] tokens)
    {
        float[] scores = new float[_model.Config.Labels.Count];
        using OrtValue ids = OrtValue.CreateTensorValueFromMemory(Array.ConvertAll(tokens, id => (long)id), [1, tokens.Length]);
        using OrtValue lengths = OrtValue.CreateTensorValueFromMemory([(long)tokens.Length], [1]);
        using OrtValue logits = OrtValue.CreateTensorValueFromMemory(scores, [1, scores.Length]);
        _session.Run(_options, Inputs, [ids, lengths], Outputs, [logits]);
        double sum = scores.Sum(score => Math.Exp(score));
        return scores.Select((score, label) => new { label = _model.Config.Labels[label], score = (float)(Math.Exp(score) / sum) })
            .OrderByDescending(label => label.score).ToArray();
    }
}
