using System.Net;
using System.Text.Json.Nodes;
using RnnService.Server.OpenApi;
using RnnService.Server.Tests.OpenApi;

namespace RnnService.Server.Tests.Requests;

public sealed class CorsTests(SharedService shared)
{
    private const string Origin = "http://localhost:5173";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_browser_may_ask_every_route_with_the_headers_that_clients_send()
    {
        await using TestService service = await TestService.StartAsync(shared.Models, ("Rnn:Http:CorsOrigins", Origin));
        using HttpClient client = service.Client();
        JsonNode document = JsonNode.Parse(await client.GetStringAsync($"{ApiDocument.Path}/{ApiDocument.Newer}", Cancel))!;
        int asked = 0;
        foreach ((string path, JsonNode? item) in document["paths"]!.AsObject())
        {
            foreach ((string method, JsonNode? operation) in item!.AsObject())
            {
                using HttpResponseMessage answer = await client.SendAsync(
                    Preflight(OpenApiTests.Route(path, operation!), method.ToUpperInvariant(), "authorization,content-type,x-request-id,x-stainless-os"), Cancel);
                Assert.True(answer.StatusCode == HttpStatusCode.NoContent, path);
                Assert.Equal(Origin, answer.Headers.GetValues("Access-Control-Allow-Origin").Single());
                Assert.Equal("GET,POST,OPTIONS", answer.Headers.GetValues("Access-Control-Allow-Methods").Single());
                Assert.Equal("authorization,content-type,x-request-id,x-stainless-os", answer.Headers.GetValues("Access-Control-Allow-Headers").Single());
                asked++;
            }
        }

        Assert.InRange(asked, 20, int.MaxValue);
    }

    [Fact]
    public async Task Other_headers_are_not_let_in()
    {
        await using TestService service = await TestService.StartAsync(shared.Models, ("Rnn:Http:CorsOrigins", "*"));
        using HttpClient client = service.Client();
        using HttpResponseMessage answer = await client.SendAsync(Preflight("/classify", "POST", "cookie, Content-Type,x-requests,x-forwarded-for"), Cancel);
        Assert.Equal("Content-Type", answer.Headers.GetValues("Access-Control-Allow-Headers").Single());
        Assert.Equal("*", answer.Headers.GetValues("Access-Control-Allow-Origin").Single());
    }

    private static HttpRequestMessage Preflight(string route, string method, string headers)
    {
        var request = new HttpRequestMessage(HttpMethod.Options, route);
        request.Headers.Add("Origin", Origin);
        request.Headers.Add("Access-Control-Request-Method", method);
        request.Headers.Add("Access-Control-Request-Headers", headers);
        return request;
    }
}
