using System.Reflection;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Microsoft.OpenApi;
using RnnService.Engine.Text;
using RnnService.Server.Options;
using RnnService.Server.Requests;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace RnnService.Server.OpenApi;

/// <summary>
/// Gives the fields of requests their bounds and forbids others; says of every field whether it may be null. The forms are those that
/// generators of clients understand: null stands beside a reference or an enumeration, never in it.
/// </summary>
internal sealed class SchemaFilter(LimitOptions limits) : ISchemaFilter
{
    public void Apply(IOpenApiSchema schema, SchemaFilterContext context)
    {
        if (schema is not OpenApiSchema { Properties: { } properties } record || context.Type.Assembly != typeof(SchemaFilter).Assembly) return;
        bool isRequest = IsRequest(context.Type);
        // Later versions may answer with more; what is sent is held to the letter.
        record.AdditionalPropertiesAllowed = !isRequest;
        if (isRequest)
        {
            foreach (SchemaField field in RequestSchema.Of(context.Type).Fields)
            {
                if (properties[field.Name] is OpenApiSchema property) Bound(property, field);
                if (field.Form != JsonForm.Any) properties[field.Name] = OrNull(properties[field.Name], !field.Required);
            }
        }
        else
        {
            foreach (PropertyInfo property in context.Type.GetProperties())
            {
                string name = property.GetCustomAttribute<JsonPropertyNameAttribute>()?.Name ?? SnakeCase.Of(property.Name);
                if (properties.TryGetValue(name, out IOpenApiSchema? found)) properties[name] = OrNull(found, IsNullable(property));
            }
        }
    }

    private static bool IsRequest(Type type) => type.Name.EndsWith("Request", StringComparison.Ordinal)
        || type.Name.EndsWith("Parameters", StringComparison.Ordinal) || type.Name.EndsWith("Options", StringComparison.Ordinal);

    /// <summary>Whether the field of an answer may be null; where null is left out it is not. The document may be asked for by several at once, for whom a context is none.</summary>
    private static bool IsNullable(PropertyInfo property) => new NullabilityInfoContext().Create(property).ReadState == NullabilityState.Nullable
        && property.GetCustomAttribute<JsonIgnoreAttribute>()?.Condition != JsonIgnoreCondition.WhenWritingNull;

    private static IOpenApiSchema OrNull(IOpenApiSchema schema, bool nullable)
    {
        if (schema is OpenApiSchema { OneOf: null, Enum: null, Type: not null } simple)
        {
            simple.Type = nullable ? simple.Type | JsonSchemaType.Null : simple.Type & ~JsonSchemaType.Null;
            return schema;
        }

        var none = new OpenApiSchema { Type = JsonSchemaType.Null };
        if (schema is OpenApiSchema one) one.Type &= ~JsonSchemaType.Null;
        if (!nullable) return schema;
        if (schema is OpenApiSchema { OneOf: { } forms })
        {
            forms.Add(none);
            return schema;
        }

        return new OpenApiSchema { OneOf = [schema, none], Description = schema.Description, Deprecated = schema.Deprecated };
    }

    private void Bound(OpenApiSchema schema, SchemaField field)
    {
        if (field.Form is JsonForm.Texts or JsonForm.TextOrTexts)
        {
            // One text stands for a list of one.
            var one = new OpenApiSchema { Type = JsonSchemaType.String };
            var many = new OpenApiSchema { Type = JsonSchemaType.Array, Items = new OpenApiSchema { Type = JsonSchemaType.String } };
            Lengths(one, field);
            Lengths(many, field);
            (schema.OneOf, schema.Type, schema.Items) = ([one, many, .. field.OrNumbers ? SequenceForms() : []], null, null);
            return;
        }

        if (field.Form is JsonForm.Prompts or JsonForm.TextOrParts)
        {
            schema.OneOf = field.Form == JsonForm.Prompts ? PromptForms(field) : ContentForms(field);
            return;
        }

        if (field.Form == JsonForm.AnyObject) schema.Type = JsonSchemaType.Object;
        if (field.Form == JsonForm.AnyList) (schema.Type, schema.Items) = (JsonSchemaType.Array, new OpenApiSchema());
        if (field.Value is { } value)
        {
            OpenApiSchema number = field.Form == JsonForm.WholeNumbers ? (OpenApiSchema)schema.Items! : schema;
            if (value.Above) number.ExclusiveMinimum = ValueAttribute.Text(value.Least);
            else number.Minimum = ValueAttribute.Text(value.Least);
            // Of whole numbers without a sign the larger half is taken too, but no generated client has a type for it.
            number.Maximum = value.Most(limits) >= long.MaxValue ? long.MaxValue.ToString() : value.MostText(limits);
        }

        Lengths(schema, field);
        if (field.OneOf is { } allowed) Only(schema, allowed);
    }

