using System.Text.Json.Serialization;
using RnnService.AspNetCore.Models;
using RnnService.AspNetCore.Scheduling;
using RnnService.Engine.Models;
using RnnService.Server.Options;
using RnnService.Server.Requests;

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

    /// <summary>Hugging Face's hub options, which change nothing here.</summary>
    public HubOptions? Options { get; init; }
}

/// <summary>How classified texts are answered.</summary>
internal sealed record ClassifyParameters
{
    public const string Softmax = "softmax";
    public const string Sigmoid = "sigmoid";
    public const string None = "none";

    /// <summary>How many labels to answer with; all when left out or -1.</summary>
    [Value(1, 1_000_000, Unset = true)]
    public long? TopK { get; init; }

    /// <summary>
    /// What the scores are: softmax gives probabilities that sum to 1, sigmoid a probability of each label by itself, none the network's own
    /// numbers. Left out: softmax.
    /// </summary>
    [OneOf($"\"{Softmax}\"", $"\"{Sigmoid}\"", $"\"{None}\"")]
    public string? FunctionToApply { get; init; }

    /// <summary>Taken either way: all labels are answered unless top_k says otherwise.</summary>
    public bool? ReturnAllScores { get; init; }
}

/// <summary>A label and its score.</summary>
internal sealed record LabelScore
{
    /// <summary>The label.</summary>
    public required string Label { get; init; }

    /// <summary>Its probability, or what function_to_apply asks for.</summary>
    public required float Score { get; init; }

    /// <summary>With a text's best label, why the answer says little or nothing about the text, such as one of unknown words; else left out.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Warning { get; init; }
}

/// <summary>Gives texts labels.</summary>
internal static class ClassifyEndpoints
{
    /// <summary>About the bytes of a label in the answer.</summary>
    public const int BytesOfLabel = 60;

    private const string Example = """{"inputs": ["a lovely film", "two hours I will never get back"]}""";

    private const string Answer = """
        [[{"label": "positive", "score": 0.99623954}, {"label": "negative", "score": 0.003760491}],
         [{"label": "negative", "score": 0.8373962}, {"label": "positive", "score": 0.16260378}]]
        """;

    public static void Map(IEndpointRouteBuilder routes)
    {
        LimitOptions limits = routes.ServiceProvider.GetRequiredService<LimitOptions>();
        routes.MapInference("/classify", call => AnswerAsync(call, limits))
            .WithSummary("Classify texts")
            .WithDescription(
                "Answers with a list for each text, the best label first; for a single text with a list of one list. A text of a list that the "
                + "model cannot compute has an object with error, error_type and status in its place; when there is no other text, it is 422.")
            .WithTags("Text")
            .Accepts<ClassifyRequest>("application/json")
            .Produces<List<List<LabelScore>>>()
            .WithMetadata(new RequestExample(Example), new AnswerExample(Answer))
            .WithMetadata(new AnswersTexts(typeof(List<LabelScore>), OrOne: false));
    }

    private static async Task<IResult> AnswerAsync(InferenceCall call, LimitOptions limits)
    {
        ClassifyRequest request = await call.ReadAsync<ClassifyRequest>();
        ServedClassifier served = await call.ModelAsync<ServedClassifier>(request.Model);
        Classifier model = served.Model;
        IReadOnlyList<string> texts = request.Inputs.Items;
        int top = request.Parameters?.TopK is > 0 and var few ? (int)few : int.MaxValue;
        await call.HoldAnswerAsync((long)texts.Count * Math.Min(top, model.Config.Labels.Count) * BytesOfLabel);

        string?[] warnings = new string?[texts.Count];
        TextAnswers<float[]> logits = await call.ComputeAsync(served.Batcher, () =>
        {
            var most = new TokenLimit(limits, "inputs");
            int[][] ids = new int[texts.Count][];
            for (int i = 0; i < ids.Length; i++)
            {
                ids[i] = model.Encode(texts[i]);
                most.Add(ids[i].Length);
                warnings[i] = model.Warning(texts[i], ids[i]);
            }

            return ids;
        });
        TextWarnings.Write(call.Context.Response, "inputs", request.Inputs.IsList, warnings);
        ScoreFunction function = request.Parameters?.FunctionToApply switch
        {
            ClassifyParameters.Sigmoid => ScoreFunction.Sigmoid,
            ClassifyParameters.None => ScoreFunction.None,
            _ => ScoreFunction.Softmax,
        };
        return Json.Answer(ListAnswer.Of(
            logits, "inputs", (one, index) => Ranked(Classifier.Scores(one, function), model.Config.Labels, top, warnings[index])));
    }

    /// <summary>The best labels first; of equal scores in the labels' order.</summary>
    private static LabelScore[] Ranked(float[] scores, IReadOnlyList<string> labels, int most, string? warning)
    {
        int[] order = new int[scores.Length];
        for (int label = 0; label < order.Length; label++) order[label] = label;
        order.AsSpan().Sort(new ByScore(scores));
        var ranked = new LabelScore[Math.Min(most, order.Length)];
        for (int rank = 0; rank < ranked.Length; rank++)
            ranked[rank] = new LabelScore { Label = labels[order[rank]], Score = scores[order[rank]], Warning = rank == 0 ? warning : null };
        return ranked;
    }

    private readonly struct ByScore(float[] scores) : IComparer<int>
    {
        public int Compare(int one, int other) => scores[other].CompareTo(scores[one]) is var order and not 0 ? order : one.CompareTo(other);
    }
}
