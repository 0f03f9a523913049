using System.Reflection;
using System.Text.Json;
using Microsoft.OpenApi;
using RnnService.Engine.Networks;
using RnnService.Server.Requests;
using Swashbuckle.AspNetCore.SwaggerGen;
using Swashbuckle.AspNetCore.SwaggerUI;

namespace RnnService.Server.OpenApi;

/// <summary>
/// The OpenAPI document, written from what the code answers from: the request records with their bounds, and the status table. It is
/// served as OpenAPI 3.1, and as 3.0 for the generators of clients that read no other.
/// </summary>
internal static class ApiDocument
{
    public const string Name = "v1";

    /// <summary>Where the page and the documents are.</summary>
    public const string Path = "/swagger";

    /// <summary>The document as OpenAPI 3.1 and as OpenAPI 3.0, below <see cref="Path"/>.</summary>
    public const string Newer = $"{Name}/swagger.json", Older = $"{Name}/openapi-3.0.json";

    /// <summary>A script for the page: of its groups only the first is open, so that the routes for text fill the screen and the others are listed.</summary>
    public static string ClosedAtFirst { get; } = $$"""

        const closing = setInterval(() => {
            if (!window.ui || !document.querySelector(".opblock-tag")) return;
            clearInterval(closing);
            for (const tag of {{JsonSerializer.Serialize(DocumentFilter.Tags.Skip(1))}}) window.ui.layoutActions.show(["operations-tag", tag], false);
        }, 50);

        """;

    public static void Describe(SwaggerGenOptions options)
    {
        options.SwaggerDoc(Name, new OpenApiInfo
        {
            Title = "RnnService",
            Version = Name,
            Description = "Recurrent networks on ordinary processors: continues, classifies and tags text. "
                + "Bodies are JSON in UTF-8, offsets count Unicode code points, and every failure is application/problem+json, "
                + "under /v1 and /v2 in the form that their clients read.",
            License = new OpenApiLicense { Name = "MIT", Url = new Uri("https://opensource.org/license/mit") },
        });
        options.IncludeXmlComments(Assembly.GetExecutingAssembly());
        options.SupportNonNullableReferenceTypes();
        options.NonNullableReferenceTypesAsRequired();
        options.MapType<Texts>(() => new OpenApiSchema());
        options.MapType<Prompts>(() => new OpenApiSchema());
        options.MapType<ChatContent>(() => new OpenApiSchema());
        options.MapType<NumberLists>(() => new OpenApiSchema { OneOf = SchemaFilter.SequenceForms() });
        options.MapType<NumberSequence>(() => new OpenApiSchema { Type = JsonSchemaType.Array, Items = new OpenApiSchema() });
        options.MapType<NumberSequence?>(() => new OpenApiSchema { Type = JsonSchemaType.Array, Items = new OpenApiSchema() });
        options.SchemaFilter<SchemaFilter>();
        options.OperationFilter<OperationFilter>();
        options.DocumentFilter<DocumentFilter>();
        KeySecurity.Describe(options);
    }

    /// <summary>Answers the documents and the page that shows the newer one.</summary>
    public static void UseApiDocument(this IApplicationBuilder app)
    {
        // Asked for its path alone: its middleware takes services, and a scope for them, from every request that comes by.
        app.UseWhen(context => context.Request.Path.StartsWithSegments(Path), swagger => swagger
            .UseDocument(Newer, OpenApiSpecVersion.OpenApi3_1)
            .UseDocument(Older, OpenApiSpecVersion.OpenApi3_0)
            .UseSwaggerUI(page =>
            {
                page.SwaggerEndpoint(Newer, "RnnService");
                page.DocumentTitle = "RnnService";
                page.DisplayRequestDuration();
                page.EnableTryItOutByDefault();
                page.DocExpansion(DocExpansion.List); // thirty open operations keep a browser busy for long
                page.HeadContent = $"<script>{ClosedAtFirst}</script>";
                page.DefaultModelsExpandDepth(0);
            }));
    }

    private static IApplicationBuilder UseDocument(this IApplicationBuilder app, string file, OpenApiSpecVersion version) => app.UseSwagger(document =>
    {
        document.RouteTemplate = $"{Path[1..]}/{file.Replace(Name, "{documentName}", StringComparison.Ordinal)}";
        document.OpenApiVersion = version;
        document.PreSerializeFilters.Add((written, request) => written.Servers = [ServerOf(request)]);
        if (version == OpenApiSpecVersion.OpenApi3_0) document.PreSerializeFilters.Add((written, _) => OlderForm.Apply(written));
    });

    /// <summary>The service at the address at which the document is asked for, also behind a prefix.</summary>
    private static OpenApiServer ServerOf(HttpRequest request) => new()
    {
        Url = request.PathBase.HasValue ? request.PathBase.Value : "/",
        Description = "The service that answers this document.",
    };
}
