using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace RnnService.Server.Tests.Endpoints.OpenInference;

public sealed class InferTests(SharedService shared)
{
    private static readonly string[] Texts = ["a lovely film", "a dull film", "film"];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_classifier_answers_what_its_route_does()
    {
        JsonElement ranked = await shared.Client.AnswerAsync("/classify", JsonSerializer.Serialize(new { inputs = Texts }));
        Dictionary<string, JsonNode[]> outputs = await InferAsync("sentiment", Request(Texts));
        Assert.Equal(ranked.EnumerateArray().Select(text => text[0].GetProperty("label").GetString()), InferMessage.Texts(outputs["label"]));
        JsonElement labels = (await GetAsync("/v2/models/sentiment")).GetProperty("parameters").GetProperty("labels");
        IEnumerable<float> scores = ranked.EnumerateArray().SelectMany(text => labels.EnumerateArray().Select(label =>
            text.EnumerateArray().Single(score => score.GetProperty("label").ValueEquals(label.GetString())).GetProperty("score").GetSingle()));
        Assert.Equal(scores, outputs["scores"].Select(score => score.GetValue<float>()));
    }

    [Fact]
    public async Task A_tagger_answers_what_its_route_does_as_json_and_as_numbers()
    {
        string[] texts = ["Marie Curie worked in Paris", "", "in Paris"];
        JsonElement tags = await shared.Client.AnswerAsync("/tag", JsonSerializer.Serialize(new { inputs = texts, model = "pos" }));
        Dictionary<string, JsonNode[]> outputs = await InferAsync("pos", Request(texts));
        Assert.Equal(tags.EnumerateArray().Select(text => text.GetRawText()), InferMessage.Texts(outputs["tags"]));
        Assert.Equal(tags.EnumerateArray().Select(text => text.GetArrayLength()), outputs["lengths"].Select(length => length.GetValue<int>()));
        JsonElement[] pieces = [.. tags.EnumerateArray().SelectMany(text => text.EnumerateArray())];
        Assert.Equal(pieces.Select(piece => piece.GetProperty("entity_group").GetString()), InferMessage.Texts(outputs["label"]));
        Assert.Equal(pieces.Select(piece => piece.GetProperty("score").GetSingle()), outputs["score"].Select(score => score.GetValue<float>()));
        Assert.Equal(pieces.Select(piece => piece.GetProperty("start").GetInt32()), outputs["start"].Select(at => at.GetValue<int>()));
        Assert.Equal(pieces.Select(piece => piece.GetProperty("end").GetInt32()), outputs["end"].Select(at => at.GetValue<int>()));
    }

    [Fact]
    public async Task A_language_model_answers_what_its_route_does_to_each_text()
    {
        const string parameters = """{"max_new_tokens": 9, "seed": 18446744073709551615}""";
        string[] prompts = ["ROMEO:", "the "];
        Dictionary<string, JsonNode[]> outputs = await InferAsync("shakespeare", Request(prompts, parameters));
        Assert.All(outputs["seed"], seed => Assert.Equal(ulong.MaxValue, seed.GetValue<ulong>()));
        Assert.All(outputs["generated_tokens"], tokens => Assert.Equal(9, tokens.GetValue<int>()));
        Assert.All(InferMessage.Texts(outputs["finish_reason"]), reason => Assert.Equal("length", reason));
        foreach ((int index, string prompt) in prompts.Index())
        {
            JsonElement alone = await shared.Client.AnswerAsync("/generate", $$"""{"inputs": "{{prompt}}", "parameters": {{parameters}}}""");
            Assert.Equal(alone.GetProperty("generated_text").GetString(), outputs["generated_text"][index].GetValue<string>());
        }
    }

