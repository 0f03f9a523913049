using RnnService.AspNetCore.Models;
using RnnService.AspNetCore.Options;
using RnnService.Server.Keys;
using RnnService.Server.Options;
using RnnService.Server.Requests;

namespace RnnService.Server.Endpoints.HuggingFace;

/// <summary>What a server of one language model tells about itself, as Hugging Face's text-generation-inference does.</summary>
internal sealed record ServerInfo
{
    /// <summary>Name of the model that continues texts when a request names none.</summary>
    public required string ModelId { get; init; }

    /// <summary>Hash of its weight file.</summary>
    public required string ModelSha { get; init; }

    /// <summary>How narrow its weights are: f32, f16, bf16 or int8.</summary>
    public required string? ModelDtype { get; init; }

    /// <summary>What computes it.</summary>
    public string ModelDeviceType => "cpu";

    /// <summary>What it does, in Hugging Face's words.</summary>
    public string ModelPipelineTag => "text-generation";

    /// <summary>Most texts that grow at the same time.</summary>
    public required int MaxConcurrentRequests { get; init; }

    /// <summary>Most texts to choose from.</summary>
    public required int MaxBestOf { get; init; }

    /// <summary>Most stop strings of a request.</summary>
    public required int MaxStopSequences { get; init; }

    /// <summary>Most tokens of a text that is sent: one of most characters, each a token.</summary>
    public required int MaxInputTokens { get; init; }

    /// <summary>Most tokens of a text that is sent and of those added to it.</summary>
    public required int MaxTotalTokens { get; init; }

    /// <summary>Most texts of a request.</summary>
    public required int MaxClientBatchSize { get; init; }

    /// <summary>The service.</summary>
    public string Router => "rnn-service";

    /// <summary>Its version.</summary>
    public required string Version { get; init; }
}

/// <summary>
/// What clients of Hugging Face need that are given one URL: a model's own address, whatever it does, and the root, which continues texts.
/// </summary>
internal sealed class HuggingFaceEndpoints(
    GenerateTools generate, InspectionRules rules, LimitOptions limits, RnnModelsOptions models, ModelRegistry registry)
{
    private const string Tag = "Hugging Face";
    private const string Example = GenerateEndpoints.Example, Answer = "[" + GenerateEndpoints.Answer + "]";

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapInference($"/models/{{{InferenceCall.NameInPath}}}", AnswerAsync, endsWithRequest: true)
            .WithName("callModel")
            .WithSummary("Do what a model does, at its own address")
            .WithDescription("Continues, classifies, tags, transcribes or predicts, as the route of the model's task does; a sound is sent as audio/wav. A continued text is answered in a list of one.")
            .WithTags(Tag)
            .WithMetadata(new PathExample(InferenceCall.NameInPath, "shakespeare", "Name of the model."))
            .MayAnswer(ProblemKind.OfSessions)
            .Accepts<GenerateRequest>("application/json", NumberQuestion.SoundTypes)
            .Produces<List<GenerateAnswer>>()
            .WithMetadata(new AnyTask([typeof(ClassifyRequest), typeof(TagRequest)], [typeof(List<List<LabelScore>>), typeof(List<TaggedText>)]))
            .WithMetadata(new RequestExample(Example), new AnswerExample(Answer), new StreamsEvents(typeof(StreamEvent)));
        routes.MapInference("/", call => GenerateEndpoints.AnswerAsync(call, generate, stream: false, asList: true), endsWithRequest: true)
            .WithName("continueText")
            .WithSummary("Continue a text, at the root")
            .WithDescription("As /generate, but the answer is in a list of one, as text-generation-inference has it at its root.")
            .WithTags(Tag)
            .MayAnswer(ProblemKind.OfSessions)
            .Accepts<GenerateRequest>("application/json")
            .Produces<List<GenerateAnswer>>()
            .WithMetadata(new RequestExample(Example), new AnswerExample(Answer), new StreamsEvents(typeof(StreamEvent)));
        routes.MapGet("/info", InfoAsync)
            .WithName("getInfo")
            .WithSummary("Describe the model that continues texts")
            .WithDescription("The default one and its bounds, as text-generation-inference tells them.")
            .WithTags(Tag)
            .Produces<ServerInfo>()
            .MayAnswer(ProblemKind.ModelNotFound, ProblemKind.Validation, ProblemKind.NotReady);
    }

    private async Task<IResult> AnswerAsync(InferenceCall call) => await call.ModelAsync() switch
    {
        ServedClassifier or ServedNumberClassifier => await ClassifyEndpoints.AnswerAsync(call, rules),
        ServedTagger or ServedNumberTagger => await TagEndpoints.AnswerAsync(call, limits),
        ServedTranscriber => await TranscribeEndpoints.AnswerAsync(call, limits),
        ServedRegressor or ServedForecaster => await PredictEndpoints.AnswerAsync(call, limits),
        _ => await GenerateEndpoints.AnswerAsync(call, generate, stream: false, asList: true),
    };

    private async Task<IResult> InfoAsync(HttpContext context, CancellationToken cancel)
    {
        var served = await registry.EnterAsync<ServedLanguageModel>(null, cancel);
        served.Uses.Leave();
        KeyAccess.ThrowIfForbidden(context, served.Name, isDefault: true);
        return Json.Answer(new ServerInfo
        {
            ModelId = served.Name,
            ModelSha = served.Loaded.Sha256,
            ModelDtype = served.Loaded.Dtype,
            MaxConcurrentRequests = models.Batching.MaxStreams,
            MaxBestOf = 1,
            MaxStopSequences = limits.MaxStopStrings,
            MaxInputTokens = limits.MaxTextLength,
            MaxTotalTokens = limits.MaxTextLength + limits.MaxNewTokens,
            MaxClientBatchSize = limits.MaxListLength,
            Version = typeof(HuggingFaceEndpoints).Assembly.GetName().Version!.ToString(3),
        });
    }
}
