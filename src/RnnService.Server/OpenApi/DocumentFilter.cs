using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace RnnService.Server.OpenApi;

/// <summary>Puts the routes that answer texts first, and adds what routes refer to by name.</summary>
internal sealed class DocumentFilter : IDocumentFilter
{
    private static readonly (string Name, string Description)[] Order =
    [
        ("Text", "Continue, classify and tag texts."),
        ("Numbers", "Sound and sequences of numbers: write down, predict, and read while they come. /classify and /tag take them too."),
        ("OpenAI", "The same for OpenAI's clients: their base URL is /v1, or /models/{name}/v1 for one model."),
        ("Hugging Face", "The same for Hugging Face's clients, which are given one URL: the root, or a model's address."),
        ("Open Inference", "Tensors in, tensors out: what clients of KServe and Triton speak."),
        ("Models", "What is served, and its files."), ("Health", "Probes and metrics."),
    ];

    /// <summary>The groups of routes, in their order.</summary>
    public static IEnumerable<string> Tags => Order.Select(tag => tag.Name);

    public void Apply(Microsoft.OpenApi.OpenApiDocument document, DocumentFilterContext context)
    {
        document.Tags = new HashSet<OpenApiTag>(Order.Select(tag => new OpenApiTag { Name = tag.Name, Description = tag.Description }));
        List<KeyValuePair<string, IOpenApiPathItem>> paths = [.. document.Paths.OrderBy(path => Rank(path.Value))];
        document.Paths.Clear();
        foreach ((string path, IOpenApiPathItem item) in paths) document.Paths.Add(path, item);
        document.Components ??= new OpenApiComponents();
        document.Components.Responses = context.ApiDescriptions
            .SelectMany(ProblemResponse.Of).DistinctBy(problem => problem.Name)
            .OrderBy(problem => problem.Status).ThenBy(problem => problem.Name, StringComparer.Ordinal)
            .ToDictionary(problem => problem.Name, IOpenApiResponse (problem) => problem.Describe(context));
    }

    private static int Rank(IOpenApiPathItem item) =>
        Array.FindIndex(Order, tag => item.Operations!.Values.First().Tags!.Any(one => one.Name == tag.Name));
}
