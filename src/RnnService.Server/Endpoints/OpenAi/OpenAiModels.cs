using RnnService.AspNetCore.Models;
using RnnService.Engine.Models;
using RnnService.Server.Keys;
using RnnService.Server.Requests;

namespace RnnService.Server.Endpoints.OpenAi;

/// <summary>A model, as OpenAI's service lists it.</summary>
internal sealed record OpenAiModel
{
    /// <summary>The name that requests give as model.</summary>
    public required string Id { get; init; }

    /// <summary>model.</summary>
    public string Object => "model";

    /// <summary>When the service was started, in seconds since 1970.</summary>
    public required long Created { get; init; }

    /// <summary>The service.</summary>
    public string OwnedBy => "rnn-service";
}

/// <summary>The models that continue texts.</summary>
internal sealed record OpenAiModelList
{
    /// <summary>list.</summary>
    public string Object => "list";

    /// <summary>The models.</summary>
    public required IReadOnlyList<OpenAiModel> Data { get; init; }
}

/// <summary>Tells which models OpenAI's clients can use: those that continue texts.</summary>
internal sealed class OpenAiModels(ModelRegistry registry, TimeProvider time)
{
    /// <summary>Models that clients send which know none: Hugging Face's, and tutorials for servers of one model.</summary>
    private static readonly string[] Nobody = ["tgi", "dummy"];

    private readonly long _started = time.GetUtcNow().ToUnixTimeSeconds();

    public IEnumerable<RouteHandlerBuilder> Map(IEndpointRouteBuilder routes, string prefix, string suffix)
    {
        yield return routes.MapGet(prefix + "/models", (HttpContext context) => Json.Answer(List(context)))
            .WithName("listOpenAiModels" + suffix)
            .WithSummary("List the models, as OpenAI's service")
            .WithDescription("Those that continue texts, the default first.")
            .Produces<OpenAiModelList>();
        yield return routes.MapGet(prefix + "/models/{id}", AnswerAsync)
            .WithName("getOpenAiModel" + suffix)
            .WithSummary("Describe a model, as OpenAI's service")
            .WithDescription("One of those that continue texts.")
            .WithMetadata(new PathExample("id", "shakespeare", "Name of the model."))
            .Produces<OpenAiModel>()
            .MayAnswer(ProblemKind.ModelNotFound);
    }

    /// <summary>The model that a request names; null where it stands for none, as the URL that Hugging Face's client was given.</summary>
    public string? Named(string? asked) =>
        (Nobody.Contains(asked) && registry.Models.Find(asked!) is null)
        || asked is null or ""
        || (Uri.TryCreate(asked, UriKind.Absolute, out Uri? url) && (url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps)) ? null : asked;

    private OpenAiModelList List(HttpContext context)
    {
        ModelSet models = registry.Models;
        ModelEntry? first = models.Default(ModelTask.LanguageModel); // clients take the first that is listed
        return new OpenAiModelList
        {
            Data = [.. models.Of(ModelTask.LanguageModel)
                .Where(entry => IsAt(context, entry.Name) && KeyAccess.Allows(context, entry.Name))
                .OrderByDescending(entry => entry == first)
                .Select(Describe)],
        };
    }

    private async Task<IResult> AnswerAsync(HttpContext context, string id)
    {
        KeyAccess.ThrowIfForbidden(context, id);
        ModelEntry entry = await registry.ServedAsync(id, context.RequestAborted);
        return entry.Served is ServedLanguageModel ? Json.Answer(Describe(entry))
            : throw new RequestProblem(ProblemKind.ModelNotFound, registry.Models.WrongTask(entry, ModelTask.LanguageModel).Message);
    }

    /// <summary>Whether the address is all models' or this one's.</summary>
    private static bool IsAt(HttpContext context, string model) => context.GetRouteValue(InferenceCall.NameInPath) is not string one || one == model;

    private OpenAiModel Describe(ModelEntry entry) => new() { Id = entry.Name, Created = _started };
}
