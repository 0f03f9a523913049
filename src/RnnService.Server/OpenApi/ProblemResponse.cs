using System.Text.Json;
using Microsoft.AspNetCore.Mvc.ApiExplorer;
using Microsoft.OpenApi;
using RnnService.Server.Endpoints;
using RnnService.Server.Requests;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace RnnService.Server.OpenApi;

/// <summary>The rows of the status table that a route may answer with one status: a part of the document to which routes refer by its name.</summary>
/// <param name="Form">How the route writes its problems.</param>
/// <param name="Kinds">The rows.</param>
internal sealed record ProblemResponse(ProblemForm Form, IReadOnlyList<ProblemKind> Kinds)
{
    public int Status => Kinds[0].Status;

    public string Name => Form.Type.Name.Replace(nameof(Problem), "", StringComparison.Ordinal)
        + string.Join("Or", Kinds.Select(kind => string.Concat(kind.ErrorType.Split('_').Select(word => char.ToUpperInvariant(word[0]) + word[1..]))));

    /// <summary>What a route may answer.</summary>
    public static IEnumerable<ProblemResponse> Of(ApiDescription route)
    {
        ProblemForm form = ProblemForm.Of("/" + route.RelativePath);
        IEnumerable<ProblemKind> kinds = route.ActionDescriptor.EndpointMetadata.OfType<MayAnswer>().Select(one => one.Kind)
            .Append(ProblemKind.Internal).Concat(KeySecurity.IsOpen(route) ? [] : ProblemKind.OfKeys);
        return kinds.Distinct().OrderBy(kind => kind.Status).ThenBy(kind => kind.ErrorType, StringComparer.Ordinal)
            .GroupBy(kind => kind.Status).Select(status => new ProblemResponse(form, [.. status]));
    }

    public OpenApiResponse Describe(DocumentFilterContext context) => new()
    {
        Description = string.Join(" ", Kinds.Select(kind => $"{kind.ErrorType}: {kind.When}")),
        Headers = Kinds.Any(kind => kind.RetryAfterSeconds is not null) ? RetryAfter() : null,
        Content = new Dictionary<string, IOpenApiMediaType>
        {
            [Form.ContentType] = new OpenApiMediaType
            {
                Schema = context.SchemaGenerator.GenerateSchema(Form.Type, context.SchemaRepository),
                Example = JsonSerializer.SerializeToNode(Form.Body(new RequestProblem(Kinds[0], Kinds[0].Title), TraceId), Json.Options),
            },
        },
    };

    private const string TraceId = "0af7651916cd43dd8448eb211c80319c";

    private static Dictionary<string, IOpenApiHeader> RetryAfter() => new()
    {
        ["Retry-After"] = new OpenApiHeader
        {
            Description = "Seconds to wait.",
            Schema = new OpenApiSchema { Type = JsonSchemaType.Integer, Format = "int32", Minimum = "0" },
        },
    };
}
