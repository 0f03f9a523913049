using System.Text.Json;
using Microsoft.AspNetCore.Http.Features;
using RnnService.AspNetCore.Models;
using RnnService.Server.Keys;
using RnnService.Server.Requests;

namespace RnnService.Server.Endpoints;

/// <summary>Which models to list.</summary>
internal sealed record RepositoryIndexRequest
{
    /// <summary>Whether to leave out those that do not answer.</summary>
    public bool? Ready { get; init; }
}

/// <summary>How to load or unload a model.</summary>
internal sealed record RepositoryChangeRequest
{
    /// <summary>For a load none, as a model is what its folder holds; of an unload unload_dependents, either way.</summary>
    public JsonElement? Parameters { get; init; }
}

/// <summary>A model of the folder of models.</summary>
internal sealed record RepositoryModel
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Its only version.</summary>
    public required string Version { get; init; }

    /// <summary>READY, LOADING or UNAVAILABLE.</summary>
    public required string State { get; init; }

    /// <summary>Why it does not answer, or why what its folder holds now does not.</summary>
    public required string Reason { get; init; }

    public static RepositoryModel Of(ModelEntry entry) => new()
    {
        Name = entry.Name,
        Version = "1",
        State = entry.State switch
        {
            ModelState.Ready => "READY",
            ModelState.Loading => "LOADING",
            _ => "UNAVAILABLE",
        },
        Reason = entry.Reason ?? "",
    };
}

/// <summary>Lists, loads and unloads models while they are served, as the repository extension of the Open Inference Protocol has it.</summary>
internal static class RepositoryEndpoints
{
    private const string Tag = "Models";

    private static readonly PathExample Name = new("name", "sentiment", "Name of the model's folder.");

    public static void Map(IEndpointRouteBuilder routes)
    {
        RouteGroupBuilder group = routes.MapGroup("/v2/repository").WithTags(Tag).ForOperators();
        group.MapPost("/index", async (HttpContext context, RequestReader reader, ModelRegistry registry) =>
            {
                bool ready = (await ReadAsync<RepositoryIndexRequest>(context, reader)).Ready ?? false;
                return Json.Answer(registry.Entries.Where(entry => !ready || entry.State == ModelState.Ready).Select(RepositoryModel.Of));
            })
            .WithName("indexRepository").WithSummary("List the models of the folder, for operators")
            .Accepts<RepositoryIndexRequest>(isOptional: true, "application/json")
            .Produces<List<RepositoryModel>>()
            .MayAnswer(ProblemKind.Malformed);
        group.MapPost("/models/{name}/load", LoadAsync)
            .WithName("loadModel").WithSummary("Load a model, or load it again")
            .WithDescription("Answers once the new model has proven its golden answer and taken over; what the old one has begun it ends. "
                + "When the folder cannot be loaded, the old one goes on.")
            .WithMetadata(Name)
            .Accepts<RepositoryChangeRequest>(isOptional: true, "application/json")
            .Produces(StatusCodes.Status200OK)
            .MayAnswer(ProblemKind.Malformed, ProblemKind.ModelNotFound, ProblemKind.Validation, ProblemKind.NotReady);
        group.MapPost("/models/{name}/unload", UnloadAsync)
            .WithName("unloadModel").WithSummary("Take a model out until it is loaded again or its folder changes")
            .WithDescription("No request gets it from then on. Answers once it has ended what it began and is let go of.")
            .WithMetadata(Name)
            .Accepts<RepositoryChangeRequest>(isOptional: true, "application/json")
            .Produces(StatusCodes.Status200OK)
            .MayAnswer(ProblemKind.Malformed, ProblemKind.ModelNotFound, ProblemKind.NotReady);
    }

    private static async Task<IResult> LoadAsync(
        HttpContext context, string name, RequestReader reader, ModelsFolder folder, ModelRegistry registry, ModelChanges changes)
    {
        var request = await ReadAsync<RepositoryChangeRequest>(context, reader);
        if (request.Parameters is { } parameters && parameters.EnumerateObject().Any())
            throw RequestProblem.Of(ProblemKind.Validation, "parameters", "holds values; expected none, as a model is what its folder holds");
        // A name as it is listed: it is made a path of.
        if (!ModelsFolder.Open(folder.Path).Models.Contains(name)) throw registry.Models.NoSuchModel(name);
        RequestFacts.Of(context).Model = name;
        ModelEntry entry = await DoneAsync(context, changes.LoadAsync(name));
        return entry.Reason is null ? Results.Ok()
            : throw RequestProblem.Of(ProblemKind.Validation, "model", $"cannot be loaded: {entry.Reason}{(entry.Served is null ? "" : "; what was loaded before is served on")}");
    }

    private static async Task<IResult> UnloadAsync(HttpContext context, string name, RequestReader reader, ModelRegistry registry, ModelChanges changes)
    {
        await ReadAsync<RepositoryChangeRequest>(context, reader);
        RequestFacts.Of(context).Model = registry.Entry(name).Name;
        Task freed = await DoneAsync(context, changes.UnloadAsync(name));
        await freed.WaitAsync(context.RequestAborted);
        return Results.Ok();
    }

    /// <summary>Waits for a change, which is made whether anybody waits or not.</summary>
    private static async Task<T> DoneAsync<T>(HttpContext context, Task<T> change)
    {
        try
        {
            return await change.WaitAsync(context.RequestAborted);
        }
        catch (OperationCanceledException) when (!context.RequestAborted.IsCancellationRequested)
        {
            throw AspNetCore.Errors.ModelNotReadyException.Stopping();
        }
    }

    /// <summary>The body; the protocol's own clients send it without a type, or leave it out.</summary>
    private static async ValueTask<T> ReadAsync<T>(HttpContext context, RequestReader reader)
        where T : new()
    {
        if (context.Request.ContentLength == 0 || context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody == false) return new T();
        if (string.IsNullOrEmpty(context.Request.ContentType)) context.Request.ContentType = "application/json";
        return await reader.ReadAsync<T>(context.Request, context.RequestAborted);
    }
}
