using Microsoft.AspNetCore.Http.Features;
using RnnService.Engine.Tasks;
using RnnService.Server.Batching;
using RnnService.Server.Hosting;
using RnnService.Server.Pipeline;

namespace RnnService.Server.Endpoints;

/// <summary>Texts to be classified.</summary>
internal sealed record ClassifyRequest
{
    /// <summary>A text or a list of texts.</summary>
    [Count(1, nameof(LimitOptions.MaxListLength)), Length(0, nameof(LimitOptions.MaxTextLength))]
    public required Texts Inputs { get; init; }

    /// <summary>Name of a classifier; the default one when left out.</summary>
    public string? Model { get; init; }

    /// <summary>How to answer.</summary>
    public ClassifyParameters? Parameters { get; init; }

    /// <summary>Hugging Face's hub options; accepted when switched off.</summary>
    public HubOptions? Options { get; init; }
}

/// <summary>How classified texts are answered.</summary>
internal sealed record ClassifyParameters
{
    /// <summary>How many labels to answer with; all when left out.</summary>
    [Value(1, 1_000_000)]
    public long? TopK { get; init; }

    /// <summary>Scores are probabilities: only softmax.</summary>
    [OneOf("\"softmax\"", Extra = true)]
    public string? FunctionToApply { get; init; }
}

/// <summary>A label and its probability.</summary>
internal sealed record LabelScore
{
    /// <summary>The label.</summary>
    public required string Label { get; init; }

    /// <summary>Its probability.</summary>
    public required float Score { get; init; }
}

/// <summary>Gives texts labels.</summary>
internal static class ClassifyEndpoints
{
    private const string Example = """{"inputs": ["a lovely film", "two hours I will never get back"]}""";

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/classify", AnswerAsync)
            .WithSummary("Classify texts")
            .WithDescription("Answers with a list for each text, the best label first; for a single text with a list of one list.")
            .WithTags("Text")
            .Accepts<ClassifyRequest>("application/json")
            .Produces<List<List<LabelScore>>>()
            .WithMetadata(new RequestExample(Example))
            .AsInference();

    private static async Task<IResult> AnswerAsync(HttpContext context, RequestReader reader, ModelRegistry registry)
    {
        Deadline deadline = context.Features.GetRequiredFeature<Deadline>();
        ClassifyRequest request = await reader.ReadAsync<ClassifyRequest>(context.Request, deadline.Token);
        ModelEntry entry = registry.Choose(request.Model, ModelTask.Classifier);
        RequestFacts.Of(context).Model = entry.Name;

        var model = (Classifier)entry.Loaded!.Model;
        var workload = (TextWorkload<int[], float[]>)entry.Workload!;
        float[][] scores = await deadline.WaitAsync(workload.Submit(() => [.. request.Inputs.Items.Select(model.Encode)], deadline.Token));
        return Json.Answer(scores.Select(one => Ranked(one, model.Config.Labels, request.Parameters?.TopK)));
    }

    private static IEnumerable<LabelScore> Ranked(float[] scores, IReadOnlyList<string> labels, long? most) =>
        scores.Select((score, label) => new LabelScore { Label = labels[label], Score = score })
            .OrderByDescending(label => label.Score)
            .Take((int)Math.Min(most ?? scores.Length, scores.Length));
}
