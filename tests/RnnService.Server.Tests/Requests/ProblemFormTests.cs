using System.Text.Json;
using Microsoft.AspNetCore.Http;
using RnnService.Server.Requests;

namespace RnnService.Server.Tests.Requests;

public sealed class ProblemFormTests(SharedService shared)
{
    [Theory]
    [InlineData("/v1/nothing")]
    [InlineData("/models/shakespeare/v1/nothing")]
    public async Task Problems_under_v1_are_objects_as_OpenAIs_are(string route)
    {
        JsonElement problem = await ProblemAsync(route, "application/json");
        JsonElement error = problem.GetProperty("error");
        Assert.Contains("no such route", error.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal("invalid_request_error", error.GetProperty("type").GetString());
        Assert.Equal("route_not_found", error.GetProperty("code").GetString());
        Assert.Equal(JsonValueKind.Null, error.GetProperty("param").ValueKind);
        Assert.Single(problem.EnumerateObject());
    }

    [Fact]
    public async Task Problems_under_v2_are_a_sentence()
    {
        JsonElement problem = await ProblemAsync("/v2/nothing", "application/json");
        Assert.Contains("no such route", problem.GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.Single(problem.EnumerateObject());
    }

    [Theory]
    [InlineData("/v1beta")]
    [InlineData("/models/v1")]
    [InlineData("/models/a/v1beta")]
    [InlineData("/models/a/files/v1")]
    [InlineData("/models//v1")]
    [InlineData("/models")]
    [InlineData("/")]
    public void Others_are_problem_details(string path) => Assert.Same(ProblemForm.Details, ProblemForm.Of(new PathString(path)));

    [Fact]
    public void A_field_at_fault_is_the_param_and_a_fault_of_the_service_is_not_the_clients()
    {
        var bounds = OpenAiProblem.From(RequestProblem.Of(ProblemKind.Validation, "max_tokens", "is 0")).Error;
        Assert.Equal(("max_tokens", "invalid_request_error", "max_tokens: is 0"), (bounds.Param, bounds.Type, bounds.Message));
        Assert.Equal("model", OpenAiProblem.From(new RequestProblem(ProblemKind.ModelNotFound, "no such model")).Error.Param);
        Assert.Equal("rate_limit_error", OpenAiProblem.From(new RequestProblem(ProblemKind.Overloaded, "full")).Error.Type);
        Assert.Equal("server_error", OpenAiProblem.From(RequestProblem.OfFault()).Error.Type);
    }

    private async Task<JsonElement> ProblemAsync(string route, string type)
    {
        using HttpResponseMessage answer = await shared.Client.GetAsync(route, TestContext.Current.CancellationToken);
        Assert.Equal((404, type), ((int)answer.StatusCode, answer.Content.Headers.ContentType?.MediaType));
        return await answer.JsonAsync();
    }
}
