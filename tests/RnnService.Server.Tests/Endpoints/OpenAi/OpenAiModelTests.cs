using System.Text.Json;

namespace RnnService.Server.Tests.Endpoints.OpenAi;

public sealed class OpenAiModelTests(SharedService shared)
{
    [Fact]
    public async Task The_models_are_those_that_continue_texts()
    {
        JsonElement list = await GetAsync("/v1/models");
        Assert.Equal("list", list.GetProperty("object").GetString());
        Assert.Equal(["shakespeare", "words"], list.GetProperty("data").EnumerateArray().Select(model => model.GetProperty("id").GetString()));
        JsonElement one = await GetAsync("/v1/models/words");
        Assert.Equal(("words", "model"), (one.GetProperty("id").GetString(), one.GetProperty("object").GetString()));
        Assert.True(one.GetProperty("created").GetInt64() > 0);
        JsonElement own = await GetAsync("/models/words/v1/models");
        Assert.Equal("words", Assert.Single(own.GetProperty("data").EnumerateArray()).GetProperty("id").GetString());
    }

    [Theory]
    [InlineData("/v1/models/nobody", "there is no model named \"nobody\"")]
    [InlineData("/v1/models/pos", "is a tagger; expected a language_model")]
    public async Task Others_are_not_found(string route, string message)
    {
        using HttpResponseMessage answer = await shared.Client.GetAsync(route, TestContext.Current.CancellationToken);
        JsonElement error = (await answer.JsonAsync()).GetProperty("error");
        Assert.Equal((404, "model_not_found", "model"), ((int)answer.StatusCode, error.GetProperty("code").GetString(), error.GetProperty("param").GetString()));
        Assert.Contains(message, error.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/v1", "null", "shakespeare")]
    [InlineData("/v1", "\"\"", "shakespeare")]
    [InlineData("/v1", "\"tgi\"", "shakespeare")]
    [InlineData("/v1", "\"dummy\"", "shakespeare")]
    [InlineData("/v1", "\"http://localhost\"", "shakespeare")]
    [InlineData("/v1", "\"https://example.org/models/words/\"", "shakespeare")]
    [InlineData("/v1", "\"words\"", "words")]
    [InlineData("/models/words/v1", "null", "words")]
    [InlineData("/models/words/v1", "\"tgi\"", "words")]
    [InlineData("/models/words/v1", "\"words\"", "words")]
    [InlineData("/models/words/v1", "\"http://localhost/models/words\"", "words")]
    public async Task A_model_may_stand_for_the_default_or_for_the_one_whose_address_it_is(string prefix, string model, string expected)
    {
        JsonElement answer = await shared.Client.AnswerAsync(prefix + "/completions", $$"""{"model": {{model}}, "prompt": "to be", "max_tokens": 1}""");
        Assert.Equal(expected, answer.GetProperty("model").GetString());
    }

    [Theory]
    [InlineData("/v1", "nobody", 404, "there is no model named")]
    [InlineData("/v1", "pos", 422, "is a tagger")]
    [InlineData("/models/nobody/v1", "tgi", 404, "there is no model named")]
    [InlineData("/models/words/v1", "shakespeare", 422, "is \"shakespeare\"; expected \"words\", whose address this is, or none")]
    public async Task Another_is_refused(string prefix, string model, int status, string message)
    {
        using HttpResponseMessage answer = await shared.Client.PostJsonAsync(prefix + "/completions", $$"""{"model": "{{model}}", "prompt": "to be", "max_tokens": 1}""");
        JsonElement error = (await answer.JsonAsync()).GetProperty("error");
        Assert.Equal((status, "model"), ((int)answer.StatusCode, error.GetProperty("param").GetString()));
        Assert.Contains(message, error.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    private async Task<JsonElement> GetAsync(string route)
    {
        using HttpResponseMessage answer = await shared.Client.GetAsync(route, TestContext.Current.CancellationToken);
        return await answer.EnsureSuccessStatusCode().JsonAsync();
    }
}
