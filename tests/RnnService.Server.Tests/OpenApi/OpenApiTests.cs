using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using RnnService.Server.OpenApi;
using RnnService.Server.Requests;

namespace RnnService.Server.Tests.OpenApi;

public sealed partial class OpenApiTests(SharedService shared)
{
    private static readonly JsonSerializerOptions Readable =
        new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    [Theory]
    [InlineData("docs/openapi.json", "3.1.", ApiDocument.Newer)]
    [InlineData("docs/openapi-3.0.json", "3.0.", ApiDocument.Older)]
    public async Task The_committed_documents_are_those_that_are_served(string file, string version, string route)
    {
        JsonNode document = await DocumentAsync(route);
        Assert.StartsWith(version, document["openapi"]!.GetValue<string>(), StringComparison.Ordinal);
        Repository.Compare(file, document.ToJsonString(Readable) + "\n");
    }

    /// <summary>With the models that some name.</summary>
    [Fact]
    public async Task Every_example_works_as_it_stands()
    {
        using var models = new DocumentModels();
        await using var service = new TestService(null, null, ("Rnn:ModelsPath", models.Path));
        await service.ReadyAsync();
        using HttpClient client = service.Client();
        int tried = 0;
        foreach ((string path, JsonNode? item) in (await DocumentAsync())["paths"]!.AsObject())
        {
            foreach ((string method, JsonNode? operation) in item!.AsObject())
            {
                Assert.False(string.IsNullOrEmpty(operation!["summary"]?.GetValue<string>()), path);
                string route = Route(path, operation);
                string?[] bodies = operation["requestBody"] is not { } sent ? [null]
                    : [.. Examples(sent["content"]!["application/json"]!).Values.Select(one => one.ToJsonString())];
                foreach (string? body in bodies)
                {
                    using HttpResponseMessage answer = body is null
                        ? await client.SendAsync(new HttpRequestMessage(HttpMethod.Parse(method), route), TestContext.Current.CancellationToken)
                        : await client.PostJsonAsync(route, body);
                    Assert.True(answer.IsSuccessStatusCode, $"{method} {route}: {(int)answer.StatusCode}");
                    Assert.Contains(answer.Content.Headers.ContentType!.MediaType,
                        operation["responses"]!["200"]!["content"]!.AsObject().Select(content => content.Key));
                    tried++;
                }
            }
        }

        Assert.Equal(43, tried);
    }

    /// <summary>From the models that they name, and from the shipped ones where they name none.</summary>
    [Fact]
    public async Task The_answers_shown_are_those_of_the_examples()
    {
        using var models = new DocumentModels();
        await using var service = new TestService(null, null, ("Rnn:ModelsPath", models.Path));
        using HttpClient client = service.CreateClient();
        int compared = 0;
        foreach ((string path, JsonNode? item) in (await DocumentAsync())["paths"]!.AsObject())
        {
            if (item!["post"] is not { } operation) continue;
            string route = Route(path, operation);
            foreach ((string name, JsonNode body) in Examples(operation["requestBody"]!["content"]!["application/json"]!))
            {
                using HttpResponseMessage answer = await client.PostJsonAsync(route, body.ToJsonString());
                string text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
                JsonNode shown = Examples(operation["responses"]!["200"]!["content"]![answer.Content.Headers.ContentType!.MediaType!]!)[name];
                bool isText = shown.GetValueKind() == JsonValueKind.String;
                ReadmeTests.AssertSame(
                    Steady(isText ? shown.GetValue<string>() : shown.ToJsonString(Readable)), Steady(isText ? text : JsonNode.Parse(text)!.ToJsonString(Readable)));
                compared++;
            }
        }

        Assert.Equal(22, compared);
    }

    [Fact]
    public async Task The_routes_for_texts_come_first_and_their_examples_are_short()
    {
        JsonNode document = await DocumentAsync();
        Assert.Equal(["/generate", "/generate_stream", "/classify", "/tag", "/inspect"],
            document["paths"]!.AsObject().Select(path => path.Key).Take(5));
        Assert.Equal("Text", document["tags"]![0]!["name"]!.GetValue<string>());
        Assert.All(
            Examples(document["paths"]!["/generate"]!["post"]!["requestBody"]!["content"]!["application/json"]!).Values,
            example => Assert.Null(example["parameters"]?["details"]));
    }

