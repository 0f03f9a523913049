using System.Text.Json.Nodes;
using Microsoft.OpenApi;

namespace RnnService.Server.OpenApi;

/// <summary>
/// Says what OpenAPI 3.0 has another word for, or none. Null is no type there that could stand among others, but is said beside the type. And
/// generators that read this version make an empty class of values of several types, of which nothing can be sent: they are any value here, and
/// what may only be one of some words is any text.
/// </summary>
internal static class OlderForm
{
    public static void Apply(Microsoft.OpenApi.OpenApiDocument document) => new OpenApiWalker(new Visitor()).Walk(document);

    private sealed class Visitor : OpenApiVisitorBase
    {
        public override void Visit(IOpenApiSchema schema)
        {
            if (schema is not OpenApiSchema one) return;
            // They become enumerations, whose members are sent by the name that they have in the generated code.
            one.Enum = null;
            if ((one.OneOf ?? one.AnyOf) is not { } forms) return;
            List<IOpenApiSchema> others = [.. forms.Where(form => form is not OpenApiSchema { Type: JsonSchemaType.Null })];
            (one.OneOf, one.AnyOf) = (null, null);
            if (others is [OpenApiSchemaReference]) (one.OneOf, one.Type) = (others, JsonSchemaType.Object | JsonSchemaType.Null);
            else if (others is [OpenApiSchema alone]) one.Type = alone.Type | JsonSchemaType.Null;
        }

        /// <summary>Read to the letter, null beside a reference is not what the reference says: there is no example of it.</summary>
        public override void Visit(IOpenApiMediaType mediaType)
        {
            if (mediaType is OpenApiMediaType { Example: { } example } media && HasNull(example)) media.Example = null;
        }

        private static bool HasNull(JsonNode? node) => node switch
        {
            null => true,
            JsonObject item => item.Any(one => HasNull(one.Value)),
            JsonArray list => list.Any(HasNull),
            _ => false,
        };
    }
}
