using Microsoft.Net.Http.Headers;
using RnnService.AspNetCore.Models;
using RnnService.Server.Keys;
using RnnService.Server.Models;
using RnnService.Server.Requests;

namespace RnnService.Server.Endpoints;

/// <summary>Tells which models there are.</summary>
internal static class ModelEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/models", (HttpContext context, ModelRegistry registry) => Json.Answer(
                registry.Entries.Where(entry => KeyAccess.Allows(context, entry.Name)).Select(entry => ModelCard.Of(entry, registry))))
            .WithName("listModels")
            .WithSummary("List the models")
            .WithDescription("Every model folder that the key may use, those included that cannot be served, with the reason.")
            .WithTags("Models")
            .Produces<List<ModelCard>>();
        routes.MapGet("/models/{name}", (string name, ModelRegistry registry) =>
            Json.Answer(ModelCard.Of(registry.Entry(name), registry)))
            .WithName("getModel")
            .WithSummary("Describe a model")
            .WithDescription("Its task, sizes, labels, licence and metrics; of one that cannot be served the reason.")
            .WithTags("Models")
            .WithMetadata(new PathExample("name", "shakespeare", "Name of the model."))
            .Produces<ModelCard>()
            .MayAnswer(ProblemKind.ModelNotFound);
    }

    public static void MapFiles(IEndpointRouteBuilder routes) =>
        routes.MapGet("/models/{name}/files/{file}", AnswerFileAsync)
            .WithName("downloadFile")
            .WithSummary("Download a file of a model's folder")
            .WithDescription($"{string.Join(", ", FolderFiles.Names)}: what a client needs to split text as the model does, and how its training went. Those there are stand in the model's "
                + "description. The file is as it was when the model was loaded.")
            .WithTags("Models")
            .WithMetadata(new PathExample("name", "shakespeare", "Name of the model."))
            .WithMetadata(new PathExample("file", "vocab.json", "Name of the file."))
            .Produces<object>(StatusCodes.Status200OK, "application/json", "text/markdown", "image/svg+xml")
            .MayAnswer(ProblemKind.ModelNotFound, ProblemKind.RouteNotFound, ProblemKind.NotReady);

    private static async Task<IResult> AnswerFileAsync(HttpContext context, string name, string file, ModelRegistry registry)
    {
        ModelEntry entry = await registry.ServedAsync(name, context.RequestAborted);
        RequestFacts.Of(context).Model = entry.Name;
        return entry.Files.TryGetValue(file, out ModelFile? found)
            ? Results.Bytes(found.Content, FolderFiles.ContentTypeOf(file), entityTag: new EntityTagHeaderValue(found.Tag, isWeak: true))
            : throw new RequestProblem(ProblemKind.RouteNotFound,
                $"the model {RequestProblem.Quoted(name)} has no file {RequestProblem.Quoted(file)} to hand out; there are: "
                + string.Join(", ", entry.Files.Keys));
    }
}
