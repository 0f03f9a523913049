using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using RnnService.Server.Pipeline;

namespace RnnService.Server.Tests.Hosting;

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

                using HttpResponseMessage answer = method == "get"
                    ? await shared.Client.GetAsync(route, TestContext.Current.CancellationToken)
                    : await shared.Client.PostJsonAsync(
                        route, operation["requestBody"]!["content"]!["application/json"]!["example"]!.ToJsonString());
                Assert.True(answer.IsSuccessStatusCode, $"{method} {route}: {(int)answer.StatusCode}");
                Assert.Contains(answer.Content.Headers.ContentType!.MediaType,
                    operation["responses"]!["200"]!["content"]!.AsObject().Select(content => content.Key));
                tried++;
            }
        }

        Assert.Equal(10, tried);
    }

    [Fact]
    public async Task Every_row_of_the_status_table_that_a_computing_route_may_answer_is_in_the_document()
    {
        JsonNode document = await DocumentAsync();
        foreach (string route in new[] { "/generate", "/generate_stream", "/classify", "/tag" })
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

    private async Task<JsonNode> DocumentAsync() =>
        JsonNode.Parse(await shared.Client.GetStringAsync("/swagger/v1/swagger.json", TestContext.Current.CancellationToken))!;
}
