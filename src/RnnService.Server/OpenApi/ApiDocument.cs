using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.OpenApi;
using RnnService.Server.Endpoints;
using RnnService.Server.Options;
using RnnService.Server.Requests;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace RnnService.Server.OpenApi;

/// <summary>
/// Writes the OpenAPI document from what the code answers from: the request records with their bounds, and the status table.
/// </summary>
internal static class ApiDocument
{
    public const string Name = "v1";

    /// <summary>A script for the page: of its groups only the first is open, so that the routes for text fill the screen and the others are listed.</summary>
    public static string ClosedAtFirst { get; } = $$"""

        const closing = setInterval(() => {
            if (!window.ui || !document.querySelector(".opblock-tag")) return;
            clearInterval(closing);
            for (const tag of {{JsonSerializer.Serialize(TagsFilter.Names.Skip(1))}}) window.ui.layoutActions.show(["operations-tag", tag], false);
        }, 50);

        """;

    public static void Describe(SwaggerGenOptions options)
    {
        options.SwaggerDoc(Name, new OpenApiInfo
        {
            Title = "RnnService",
            Version = Name,
            Description = "Recurrent networks on ordinary processors: continues, classifies and tags text. "
                + "Bodies are JSON in UTF-8, offsets count Unicode code points, and every failure is application/problem+json.",
        });
        options.IncludeXmlComments(Assembly.GetExecutingAssembly());
        options.SupportNonNullableReferenceTypes();
        options.NonNullableReferenceTypesAsRequired();
        options.CustomOperationIds(description => description.RelativePath!.Replace("{", "").Replace("}", "").Replace('/', '_'));
        options.MapType<Texts>(() => new OpenApiSchema
        {
            OneOf =
            [
                new OpenApiSchema { Type = JsonSchemaType.String },
                new OpenApiSchema { Type = JsonSchemaType.Array, Items = new OpenApiSchema { Type = JsonSchemaType.String } },
            ],
        });
        options.SchemaFilter<BoundsFilter>();
        options.OperationFilter<AnswersFilter>();
        options.DocumentFilter<TagsFilter>();
    }

    /// <summary>Gives the fields of requests their bounds and forbids others.</summary>
    private sealed class BoundsFilter(LimitOptions limits) : ISchemaFilter
    {
        public void Apply(IOpenApiSchema schema, SchemaFilterContext context)
        {
            bool isRequest = context.Type.Namespace == typeof(GenerateRequest).Namespace
                && (context.Type.Name.EndsWith("Request", StringComparison.Ordinal)
                    || context.Type.Name.EndsWith("Parameters", StringComparison.Ordinal)
                    || context.Type == typeof(HubOptions));
            if (schema is not OpenApiSchema { Properties: { } properties } record) return;
            // Later versions may answer with more; what is sent is held to the letter.
            record.AdditionalPropertiesAllowed = !isRequest;
            if (!isRequest) return;
            foreach (SchemaField field in RequestSchema.Of(context.Type).Fields)
            {
                if (properties[field.Name] is OpenApiSchema property) Bound(property, field);
                else if (!field.Required) properties[field.Name] = new OpenApiSchema { OneOf = [properties[field.Name], Null()] };
            }
        }

        private static OpenApiSchema Null() => new() { Type = JsonSchemaType.Null };

        private void Bound(OpenApiSchema schema, SchemaField field)
        {
            if (field.Form == JsonForm.Texts)
            {
                // One text stands for a list of one.
                Lengths(schema, field, outermost: true);
                var one = new OpenApiSchema { Type = JsonSchemaType.String };
                if (field.Length is { } length) (one.MinLength, one.MaxLength) = (length.Least, length.Most(limits));
                var many = new OpenApiSchema
                {
                    Type = JsonSchemaType.Array,
                    Items = schema.Items,
                    MinItems = schema.MinItems,
                    MaxItems = schema.MaxItems,
                };
                (schema.OneOf, schema.Type, schema.Items, schema.MinItems, schema.MaxItems) = ([one, many, Null()], null, null, null, null);
                return;
            }

            if (field.Form == JsonForm.AnyObject) schema.Type = JsonSchemaType.Object;
            if (!field.Required && field.Form != JsonForm.TextOrTexts) schema.Type |= JsonSchemaType.Null;
            if (field.Value is { } value)
            {
                if (value.Above) schema.ExclusiveMinimum = ValueAttribute.Text(value.Least);
                else schema.Minimum = ValueAttribute.Text(value.Least);
                schema.Maximum = value.MostText(limits);
            }

            Lengths(schema, field);
            if (field.OneOf is not { } allowed) return;
            schema.Enum = [.. allowed.Json.Append("null").Select(json => JsonNode.Parse(json) ?? JsonNullSentinel.JsonNull)];
            schema.Deprecated = allowed.Extra;
        }

