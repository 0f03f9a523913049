using System.Net;
using System.Net.Http.Headers;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using RnnService.AspNetCore.Models;
using RnnService.Server.Endpoints;
using RnnService.Server.Keys;
using RnnService.Server.Options;

namespace RnnService.Server.Tests.Keys;

/// <summary>Every route of the service, with every kind of key.</summary>
public sealed class KeyTableTests(SharedService shared)
{
    private const string User = "user", Other = "other", Operator = "operator", Revoked = "revoked", Expired = "expired", Nobody = "nobody";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_route_answers_each_kind_of_key_as_the_table_says()
    {
        using KeyFixture keys = new KeyFixture()
            .Add(User).Add(Operator, key => key with { Role = KeyRole.Operator })
            .Add(Other, key => key with { Models = ["words", "ner", "broken"] })
            .Add(Revoked, key => key with { Disabled = true }).Add(Expired, key => key with { Expires = DateTimeOffset.UnixEpoch })
            .Add(Nobody).Remove(Nobody);
        // With every route that there can be.
        (string, string)[] switches = [.. typeof(RouteSwitches).GetProperties().Where(property => property.PropertyType == typeof(bool))
            .Select(property => ($"Rnn:Routes:{property.Name}", "true"))];
        await using TestService service = await TestService.StartAsync(shared.Models, [keys.Setting, .. switches]);
        using HttpClient client = service.Client();
        int tried = 0;
        foreach (RouteEndpoint route in Routes(service))
        {
            foreach (string method in route.Metadata.GetRequiredMetadata<IHttpMethodMetadata>().HttpMethods)
            {
                string name = $"{method} {route.RoutePattern.RawText}";
                bool isOpen = route.Metadata.GetMetadata<IAllowAnonymous>() is not null;
                bool isForOperators = route.Metadata.GetMetadata<OperatorRoute>() is not null;
                // In its address, in its body, or the default one.
                bool hasModel = route.RoutePattern.GetParameter("name") is not null || route.Metadata.GetMetadata<RequestExample>() is not null
                    || route.RoutePattern.RawText is "/info" or "/v1/models/{id}";
                foreach (string? unknown in new[] { null, Nobody, Revoked, Expired })
                    Assert.Equal((name, unknown, !isOpen), (name, unknown, await StatusAsync(route, method, unknown) == 401));
                Assert.Equal((name, isForOperators), (name, await StatusAsync(route, method, User) == 403));
                Assert.Equal((name, !isOpen && (hasModel || isForOperators)), (name, await StatusAsync(route, method, Other) == 403));
                Assert.DoesNotContain(await StatusAsync(route, method, Operator), new[] { 401, 403 });
                tried++;
            }
        }

        Assert.True(tried > 12, $"{tried} routes");
        foreach (string secret in keys.Secrets)
        {
            Assert.DoesNotContain(service.Logs.Lines, line => line.Contains(secret[KeySecret.Prefix.Length..], StringComparison.Ordinal));
            Assert.DoesNotContain(service.Logs.Lines, line => line.Contains(KeySecret.HashOf(secret)[KeySecret.HashPrefix.Length..], StringComparison.OrdinalIgnoreCase));
        }

        async Task<int> StatusAsync(RouteEndpoint route, string method, string? key)
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), PathOf(route));
            if (method == "POST") request.Content = new StringContent(route.Metadata.GetMetadata<RequestExample>()?.Json ?? "{}", null, "application/json");
            if (key is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", keys[key]);
            using HttpResponseMessage answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancel);
            if (answer.StatusCode == HttpStatusCode.Unauthorized)
                Assert.Equal(key is null ? "Bearer" : "Bearer error=\"invalid_token\"", answer.Headers.WwwAuthenticate.Single().ToString());
            return (int)answer.StatusCode;
        }
    }

    [Fact]
    public async Task What_no_route_takes_needs_a_key_too_and_the_page_needs_none()
    {
        using KeyFixture keys = new KeyFixture().Add(User);
        await using TestService service = await TestService.StartAsync(shared.Models, keys.Setting);
        using HttpClient client = service.Client(), user = keys.Client(service, User);
        await (await client.GetAsync("/nowhere", Cancel)).IsProblemAsync(401, "unauthorized");
        await (await user.GetAsync("/nowhere", Cancel)).IsProblemAsync(404, "route_not_found");
        foreach (string open in new[] { "/", "/playground/app.js", "/swagger/index.html", "/swagger/v1/swagger.json", "/health/live" })
            Assert.NotEqual(HttpStatusCode.Unauthorized, (await client.GetAsync(open, Cancel)).StatusCode);
    }

    [Theory]
    [InlineData("/classify", """{"inputs": "a", "model": "words"}""", 422)]
    [InlineData("/generate", """{"inputs": "a", "model": "ner"}""", 422)]
    [InlineData("/generate", """{"inputs": "a", "model": "broken"}""", 404)]
    [InlineData("/generate", """{"inputs": "a", "model": "ghost"}""", 404)]
    [InlineData("/generate", """{"inputs": "a"}""", 403)]
    [InlineData("/v1/completions", """{"prompt": "a"}""", 403)]
    [InlineData("/classify", """{"inputs": "a", "model": "shakespeare"}""", 403)]
    public async Task No_sentence_names_a_model_that_the_key_does_not_allow(string route, string json, int status)
    {
        using KeyFixture keys = new KeyFixture().Add(Other, key => key with { Models = ["words", "ner", "broken", "ghost"] });
        await using TestService service = await TestService.StartAsync(shared.Models, keys.Setting);
        using HttpClient client = keys.Client(service, Other);
        using HttpResponseMessage answer = await client.PostJsonAsync(route, json);
        string text = await answer.Content.ReadAsStringAsync(Cancel);
        Assert.Equal(status, (int)answer.StatusCode);
        foreach (string model in service.Services.GetRequiredService<ModelRegistry>().Entries.Select(entry => entry.Name).Except(["words", "ner", "broken"]))
            Assert.True(json.Contains(model, StringComparison.Ordinal) || !text.Contains(model, StringComparison.Ordinal), text);
    }

    [Fact]
    public async Task A_key_comes_as_bearer_in_any_case_or_in_a_header_of_its_own()
    {
        using KeyFixture keys = new KeyFixture().Add(User);
        await using TestService service = await TestService.StartAsync(shared.Models, keys.Setting);
        using HttpClient client = service.Client();
        foreach ((string header, string value, int status) in new[]
        {
            ("Authorization", $"Bearer {keys[User]}", 200), ("Authorization", $"bearer  {keys[User]} ", 200), ("X-Api-Key", keys[User], 200),
            ("Authorization", keys[User], 401), ("Authorization", $"Basic {keys[User]}", 401), ("Authorization", "Bearer ", 401),
            ("Authorization", $"Bearer {keys[User].ToUpperInvariant()}", 401), ("Authorization", $"Bearer {keys[User][..^1]}", 401),
            ("Authorization", $"Bearer {KeySecret.HashOf(keys[User])}", 401), ("X-Api-Key", new string('a', 10_000), 401),
        })
        {
            using HttpRequestMessage request = Http.Post("/classify", """{"inputs": "a"}""");
            request.Headers.TryAddWithoutValidation(header, value);
            using HttpResponseMessage answer = await client.SendAsync(request, Cancel);
            Assert.Equal((header, value, status), (header, value, (int)answer.StatusCode));
        }
    }

    private static IEnumerable<RouteEndpoint> Routes(TestService service) =>
        service.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>();

    private static string PathOf(RouteEndpoint route)
    {
        string path = "/" + route.RoutePattern.RawText!.TrimStart('/').Replace("**", "");
        foreach (string part in route.RoutePattern.Parameters.Select(parameter => parameter.Name))
        {
            string value = route.Metadata.OfType<PathExample>().FirstOrDefault(example => example.Name == part)?.Value ?? "anything";
            path = path.Replace($"{{{part}}}", value);
        }

        return path;
    }
}
