using RnnService.Server.Hosting;
using RnnService.Server.Pipeline;

namespace RnnService.Server.Endpoints;

/// <summary>Tells which models there are.</summary>
internal static class ModelEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/models", (ModelRegistry registry) =>
            Json.Answer(registry.Entries.Select(entry => ModelCard.Of(entry, registry))))
            .WithSummary("List the models")
            .WithDescription("Every model folder, those included that cannot be served, with the reason.")
            .WithTags("Models")
            .Produces<List<ModelCard>>();
        routes.MapGet("/models/{name}", (string name, ModelRegistry registry) =>
            Json.Answer(ModelCard.Of(registry.Entry(name), registry)))
            .WithSummary("Describe a model")
            .WithTags("Models")
            .WithMetadata(new PathExample("name", "shakespeare", "Name of the model."))
            .Produces<ModelCard>()
            .MayAnswer(ProblemKind.ModelNotFound);
    }
}