        private void Lengths(OpenApiSchema schema, SchemaField field)
        {
            if (field.Form == JsonForm.TextOrTexts)
            {
                foreach (OpenApiSchema form in schema.OneOf!.OfType<OpenApiSchema>().Where(form => form.Type != JsonSchemaType.Null))
                    Lengths(form, field, outermost: true);
            }
            else
            {
                Lengths(schema, field, outermost: true);
            }
        }

        private void Lengths(OpenApiSchema schema, SchemaField field, bool outermost)
        {
            if (schema.Items is OpenApiSchema items)
            {
                if (outermost && field.Count is { } count) (schema.MinItems, schema.MaxItems) = (count.Least, count.Most(limits));
                Lengths(items, field, outermost: false);
            }
            else if (field.Length is { } length)
            {
                (schema.MinLength, schema.MaxLength) = (length.Least, length.Most(limits));
            }
        }
    }

    /// <summary>Gives operations their examples, headers and the rows of the status table.</summary>
    private sealed class AnswersFilter : IOperationFilter
    {
        public void Apply(OpenApiOperation operation, OperationFilterContext context)
        {
            IList<object> metadata = context.ApiDescription.ActionDescriptor.EndpointMetadata;
            if (metadata.OfType<RequestExample>().Any() && operation.RequestBody is OpenApiRequestBody body)
            {
                body.Required = true;
                foreach (OpenApiMediaType media in body.Content!.Values.OfType<OpenApiMediaType>())
                    Show(media, metadata.OfType<RequestExample>().Select(example => (example.Name, JsonNode.Parse(example.Json)!)));
                operation.Parameters ??= [];
                operation.Parameters.Add(DeadlineHeader());
            }

            foreach (PathExample path in metadata.OfType<PathExample>())
            {
                OpenApiParameter parameter = operation.Parameters!.OfType<OpenApiParameter>().Single(one => one.Name == path.Name);
                (parameter.Example, parameter.Description) = (path.Value, path.Description);
            }

            foreach (QueryExample query in metadata.OfType<QueryExample>())
                operation.Parameters!.OfType<OpenApiParameter>().Single(one => one.Name == query.Name).Description = query.Description;

            operation.Responses!["200"].Description = operation.Summary;
            if (metadata.OfType<RequestExample>().Any()) ((OpenApiResponse)operation.Responses["200"]).Headers = WarningHeader();
            Dictionary<string, OpenApiMediaType> answers =
                operation.Responses["200"].Content?.ToDictionary(one => one.Key, one => (OpenApiMediaType)one.Value) ?? [];
            if (metadata.OfType<AlsoStreams>().Any())
                ((OpenApiResponse)operation.Responses["200"]).Content![ServerSentEvents.ContentType] =
                    new OpenApiMediaType { Schema = SchemaOf(typeof(StreamEvent), context) };
            foreach (OpenApiMediaType media in answers.Values)
            {
                Show(media, metadata.OfType<AnswerExample>().Select(example =>
                    (example.Name, example.IsJson ? JsonNode.Parse(example.Text)! : JsonValue.Create(example.Text))));
            }

            if (metadata.OfType<AnswersTexts>().FirstOrDefault() is { } texts)
            {
                // The place of a text that the model cannot compute holds the reason.
                IOpenApiSchema one = SchemaOf(texts.One, context);
                var list = new OpenApiSchema
                {
                    Type = JsonSchemaType.Array,
                    Items = new OpenApiSchema
                    {
                        OneOf = [one, .. texts.Explained is { } explained ? [SchemaOf(explained, context)] : (IOpenApiSchema[])[],
                            SchemaOf(typeof(FailedText), context)],
                    },
                };
                answers["application/json"].Schema = texts.OrOne ? new OpenApiSchema { OneOf = [one, list] } : list;
            }

            ProblemForm form = ProblemForm.Of("/" + context.ApiDescription.RelativePath);
            IEnumerable<ProblemKind> kinds = metadata.OfType<MayAnswer>().Select(one => one.Kind).Append(ProblemKind.Internal).Distinct();
            foreach (IGrouping<int, ProblemKind> status in kinds.OrderBy(kind => kind.Status).GroupBy(kind => kind.Status))
            {
                operation.Responses[status.Key.ToString()] = new OpenApiResponse
                {
                    Description = string.Join(" ", status.Select(kind => $"{kind.ErrorType}: {kind.When}")),
                    Headers = status.Any(kind => kind.RetryAfterSeconds is not null) ? RetryAfter() : null,
                    Content = new Dictionary<string, IOpenApiMediaType>
                    {
                        [form.ContentType] = new OpenApiMediaType
                        {
                            Schema = SchemaOf(form.Type, context),
                            Example = ProblemExample(form, status.First()),
                        },
                    },
                };
            }
        }

