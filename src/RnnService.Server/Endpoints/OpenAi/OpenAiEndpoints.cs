namespace RnnService.Server.Endpoints.OpenAi;

/// <summary>OpenAI's dialect: under /v1 for all models that continue texts, and below the address of each for that one alone.</summary>
internal static class OpenAiEndpoints
{
    public const string Tag = "OpenAI";

    public static void AddOpenAi(this IServiceCollection services) =>
        services.AddSingleton<OpenAiGeneration>().AddSingleton<CompletionEndpoint>().AddSingleton<ChatEndpoint>().AddSingleton<OpenAiModels>();

    public static void Map(IEndpointRouteBuilder routes)
    {
        IServiceProvider services = routes.ServiceProvider;
        Map("/v1", "");
        Map($"/models/{{{InferenceCall.NameInPath}}}/v1", "Of", new PathExample(InferenceCall.NameInPath, "shakespeare", "Name of the model."));

        void Map(string prefix, string suffix, params object[] metadata)
        {
            RouteHandlerBuilder[] mapped =
            [
                services.GetRequiredService<CompletionEndpoint>().Map(routes, prefix, suffix),
                services.GetRequiredService<ChatEndpoint>().Map(routes, prefix, suffix),
                .. services.GetRequiredService<OpenAiModels>().Map(routes, prefix, suffix),
            ];
            foreach (RouteHandlerBuilder route in mapped) route.WithTags(Tag).WithMetadata(metadata);
        }
    }
}