    [Fact]
    public async Task Every_row_of_the_status_table_that_a_computing_route_may_answer_is_in_the_document()
    {
        JsonNode document = await DocumentAsync();
        foreach (string route in new[] { "/generate", "/generate_stream", "/classify", "/tag", "/inspect" })
        {
            Dictionary<int, JsonNode> problems = document["paths"]![route]!["post"]!["responses"]!.AsObject()
                .Where(one => one.Key != "200").ToDictionary(one => int.Parse(one.Key), one => Shared(document, one.Value!));
            IEnumerable<ProblemKind> kinds = route.StartsWith("/generate", StringComparison.Ordinal)
                ? ProblemKind.OfInference.Concat(ProblemKind.OfSessions) : ProblemKind.OfInference;
            Assert.Equal(kinds.Concat(ProblemKind.OfKeys).Select(kind => kind.Status).Distinct().Order(), problems.Keys.Order());
            Assert.All(problems.Values, one => Assert.NotNull(one["content"]!["application/problem+json"]!["schema"]));
            Assert.NotNull(problems[429]["headers"]!["Retry-After"]);
        }
    }

    /// <summary>Generators make names of methods of them, and classes of what stands before an underscore.</summary>
    [Fact]
    public async Task Every_operation_has_a_name_of_its_own_that_can_be_a_methods()
    {
        string[] names = [.. Nodes(await DocumentAsync()).OfType<JsonObject>().Where(node => node["responses"]?["200"] is not null)
            .Select(operation => operation["operationId"]?.GetValue<string>() ?? $"none: {operation["summary"]}")];
        Assert.All(names, name => Assert.Matches("^[a-z][A-Za-z0-9]*$", name));
        Assert.Equal(names.Distinct(), names);
    }

    /// <summary>Generators of clients and linters fall over these, or take them for something else.</summary>
    [Theory]
    [InlineData(ApiDocument.Newer)]
    [InlineData(ApiDocument.Older)]
    public async Task Schemas_have_forms_that_every_generator_understands(string file)
    {
        JsonNode document = await DocumentAsync(file);
        Assert.Equal("/", document["servers"]![0]!["url"]!.GetValue<string>());
        foreach (JsonObject schema in Nodes(document).OfType<JsonObject>())
        {
            string found = $"{schema.GetPath()}: {schema.ToJsonString()}";
            Assert.False(schema["enum"] is JsonArray values && values.Contains(null), found);
            Assert.False(schema["format"]?.ToString() == "byte", found);
            Assert.False(schema["nullable"] is not null && schema["type"] is null, found);
            if (schema["maximum"] is JsonValue most) Assert.True(most.GetValue<decimal>() <= long.MaxValue, found);
        }

        JsonNode details = document["components"]!["schemas"]!["StreamEvent"]!["properties"]!["details"]!;
        Assert.True(file == ApiDocument.Older ? details["nullable"]!.GetValue<bool>() : details["oneOf"]![1]!["type"]!.GetValue<string>() == "null");
        // What is a list or a list of lists is any value where generators know no such types.
        JsonNode tags = document["paths"]!["/tag"]!["post"]!["responses"]!["200"]!["content"]!["application/json"]!["schema"]!;
        Assert.Equal(file == ApiDocument.Older, tags["anyOf"] is null);
        JsonNode onnx = document["paths"]!["/models/{name}/onnx"]!["get"]!;
        Assert.Equal("binary", onnx["responses"]!["200"]!["content"]!["application/octet-stream"]!["schema"]!["format"]!.GetValue<string>());
        Assert.Equal("integer", onnx["parameters"]![1]!["schema"]!["type"]!.GetValue<string>());
    }