        /// <summary>The example of a body, or several by their names.</summary>
        private static void Show(OpenApiMediaType media, IEnumerable<(string Name, JsonNode Value)> examples)
        {
            (string Name, JsonNode Value)[] all = [.. examples];
            if (all.Length == 1) media.Example = all[0].Value;
            if (all.Length > 1) media.Examples = all.ToDictionary(one => one.Name, IOpenApiExample (one) => new OpenApiExample { Value = one.Value });
        }

        private static IOpenApiSchema SchemaOf(Type type, OperationFilterContext context) =>
            context.SchemaGenerator.GenerateSchema(type, context.SchemaRepository);

        /// <summary>What clients look at; the schema has the rest.</summary>
        private static JsonNode ProblemExample(ProblemForm form, ProblemKind kind) => form == ProblemForm.Details
            ? new JsonObject { ["error"] = kind.Title, ["error_type"] = kind.ErrorType }
            : JsonSerializer.SerializeToNode(form.Body(new RequestProblem(kind, kind.Title), ""), Json.Options)!;

        private static Dictionary<string, IOpenApiHeader> WarningHeader() => new()
        {
            [TextWarnings.Header] = new OpenApiHeader
            {
                Description = "What the model could not read of the texts sent, where there is something: characters that it does not have, "
                    + "texts of which it knows no word. Other than ASCII as U+XXXX.",
                Schema = new OpenApiSchema { Type = JsonSchemaType.String },
            },
        };

        private static Dictionary<string, IOpenApiHeader> RetryAfter() => new()
        {
            ["Retry-After"] = new OpenApiHeader
            {
                Description = "Seconds to wait.",
                Schema = new OpenApiSchema { Type = JsonSchemaType.Integer },
            },
        };

        private static OpenApiParameter DeadlineHeader() => new()
        {
            Name = Deadline.Header,
            In = ParameterLocation.Header,
            Description = "Milliseconds after which the answer is of no use: 504 then, and the work stops.",
            Schema = new OpenApiSchema { Type = JsonSchemaType.Integer, Minimum = "1", Maximum = Deadline.MostMilliseconds.ToString() },
        };
    }

    /// <summary>Puts the routes that answer texts first.</summary>
    private sealed class TagsFilter : IDocumentFilter
    {
        private static readonly (string Name, string Description)[] Order =
        [
            ("Text", "Continue, classify and tag texts."), ("Models", "What is served, and its files."), ("Health", "Probes and metrics."),
        ];

        public static IEnumerable<string> Names => Order.Select(tag => tag.Name);

        public void Apply(Microsoft.OpenApi.OpenApiDocument document, DocumentFilterContext context)
        {
            document.Tags = new HashSet<OpenApiTag>(Order.Select(tag => new OpenApiTag { Name = tag.Name, Description = tag.Description }));
            List<KeyValuePair<string, IOpenApiPathItem>> paths = [.. document.Paths.OrderBy(path => Rank(path.Value))];
            document.Paths.Clear();
            foreach ((string path, IOpenApiPathItem item) in paths) document.Paths.Add(path, item);
        }

        private static int Rank(IOpenApiPathItem item) =>
            Array.FindIndex(Order, tag => item.Operations!.Values.First().Tags!.Any(one => one.Name == tag.Name));
    }
}
