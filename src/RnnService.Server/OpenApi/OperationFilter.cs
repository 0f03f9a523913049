using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.OpenApi;
using RnnService.Server.Endpoints;
using RnnService.Server.Requests;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace RnnService.Server.OpenApi;

/// <summary>Gives operations their examples, headers and the rows of the status table.</summary>
internal sealed class OperationFilter : IOperationFilter
{
    private const string Binary = "application/octet-stream", Numbers = "Numbers";

    public void Apply(OpenApiOperation operation, OperationFilterContext context)
    {
        IList<object> metadata = context.ApiDescription.ActionDescriptor.EndpointMetadata;
        var ok = (OpenApiResponse)operation.Responses!["200"];
        ok.Description = operation.Summary;
        if (metadata.OfType<GrowingBody>().FirstOrDefault() is { } growing)
        {
            operation.RequestBody = new OpenApiRequestBody
            {
                Content = growing.Types.ToDictionary(type => type, IOpenApiMediaType (_) => new OpenApiMediaType { Schema = SchemaOf(growing.Line, context) }),
            };
        }

        foreach (PathExample path in metadata.OfType<PathExample>())
        {
            OpenApiParameter parameter = Parameter(operation, path.Name, ParameterLocation.Path);
            (parameter.Example, parameter.Description) = (path.Value, path.Description);
        }

        foreach (QueryExample query in metadata.OfType<QueryExample>())
        {
            OpenApiParameter parameter = Parameter(operation, query.Name, ParameterLocation.Query);
            (parameter.Description, parameter.Schema) = (query.Description, WholeNumber(query.Least, query.Most));
        }

        foreach (QueryChoice query in metadata.OfType<QueryChoice>())
        {
            OpenApiParameter parameter = Parameter(operation, query.Name, ParameterLocation.Query);
            (parameter.Description, parameter.Schema) =
                (query.Description, new OpenApiSchema { Type = JsonSchemaType.String, Enum = [.. query.Words.Select(word => (JsonNode)word)] });
        }

        if (metadata.OfType<RequestExample>().Any() && operation.RequestBody is OpenApiRequestBody body)
        {
            body.Required = true;
            Bytes(body.Content!);
            foreach (OpenApiMediaType media in Shown(body.Content!))
                Show(media, metadata.OfType<RequestExample>().Select(example => (example.Name, JsonNode.Parse(example.Json)!)));
            if (metadata.OfType<AnyTask>().FirstOrDefault() is { } any) Widen(Shown(body.Content!), any.Requests, context);
            operation.Parameters ??= [];
            operation.Parameters.Add(DeadlineHeader());
            if (!metadata.OfType<ITagsMetadata>().Any(tags => tags.Tags.Contains(Numbers))) ok.Headers = WarningHeader();
        }

        Answer(ok, metadata, context);
        foreach (ProblemResponse problem in ProblemResponse.Of(context.ApiDescription))
            operation.Responses[problem.Status.ToString()] = new OpenApiResponseReference(problem.Name, context.Document);
    }

    /// <summary>A parameter; one that the route's handler does not take for itself is not there yet.</summary>
    private static OpenApiParameter Parameter(OpenApiOperation operation, string name, ParameterLocation place)
    {
        operation.Parameters ??= [];
        if (operation.Parameters.OfType<OpenApiParameter>().SingleOrDefault(one => one.Name == name) is { } found) return found;
        var added = new OpenApiParameter { Name = name, In = place, Required = place == ParameterLocation.Path, Schema = new OpenApiSchema { Type = JsonSchemaType.String } };
        operation.Parameters.Add(added);
        return added;
    }