    [Fact]
    public async Task What_a_tensor_cannot_hold_is_refused()
    {
        foreach (string asked in new[] { "\"details\": true", "\"decoder_input_details\": true", "\"top_n_tokens\": 1", "\"activations\": {}" })
        {
            using HttpResponseMessage answer = await shared.Client.PostJsonAsync("/v2/models/shakespeare/infer", Request(["a"], $"{{{asked}}}"));
            Assert.Contains("is not answered as a tensor", await InferMessage.IsErrorAsync(answer, 422), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Nested_texts_a_second_size_of_one_and_the_version_in_the_address_change_nothing()
    {
        Dictionary<string, JsonNode[]> expected = await InferAsync("sentiment", Request(Texts));
        const string nested = """{"inputs": [{"name": "text", "shape": [3, 1], "datatype": "BYTES", "data": [["a lovely film"], ["a dull film"], ["film"]]}]}""";
        foreach (string model in new[] { "sentiment", "sentiment/versions/1" })
        {
            Dictionary<string, JsonNode[]> found = await InferAsync(model, nested);
            Assert.Equal(expected["scores"].Select(score => score.GetValue<float>()), found["scores"].Select(score => score.GetValue<float>()));
        }
    }

    [Fact]
    public async Task The_outputs_asked_for_are_answered_in_their_order_with_the_requests_id()
    {
        JsonElement answer = await shared.Client.AnswerAsync("/v2/models/sentiment/infer", """
            {"id": "ä-7", "inputs": [{"name": "text", "shape": [1], "datatype": "BYTES", "data": ["film"], "parameters": {"content_type": "str"}}],
             "outputs": [{"name": "scores"}, {"name": "label"}], "parameters": {"function_to_apply": "none"}}
            """);
        Assert.Equal("ä-7", answer.GetProperty("id").GetString());
        Assert.Equal("sentiment", answer.GetProperty("model_name").GetString());
        Assert.Equal("1", answer.GetProperty("model_version").GetString());
        Assert.Equal(["scores", "label"], answer.GetProperty("outputs").EnumerateArray().Select(output => output.GetProperty("name").GetString()));
        Assert.NotEqual(1, answer.GetProperty("outputs")[0].GetProperty("data").EnumerateArray().Sum(score => score.GetSingle()), 1e-3);
    }

    /// <summary>KServe's own clients say what they send, Triton's do not.</summary>
    [Fact]
    public async Task A_request_needs_no_content_type()
    {
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(Request(Texts)));
        using HttpResponseMessage answer = await shared.Client.PostAsync("/v2/models/sentiment/infer", content, Cancel);
        Assert.Equal(3, (await InferMessage.OutputsAsync(answer))["label"].Length);
        content.Headers.ContentType = new("text/html");
        using HttpResponseMessage wrong = await shared.Client.PostAsync("/v2/models/sentiment/infer", content, Cancel);
        await InferMessage.IsErrorAsync(wrong, 415);
    }

    [Theory]
    [InlineData("sentiment", "label:BYTES[-1] scores:FP32[-1,2]")]
    [InlineData("pos", "tags:BYTES[-1] lengths:INT32[-1] label:BYTES[-1] score:FP32[-1] start:INT32[-1] end:INT32[-1]")]
    [InlineData("shakespeare", "generated_text:BYTES[-1] finish_reason:BYTES[-1] generated_tokens:INT32[-1] seed:UINT64[-1]")]
    public async Task A_model_tells_of_its_tensors_and_answers_with_them(string model, string expected)
    {
        JsonElement metadata = await GetAsync($"/v2/models/{model}");
        Assert.Equal(metadata.GetRawText(), (await GetAsync($"/v2/models/{model}/versions/1")).GetRawText());
        Assert.Equal(expected, string.Join(' ', metadata.GetProperty("outputs").EnumerateArray().Select(Shown)));
        Assert.Equal("text:BYTES[-1]", Shown(Assert.Single(metadata.GetProperty("inputs").EnumerateArray().ToArray())));
        JsonElement answer = await shared.Client.AnswerAsync($"/v2/models/{model}/infer", Request(["Marie"], model == "shakespeare" ? """{"max_new_tokens": 1}""" : "{}"));
        foreach ((JsonElement said, JsonElement found) in metadata.GetProperty("outputs").EnumerateArray().Zip(answer.GetProperty("outputs").EnumerateArray()))
        {
            Assert.Equal(said.GetProperty("datatype").GetString(), found.GetProperty("datatype").GetString());
            Assert.Equal(said.GetProperty("shape").GetArrayLength(), found.GetProperty("shape").GetArrayLength());
        }

        static string Shown(JsonElement tensor) =>
            $"{tensor.GetProperty("name")}:{tensor.GetProperty("datatype")}{tensor.GetProperty("shape").GetRawText()}";
    }

    [Fact]
    public async Task Probes_are_answered()
    {
        Assert.Equal("rnnservice", (await GetAsync("/v2")).GetProperty("name").GetString());
        Assert.True((await GetAsync("/v2/health/live")).GetProperty("live").GetBoolean());
        Assert.True((await GetAsync("/v2/health/ready")).GetProperty("ready").GetBoolean());
        foreach (string route in new[] { "/v2/models/pos/ready", "/v2/models/pos/versions/1/ready" }) Assert.True((await GetAsync(route)).GetProperty("ready").GetBoolean());
        foreach (string route in new[] { "/v2/models/nobody", "/v2/models/nobody/ready", "/v2/models/broken/ready", "/v2/models/pos/versions/2", "/v2/nothing" })
        {
            using HttpResponseMessage answer = await shared.Client.GetAsync(route, Cancel);
            await InferMessage.IsErrorAsync(answer, (int)HttpStatusCode.NotFound);
        }
    }

    private static string Request(string[] texts, string parameters = "{}") =>
        $$"""{"parameters": {{parameters}}, "inputs": [{"name": "text", "shape": [{{texts.Length}}], "datatype": "BYTES", "data": {{JsonSerializer.Serialize(texts)}}}]}""";

    private async Task<Dictionary<string, JsonNode[]>> InferAsync(string model, string json)
    {
        using HttpResponseMessage answer = await shared.Client.PostJsonAsync($"/v2/models/{model}/infer", json);
        return await InferMessage.OutputsAsync(answer);
    }

    private async Task<JsonElement> GetAsync(string route)
    {
        using HttpResponseMessage answer = await shared.Client.GetAsync(route, Cancel);
        Assert.True(answer.IsSuccessStatusCode, route);
        return await answer.JsonAsync();
    }
}
