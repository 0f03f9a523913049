using System.Text.Json;

namespace RnnService.Server.Tests.Endpoints.HuggingFace;

/// <summary>One URL, as Hugging Face's clients are given it: the root, or a model's address.</summary>
public sealed class HuggingFaceTests(SharedService shared)
{
    /// <summary>What <c>InferenceClient(model=url).text_generation("rome", max_new_tokens=9, seed=5)</c> of huggingface_hub sends.</summary>
    private const string FromTheHub = """{"inputs": "rome", "parameters": {"details": false, "max_new_tokens": 9, "return_full_text": false, "seed": 5, "stop": []}, "stream": false}""";

    /// <summary>The same of LangChain's <c>HuggingFaceEndpoint(endpoint_url=url)</c>, whose defaults are its own.</summary>
    private const string FromLangChain = """
        {"inputs": "rome", "parameters": {"max_new_tokens": 9, "top_k": 10, "top_p": 0.95, "typical_p": 0.95, "temperature": 0.8, "repetition_penalty": 1.03,
         "return_full_text": false, "watermark": false, "seed": 5, "stop": []}, "stream": false, "options": {"wait_for_model": true, "use_cache": true}}
        """;

    [Theory]
    [InlineData("/", FromTheHub)]
    [InlineData("/models/shakespeare", FromTheHub)]
    [InlineData("/", FromLangChain)]
    [InlineData("/models/shakespeare", FromLangChain)]
    public async Task Generation_answers_a_list_of_the_text_that_generate_answers(string route, string body)
    {
        JsonElement answer = await shared.Client.AnswerAsync(route, body);
        JsonElement generated = await shared.Client.AnswerAsync("/generate", body);
        Assert.Equal(generated.GetRawText(), Assert.Single(answer.EnumerateArray()).GetRawText());
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/models/shakespeare")]
    public async Task Streams_have_the_frames_of_generate(string route)
    {
        string body = FromTheHub.Replace("\"stream\": false", "\"stream\": true", StringComparison.Ordinal);
        Assert.Equal(await TextAsync("/generate", body), await TextAsync(route, body));
    }

    [Theory]
    [InlineData("/models/sentiment", "/classify", """{"inputs": "a lovely film", "parameters": {"top_k": 1}}""")]
    [InlineData("/models/sentiment", "/classify", """{"inputs": ["a lovely film", "dull"], "options": {"wait_for_model": true}}""")]
    [InlineData("/models/pos", "/tag", """{"inputs": "Marie worked in Paris"}""")]
    [InlineData("/models/pos", "/tag", """{"inputs": ["Marie worked"], "parameters": {"aggregation_strategy": "first", "stride": 2}}""")]
    public async Task Other_models_do_at_their_address_what_they_do(string route, string other, string body) =>
        Assert.Equal(await TextAsync(other, body), await TextAsync(route, body));

    [Fact]
    public async Task A_model_is_the_one_whose_address_it_is()
    {
        JsonElement words = await shared.Client.AnswerAsync("/generate", """{"inputs": "to be", "model": "words", "parameters": {"max_new_tokens": 5, "seed": 5}}""");
        JsonElement answer = await shared.Client.AnswerAsync("/models/words", """{"inputs": "to be", "model": "words", "parameters": {"max_new_tokens": 5, "seed": 5}}""");
        Assert.Equal(words.GetRawText(), answer[0].GetRawText());
        using HttpResponseMessage other = await shared.Client.PostJsonAsync("/models/words", """{"inputs": "to be", "model": "shakespeare"}""");
        Assert.Contains("whose address this is", (await other.IsProblemAsync(422, "validation")).GetProperty("error").GetString(), StringComparison.Ordinal);
        using HttpResponseMessage nobody = await shared.Client.PostJsonAsync("/models/nobody", """{"inputs": "to be"}""");
        await nobody.IsProblemAsync(404, "model_not_found");
        using HttpResponseMessage wrong = await shared.Client.PostJsonAsync("/models/sentiment", """{"inputs": "a", "parameters": {"max_new_tokens": 1}}""");
        await wrong.IsProblemAsync(400, "malformed");
    }

    [Fact]
    public async Task The_server_describes_itself()
    {
        using HttpResponseMessage answer = await shared.Client.GetAsync("/info", TestContext.Current.CancellationToken);
        JsonElement info = await answer.EnsureSuccessStatusCode().JsonAsync();
        Assert.Equal("shakespeare", info.GetProperty("model_id").GetString());
        Assert.Equal("text-generation", info.GetProperty("model_pipeline_tag").GetString());
        Assert.Equal((20_000, 24_000, 4), (info.GetProperty("max_input_tokens").GetInt32(), info.GetProperty("max_total_tokens").GetInt32(), info.GetProperty("max_stop_sequences").GetInt32()));
        Assert.Matches(@"^\d+\.\d+\.\d+$", info.GetProperty("version").GetString());
    }

    [Theory]
    [InlineData("/info")]
    [InlineData("/health")]
    [InlineData("/v1/models")]
    public async Task HEAD_is_answered_where_GET_is(string route)
    {
        using HttpRequestMessage request = new(HttpMethod.Head, route);
        using HttpResponseMessage answer = await shared.Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(200, (int)answer.StatusCode);
        Assert.Equal("", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_service_that_is_not_ready_is_not_healthy()
    {
        using TinyModels models = new();
        foreach (string folder in Directory.GetDirectories(models.Path)) File.Delete(Path.Combine(folder, "config.json"));
        await using TestService service = new(models);
        using HttpClient client = service.Client();
        using HttpResponseMessage answer = await client.GetAsync("/health", TestContext.Current.CancellationToken);
        await answer.IsProblemAsync(503, "not_ready");
    }

    [Fact]
    public async Task The_root_says_what_it_answers()
    {
        using HttpResponseMessage answer = await shared.Client.PutAsync("/", null, TestContext.Current.CancellationToken);
        await answer.IsProblemAsync(405, "method_not_allowed");
        Assert.Equal(["GET", "HEAD", "POST"], answer.Content.Headers.Allow);
    }

    private async Task<string> TextAsync(string route, string body)
    {
        using HttpResponseMessage answer = await shared.Client.PostJsonAsync(route, body);
        Assert.Equal(200, (int)answer.StatusCode);
        return await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }
}