    private static void Answer(OpenApiResponse ok, IList<object> metadata, OperationFilterContext context)
    {
        if (ok.Content is null) return;
        Bytes(ok.Content);
        OpenApiMediaType[] answers = [.. Shown(ok.Content)];
        foreach (OpenApiMediaType media in answers)
        {
            Show(media, metadata.OfType<AnswerExample>().Select(example =>
                (example.Name, example.IsJson ? JsonNode.Parse(example.Text)! : JsonValue.Create(example.Text))));
        }

        if (metadata.OfType<AnyTask>().FirstOrDefault() is { } any) Widen(answers, any.Answers, context);
        if (metadata.OfType<AnswersTexts>().FirstOrDefault() is { } texts)
        {
            // The place of a text that the model cannot compute holds the reason.
            IOpenApiSchema[] one = [SchemaOf(texts.One, context), .. texts.Other is { } other ? [SchemaOf(other, context)] : (IOpenApiSchema[])[]];
            var list = new OpenApiSchema
            {
                Type = JsonSchemaType.Array,
                Items = new OpenApiSchema { AnyOf = [.. one, SchemaOf(typeof(FailedText), context)] },
            };
            // An empty list is both.
            answers[0].Schema = texts.OrOne ? new OpenApiSchema { AnyOf = [.. one, list] } : list;
        }

        if (metadata.OfType<StreamsEvents>().FirstOrDefault() is not { } events) return;
        // The body is a text; what stands in it is described for those who read it.
        ok.Content.TryAdd(ServerSentEvents.ContentType, new OpenApiMediaType { Schema = new OpenApiSchema { Type = JsonSchemaType.String } });
        SchemaOf(events.Event, context);
        ok.Description += $". The data of an event is a {events.Event.Name}.";
    }

    private static void Widen(IEnumerable<IOpenApiMediaType> media, IReadOnlyList<Type> types, OperationFilterContext context)
    {
        foreach (OpenApiMediaType one in media.OfType<OpenApiMediaType>())
            one.Schema = new OpenApiSchema { AnyOf = [one.Schema!, .. types.Select(type => SchemaOf(type, context))] };
    }

    /// <summary>The example of a body, or several by their names.</summary>
    private static void Show(OpenApiMediaType media, IEnumerable<(string Name, JsonNode Value)> examples)
    {
        (string Name, JsonNode Value)[] all = [.. examples];
        if (all.Length == 1) media.Example = all[0].Value;
        if (all.Length > 1) media.Examples = all.ToDictionary(one => one.Name, IOpenApiExample (one) => new OpenApiExample { Value = one.Value });
    }

    /// <summary>What is not a record's JSON, or a text, is bytes.</summary>
    private static void Bytes(IDictionary<string, IOpenApiMediaType> content)
    {
        foreach (OpenApiMediaType media in content.Where(one => IsBinary(one.Key)).Select(one => one.Value).OfType<OpenApiMediaType>())
            media.Schema = new OpenApiSchema { Type = JsonSchemaType.String, Format = "binary" };
    }

    private static IEnumerable<OpenApiMediaType> Shown(IDictionary<string, IOpenApiMediaType> content) =>
        content.Where(one => !IsBinary(one.Key)).Select(one => one.Value).OfType<OpenApiMediaType>();

    private static bool IsBinary(string type) => type == Binary || type.StartsWith("audio/", StringComparison.Ordinal);

    private static IOpenApiSchema SchemaOf(Type type, OperationFilterContext context) =>
        context.SchemaGenerator.GenerateSchema(type, context.SchemaRepository);

    private static Dictionary<string, IOpenApiHeader> WarningHeader() => new()
    {
        [TextWarnings.Header] = new OpenApiHeader
        {
            Description = "What the model could not read of the texts sent, where there is something: characters that it does not have, "
                + "texts of which it knows no word. Other than ASCII as U+XXXX.",
            Schema = new OpenApiSchema { Type = JsonSchemaType.String },
        },
    };

    private static OpenApiParameter DeadlineHeader() => new()
    {
        Name = Deadline.Header,
        In = ParameterLocation.Header,
        Description = "Milliseconds after which the answer is of no use: 504 then, and the work stops.",
        Schema = WholeNumber(1, Deadline.MostMilliseconds),
    };

    private static OpenApiSchema WholeNumber(int least, int most) =>
        new() { Type = JsonSchemaType.Integer, Format = "int32", Minimum = least.ToString(), Maximum = most.ToString() };
}
