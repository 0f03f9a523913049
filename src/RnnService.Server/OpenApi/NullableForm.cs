using System.Text.Json.Nodes;
using Microsoft.OpenApi;

namespace RnnService.Server.OpenApi;

/// <summary>
/// Says "or null" as OpenAPI 3.0 does. There null is no type of its own that could stand among others, as it is from 3.1 on, but something
/// that is said beside the type.
/// </summary>
internal static class NullableForm
{
    public static void Apply(Microsoft.OpenApi.OpenApiDocument document) => new OpenApiWalker(new Visitor()).Walk(document);

    private sealed class Visitor : OpenApiVisitorBase
    {
        public override void Visit(IOpenApiSchema schema)
        {
            if (schema is not OpenApiSchema { OneOf: { } forms } one || !forms.Any(IsNull)) return;
            List<IOpenApiSchema> others = [.. forms.Where(form => !IsNull(form))];
            if (others is [OpenApiSchemaReference reference])
            {
                (one.OneOf, one.AllOf, one.Type) = (null, [reference], JsonSchemaType.Object | JsonSchemaType.Null);
            }
            else if (others is [OpenApiSchema alone])
            {
                (one.OneOf, one.Type, one.Enum) = (null, alone.Type | JsonSchemaType.Null, alone.Enum);
            }
            else
            {
                one.OneOf = others;
                foreach (OpenApiSchema first in others.OfType<OpenApiSchema>().Take(1)) first.Type |= JsonSchemaType.Null;
            }
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

        private static bool IsNull(IOpenApiSchema schema) => schema is OpenApiSchema { Type: JsonSchemaType.Null };
    }
}
