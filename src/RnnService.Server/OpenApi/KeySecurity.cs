using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc.ApiExplorer;
using Microsoft.OpenApi;
using RnnService.Server.Keys;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace RnnService.Server.OpenApi;

/// <summary>Tells of keys in the document: which operations need one, so that Swagger UI and generated clients send it.</summary>
internal static class KeySecurity
{
    private const string Scheme = "key";

    public static void Describe(SwaggerGenOptions options)
    {
        options.AddSecurityDefinition(Scheme, new OpenApiSecurityScheme
        {
            Type = SecuritySchemeType.Http,
            Scheme = KeyAuthentication.Bearer.ToLowerInvariant(),
            Description = $"A key of this service, where it has keys. {KeyAuthentication.Header} takes it too.",
        });
        // An open service needs none.
        options.AddSecurityRequirement(_ => []);
        options.AddSecurityRequirement(document => new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(Scheme, document)] = [] });
        options.OperationFilter<OpenFilter>();
    }

    /// <summary>Whether an operation is answered without a key, whatever keys there are.</summary>
    public static bool IsOpen(ApiDescription route) =>
        route.ActionDescriptor.EndpointMetadata.OfType<IAllowAnonymous>().Any();

    private sealed class OpenFilter : IOperationFilter
    {
        public void Apply(OpenApiOperation operation, OperationFilterContext context)
        {
            if (IsOpen(context.ApiDescription)) operation.Security = [];
        }
    }
}