    /// <summary>Swagger UI has its "Authorize" from this, and generated clients send keys.</summary>
    [Fact]
    public async Task Every_operation_takes_a_key_but_those_that_are_open_to_all()
    {
        JsonNode document = await DocumentAsync();
        Assert.Equal("bearer", document["components"]!["securitySchemes"]!["key"]!["scheme"]!.GetValue<string>());
        Assert.Equal("""[{},{"key":[]}]""", document["security"]!.ToJsonString());
        foreach ((string path, JsonNode? item) in document["paths"]!.AsObject())
        {
            foreach (JsonNode operation in item!.AsObject().Select(one => one.Value!).Where(one => one is JsonObject && one["responses"] is not null))
            {
                bool isOpen = operation["security"] is JsonArray { Count: 0 };
                Assert.Equal((path, !isOpen), (path, operation["responses"]!["401"] is not null));
            }
        }
    }

    [Fact]
    public async Task Bounds_come_from_the_options()
    {
        await using TestService service = await TestService.StartAsync(shared.Models, ("Rnn:Limits:MaxNewTokens", "77"));
        using HttpClient client = service.Client();
        JsonNode document = JsonNode.Parse(await client.GetStringAsync("/swagger/v1/swagger.json", TestContext.Current.CancellationToken))!;
        JsonNode parameters = document["components"]!["schemas"]!["GenerateParameters"]!["properties"]!;
        Assert.Equal(77, parameters["max_new_tokens"]!["maximum"]!.GetValue<int>());
    }

    [Fact]
    public async Task Swagger_UI_is_there()
    {
        Assert.Contains("swagger-ui", await shared.Client.GetStringAsync("/swagger/index.html", TestContext.Current.CancellationToken),
            StringComparison.Ordinal);
    }

    /// <summary>Without what is another at every call.</summary>
    private static string Steady(string answer) => Changing().Replace(answer, "");

    [GeneratedRegex("\"id\": \"(chat)?cmpl-[0-9a-f]{32}\",|\"created\": [0-9]+,")]
    private static partial Regex Changing();

    /// <summary>The examples of a body by name; of a single one the name is empty.</summary>
    private static Dictionary<string, JsonNode> Examples(JsonNode media) => media["example"] is { } one
        ? new() { [""] = one } : media["examples"]!.AsObject().ToDictionary(named => named.Key, named => named.Value!["value"]!);

    private async Task<JsonNode> DocumentAsync(string file = ApiDocument.Newer) =>
        JsonNode.Parse(await shared.Client.GetStringAsync($"{ApiDocument.Path}/{file}", TestContext.Current.CancellationToken))!;

    /// <summary>A path with the values of its parameters that are shown.</summary>
    internal static string Route(string path, JsonNode operation) => (operation["parameters"]?.AsArray() ?? [])
        .Where(parameter => parameter!["in"]!.GetValue<string>() == "path")
        .Aggregate(path, (route, parameter) => route.Replace($"{{{parameter!["name"]}}}", parameter["example"]!.GetValue<string>(), StringComparison.Ordinal));

    /// <summary>A node and all below it.</summary>
    private static IEnumerable<JsonNode> Nodes(JsonNode? node) => node switch
    {
        JsonObject item => item.SelectMany(one => Nodes(one.Value)).Prepend(item),
        JsonArray list => list.SelectMany(Nodes).Prepend(list),
        null => [],
        _ => [node],
    };

    /// <summary>The part of the document to which a reference leads.</summary>
    private static JsonNode Shared(JsonNode document, JsonNode reference) => reference["$ref"]!.GetValue<string>()[2..].Split('/')
        .Aggregate(document, (node, name) => node[name]!);
}

/// <summary>The shipped models, and one's own that examples name where no shipped one answers.</summary>
file sealed class DocumentModels : IDisposable
{
    private readonly ShippedModels _shipped = new();
    private readonly TinyNumberModels _numbers = new();

    public DocumentModels()
    {
        foreach (string name in (string[])["phases", "level", "load"])
            Directory.CreateSymbolicLink(System.IO.Path.Combine(Path, name), System.IO.Path.Combine(_numbers.Path, name));
    }

    public string Path => _shipped.Path;

    public void Dispose()
    {
        _shipped.Dispose();
        _numbers.Dispose();
    }
}
