using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using RnnService.Server.Requests;

namespace RnnService.Server.Tests.OpenApi;

public sealed class OpenApiTests(SharedService shared)
{
    private static readonly JsonSerializerOptions Readable =
        new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    [Fact]
    public async Task The_committed_document_is_the_one_that_is_served() =>
        Repository.Compare("docs/openapi.json", (await DocumentAsync()).ToJsonString(Readable) + "\n");

    [Fact]
    public async Task Every_example_works_as_it_stands()
    {
        int tried = 0;
        foreach ((string path, JsonNode? item) in (await DocumentAsync())["paths"]!.AsObject())
        {
            foreach ((string method, JsonNode? operation) in item!.AsObject())
            {
                Assert.False(string.IsNullOrEmpty(operation!["summary"]?.GetValue<string>()), path);
                string route = path;
                foreach (JsonNode? parameter in operation["parameters"]?.AsArray() ?? [])
                {
                    if (parameter!["in"]!.GetValue<string>() == "path")
                        route = route.Replace($"{{{parameter["name"]}}}", parameter["example"]!.GetValue<string>(),
                            StringComparison.Ordinal);
                }

                string?[] bodies = method == "get" ? [null]
                    : [.. Examples(operation["requestBody"]!["content"]!["application/json"]!).Values.Select(one => one.ToJsonString())];
                foreach (string? body in bodies)
                {
                    using HttpResponseMessage answer = body is null
                        ? await shared.Client.GetAsync(route, TestContext.Current.CancellationToken)
                        : await shared.Client.PostJsonAsync(route, body);
                    Assert.True(answer.IsSuccessStatusCode, $"{method} {route}: {(int)answer.StatusCode}");
                    Assert.Contains(answer.Content.Headers.ContentType!.MediaType,
                        operation["responses"]!["200"]!["content"]!.AsObject().Select(content => content.Key));
                    tried++;
                }
            }
        }

        Assert.Equal(13, tried);
    }

    /// <summary>From the shipped models, not from those of the tests.</summary>
    [Fact]
    public async Task The_answers_shown_are_those_of_the_examples()
    {
        using var models = new ShippedModels();
        await using var service = new TestService(null, null, ("Rnn:ModelsPath", models.Path));
        using HttpClient client = service.CreateClient();
        int compared = 0;
        foreach ((string route, JsonNode? item) in (await DocumentAsync())["paths"]!.AsObject())
        {
            if (item!["post"] is not { } operation) continue;
            foreach ((string name, JsonNode body) in Examples(operation["requestBody"]!["content"]!["application/json"]!))
            {
                using HttpResponseMessage answer = await client.PostJsonAsync(route, body.ToJsonString());
                string text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
                JsonNode shown = Examples(operation["responses"]!["200"]!["content"]![answer.Content.Headers.ContentType!.MediaType!]!)[name];
                bool isText = shown.GetValueKind() == JsonValueKind.String;
                ReadmeTests.AssertSame(
                    isText ? shown.GetValue<string>() : shown.ToJsonString(Readable), isText ? text : JsonNode.Parse(text)!.ToJsonString(Readable));
                compared++;
            }
        }

        Assert.Equal(6, compared);
    }

    [Fact]
    public async Task The_routes_for_texts_come_first_and_their_examples_are_short()
    {
        JsonNode document = await DocumentAsync();
        Assert.Equal(["/generate", "/generate_stream", "/classify", "/tag", "/inspect"],
            document["paths"]!.AsObject().Select(path => path.Key).Take(5));
        Assert.Equal("Text", document["tags"]![0]!["name"]!.GetValue<string>());
        Assert.Null(document["paths"]!["/generate"]!["post"]!["requestBody"]!["content"]!["application/json"]!["example"]!["parameters"]!["details"]);
        foreach ((_, JsonNode? item) in document["paths"]!.AsObject())
        {
            foreach ((_, JsonNode? answer) in item!.AsObject().SelectMany(one => one.Value!["responses"]!.AsObject()).Where(one => one.Key != "200"))
                Assert.Equal(2, answer!["content"]!["application/problem+json"]!["example"]!.AsObject().Count);
        }
    }

    [Fact]
    public async Task Every_row_of_the_status_table_that_a_computing_route_may_answer_is_in_the_document()
    {
        JsonNode document = await DocumentAsync();
        foreach (string route in new[] { "/generate", "/generate_stream", "/classify", "/tag", "/inspect" })
        {
            JsonObject responses = document["paths"]![route]!["post"]!["responses"]!.AsObject();
            Assert.Equal(ProblemKind.OfInference.Select(kind => kind.Status).Distinct().Order(),
                responses.Select(one => int.Parse(one.Key)).Where(status => status != 200).Order());
            Assert.All(responses.Where(one => one.Key != "200"), one =>
                Assert.NotNull(one.Value!["content"]!["application/problem+json"]!["schema"]));
            Assert.NotNull(responses["429"]!["headers"]!["Retry-After"]);
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

    /// <summary>The examples of a body by name; of a single one the name is empty.</summary>
    private static Dictionary<string, JsonNode> Examples(JsonNode media) => media["example"] is { } one
        ? new() { [""] = one } : media["examples"]!.AsObject().ToDictionary(named => named.Key, named => named.Value!["value"]!);

    private async Task<JsonNode> DocumentAsync() =>
        JsonNode.Parse(await shared.Client.GetStringAsync("/swagger/v1/swagger.json", TestContext.Current.CancellationToken))!;
}