    /// <summary>A text, texts, a text's tokens, or those of several.</summary>
    private List<IOpenApiSchema> PromptForms(SchemaField field)
    {
        int longest = field.Length!.Most(limits), most = field.Count!.Most(limits);
        return [Text(), Many(Text(), 1, most), Ids(), Many(Ids(), 1, most)];

        OpenApiSchema Text() => new() { Type = JsonSchemaType.String, MaxLength = longest };

        OpenApiSchema Ids() => Many(new OpenApiSchema { Type = JsonSchemaType.Integer, Format = "int32", Minimum = "0" }, 1, longest);
    }

    /// <summary>A text, or parts that are texts.</summary>
    private List<IOpenApiSchema> ContentForms(SchemaField field)
    {
        int longest = field.Length!.Most(limits);
        var part = new OpenApiSchema
        {
            Type = JsonSchemaType.Object,
            Required = new HashSet<string> { "type", "text" },
            AdditionalPropertiesAllowed = false,
            Properties = new Dictionary<string, IOpenApiSchema>
            {
                ["type"] = new OpenApiSchema { Type = JsonSchemaType.String, Enum = ["text"] },
                ["text"] = new OpenApiSchema { Type = JsonSchemaType.String, MaxLength = longest },
            },
        };
        return [new OpenApiSchema { Type = JsonSchemaType.String, MaxLength = longest }, Many(part, 0, field.Count!.Most(limits))];
    }

    /// <summary>A sequence of numbers, or several.</summary>
    public static List<IOpenApiSchema> SequenceForms()
    {
        return [Sequence(), new OpenApiSchema { Type = JsonSchemaType.Array, Items = Sequence() }];

        // A step of one number may be that number.
        static OpenApiSchema Sequence() => new()
        {
            Type = JsonSchemaType.Object,
            Required = new HashSet<string> { NumberLists.Values },
            AdditionalPropertiesAllowed = false,
            Properties = new Dictionary<string, IOpenApiSchema> { [NumberLists.Values] = new OpenApiSchema { Type = JsonSchemaType.Array, Items = new OpenApiSchema() } },
        };
    }

    private static OpenApiSchema Many(OpenApiSchema items, int least, int most) =>
        new() { Type = JsonSchemaType.Array, Items = items, MinItems = least, MaxItems = most };

    /// <summary>The only values. Of a field that can merely be switched off there is one at most, which is no enumeration to generate a type of.</summary>
    private static void Only(OpenApiSchema schema, OneOfAttribute allowed)
    {
        schema.Deprecated = allowed.Extra;
        if (!allowed.Extra) schema.Enum = [.. allowed.Json.Select(json => JsonNode.Parse(json)!)];
        else if (allowed.Json is [var number] && schema.Type is { } type && (type.HasFlag(JsonSchemaType.Number) || type.HasFlag(JsonSchemaType.Integer))) (schema.Minimum, schema.Maximum) = (number, number);
    }

    private void Lengths(OpenApiSchema schema, SchemaField field, bool outermost = true)
    {
        if (schema.Type?.HasFlag(JsonSchemaType.Array) == true)
        {
            if (outermost && field.Count is { } count) (schema.MinItems, schema.MaxItems) = (count.Least, count.Most(limits));
            if (schema.Items is OpenApiSchema items) Lengths(items, field, outermost: false);
        }
        else if (field.Length is { } length)
        {
            (schema.MinLength, schema.MaxLength) = (length.Least, length.Most(limits));
        }
    }
}
