using System.Net;
using System.Text;
using System.Text.Json;

namespace RnnService.Server.Tests.Endpoints;

/// <summary>Models that an operator lists, loads and unloads, with the bodies of the protocol's own client.</summary>
public sealed class RepositoryTests : IAsyncLifetime
{
    private readonly TinyModels _models = new();
    private TestService _service = null!;
    private HttpClient _client = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _service = await TestService.StartAsync(_models, ("Rnn:Routes:Repository", "true"));
        _client = _service.Client();
    }

    public async ValueTask DisposeAsync()
    {
        await _service.DisposeAsync();
        _models.Dispose();
    }

    [Fact]
    public async Task What_an_operator_loads_answers_from_then_on()
    {
        const string question = """{"inputs": "a lovely film"}""";
        string before = (await _client.AnswerAsync("/classify", question)).ToString();
        _models.Save("sentiment", 33);
        Assert.Equal(before, (await _client.AnswerAsync("/classify", question)).ToString());
        await SucceedsAsync("models/sentiment/load", "{}");
        Assert.NotEqual(before, (await _client.AnswerAsync("/classify", question)).ToString());
        await SucceedsAsync("models/sentiment/unload", """{"parameters": {"unload_dependents": false}}""");
        using (HttpResponseMessage unloaded = await _client.PostJsonAsync("/classify", """{"inputs": "a", "model": "sentiment"}"""))
            Assert.StartsWith("the model \"sentiment\" is unloaded; there are: ", (await unloaded.IsProblemAsync(404, "model_not_found")).GetProperty("detail").GetString());
        Assert.Equal(("UNAVAILABLE", "unloaded"), await StateAsync("sentiment"));
        await SucceedsAsync("models/sentiment/load", null);
        Assert.Equal(("READY", ""), await StateAsync("sentiment"));
        Assert.Equal("ready", (await (await _client.GetAsync("/models/sentiment", Cancel)).JsonAsync()).GetProperty("status").GetString());
    }

    [Fact]
    public async Task A_folder_that_cannot_be_loaded_is_told_and_what_was_loaded_before_answers()
    {
        File.WriteAllText(Path.Combine(_models.Path, "sentiment", "vocab.json"), "{");
        string error = await FailsAsync("models/sentiment/load", "{}", HttpStatusCode.UnprocessableEntity);
        Assert.StartsWith("model: cannot be loaded: sentiment/vocab.json", error, StringComparison.Ordinal);
        Assert.EndsWith("; what was loaded before is served on", error, StringComparison.Ordinal);
        await _client.AnswerAsync("/classify", """{"inputs": "a"}""");
        (string state, string reason) = await StateAsync("sentiment");
        Assert.Equal("READY", state);
        Assert.Contains(reason, error, StringComparison.Ordinal);
        JsonElement card = await (await _client.GetAsync("/models/sentiment", Cancel)).JsonAsync();
        Assert.Equal(("ready", reason), (card.GetProperty("status").GetString(), card.GetProperty("reason").GetString()));
        Assert.Equal(1, await _service.MetricAsync("rnn_model_outdated"));
        Assert.Contains("broken/config.json", await FailsAsync("models/broken/load", null, HttpStatusCode.UnprocessableEntity), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("models/nobody/load", "{}", 404, "there is no model named \"nobody\"; there are: ")]
    [InlineData("models/nobody/unload", "{}", 404, "there is no model named \"nobody\"; there are: ")]
    [InlineData("models/%2e%2e%2fsentiment/load", "{}", 404, "")]
    [InlineData("models/pos/load", """{"parameters": {"config": "{}"}}""", 422, "parameters: holds values; expected none, as a model is what its folder holds")]
    [InlineData("models/pos/load", "[]", 400, "")]
    [InlineData("index", """{"reday": true}""", 400, "reday: ")]
    public async Task What_cannot_be_done_is_said_as_the_protocol_has_it(string route, string body, int status, string error) =>
        Assert.StartsWith(error, await FailsAsync(route, body, (HttpStatusCode)status), StringComparison.Ordinal);

    [Fact]
    public async Task A_state_belongs_to_the_weights_that_it_was_made_with()
    {
        const string first = """{"inputs": "ROMEO:", "parameters": {"max_new_tokens": 3}, "session": {"return_state": true}}""";
        string? state = (await _client.AnswerAsync("/generate", first)).GetProperty("session").GetProperty("state").GetString();
        string second = $$$"""{"inputs": "", "session": {"resume": "{{{state}}}"}}""";
        await SucceedsAsync("models/shakespeare/load", null);
        await _client.AnswerAsync("/generate", second); // the same weights, loaded again
        _models.Save("shakespeare", 11);
        await SucceedsAsync("models/shakespeare/load", null);
        using HttpResponseMessage refused = await _client.PostJsonAsync("/generate", second);
        await refused.IsProblemAsync(409, "state_mismatch");
    }

    [Fact]
    public async Task All_models_are_listed_or_those_that_answer()
    {
        JsonElement[] all = await IndexAsync(""), ready = await IndexAsync("""{"ready": true}""");
        Assert.Equal(["broken", "ner", "pos", "sentiment", "shakespeare", "words"], all.Select(model => model.GetProperty("name").GetString()));
        Assert.Equal(all.Length - 1, ready.Length);
        Assert.All(ready, model => Assert.Equal(("READY", "1"), (model.GetProperty("state").GetString(), model.GetProperty("version").GetString())));
    }

    [Fact]
    public async Task Without_the_switch_nobody_loads_or_unloads()
    {
        await using TestService closed = await TestService.StartAsync(_models);
        using HttpClient client = closed.Client();
        foreach (string route in new[] { "index", "models/sentiment/load", "models/sentiment/unload" })
        {
            using HttpResponseMessage answer = await client.PostJsonAsync($"/v2/repository/{route}", "{}");
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        }
    }

    private async Task<(string State, string Reason)> StateAsync(string name)
    {
        JsonElement model = (await IndexAsync("")).Single(model => model.GetProperty("name").GetString() == name);
        return (model.GetProperty("state").GetString()!, model.GetProperty("reason").GetString()!);
    }

    private async Task<JsonElement[]> IndexAsync(string body)
    {
        using HttpResponseMessage answer = await PostAsync("index", body);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return [.. (await answer.JsonAsync()).EnumerateArray()];
    }

    private async Task SucceedsAsync(string route, string? body)
    {
        using HttpResponseMessage answer = await PostAsync(route, body);
        Assert.Equal((HttpStatusCode.OK, ""), (answer.StatusCode, await answer.Content.ReadAsStringAsync(Cancel)));
    }

    private async Task<string> FailsAsync(string route, string? body, HttpStatusCode status)
    {
        using HttpResponseMessage answer = await PostAsync(route, body);
        Assert.Equal(status, answer.StatusCode);
        return (await answer.JsonAsync()).GetProperty("error").GetString()!;
    }

    /// <summary>Without a content type, as the protocol's own client sends it.</summary>
    private Task<HttpResponseMessage> PostAsync(string route, string? body) =>
        _client.PostAsync($"/v2/repository/{route}", body is null ? null : new ByteArrayContent(Encoding.UTF8.GetBytes(body)), Cancel);
}
