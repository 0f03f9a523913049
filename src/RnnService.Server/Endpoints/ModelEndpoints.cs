using RnnService.Server.Hosting;
using RnnService.Server.Pipeline;

namespace RnnService.Server.Endpoints;

/// <summary>Tells which models there are.</summary>
internal static class ModelEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/models", (ModelRegistry registry) =>
            Results.Json(registry.Entries.Select(entry => ModelCard.Of(entry, registry)), Json.Options))
            .WithSummary("List the models")
            .WithDescription("Every model folder, those included that cannot be served, with the reason.")
            .WithTags("Models")
            .Produces<List<ModelCard>>();
        routes.MapGet("/models/{name}", (string name, ModelRegistry registry) =>
            Results.Json(ModelCard.Of(registry.Entry(name), registry), Json.Options))
            .WithSummary("Describe a model")
            .WithTags("Models")
            .WithMetadata(new PathExample("name", "shakespeare", "Name of the model."))
            .Produces<ModelCard>()
            .MayAnswer(ProblemKind.ModelNotFound);
    }
}
