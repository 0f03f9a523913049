using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using RnnService.Server.Tests.OpenApi;

namespace RnnService.Server.Tests.Requests;

public sealed class RequestReaderTests(SharedService shared)
{
    [Theory]
    [InlineData("/generate", """{"text": "a"}""", "text: unknown field; did you mean inputs?")]
    [InlineData("/generate", """{"prompt": "a"}""", "prompt: unknown field; did you mean inputs?")]
    [InlineData("/classify", """{"input": "a"}""", "input: unknown field; did you mean inputs?")]
    [InlineData("/generate", """{"inputs": "a", "max_tokens": 3}""", "max_tokens: unknown field; did you mean parameters.max_new_tokens?")]
    [InlineData("/generate", """{"inputs": "a", "parameters": {"max_tokens": 3}}""",
        "parameters.max_tokens: unknown field; did you mean parameters.max_new_tokens?")]
    [InlineData("/generate", """{"inputs": "a", "temperature": 3}""", "temperature: unknown field; did you mean parameters.temperature?")]
    [InlineData("/generate", """{"inputs": "a", "parameters": {"temprature": 3}}""",
        "parameters.temprature: unknown field; did you mean parameters.temperature?")]
    [InlineData("/generate", """{"inputs": "a", "Inputs": "a"}""", "Inputs: unknown field; did you mean inputs?")]
    [InlineData("/classify", """{"inputs": "a", "max_tokens": 3}""",
        "max_tokens: unknown field; the fields are inputs, model, parameters, options")]
    [InlineData("/generate", """{"inputs": "a", "parameters": {"qqq": 3}}""",
        "parameters.qqq: unknown field; the fields are parameters.max_new_tokens, parameters.temperature, parameters.top_k, parameters.top_p, "
        + "parameters.typical_p, parameters.repetition_penalty, parameters.frequency_penalty, parameters.presence_penalty, parameters.logit_bias, "
        + "parameters.seed and 17 more")]
    [InlineData("/generate", """{"inputs": "a", "parameters": {"maxNewTokens": 3}}""",
        "parameters.maxNewTokens: unknown field; did you mean parameters.max_new_tokens?")]
    [InlineData("/generate", """{"inputs": "a", "inputs": "b"}""", "inputs: occurs twice")]
    [InlineData("/generate", """{"inputs": 3}""", "inputs: is a number; expected a string")]
    [InlineData("/generate", """{"inputs": ["a"]}""", "inputs: is a list; expected a string")]
    [InlineData("/generate", """{"inputs": null}""", "inputs: is null; expected a string")]
    [InlineData("/classify", """{"inputs": ["a", 3]}""", "inputs[1]: is a number; expected a string")]
    [InlineData("/tag", """{"tokens": ["a"]}""", "tokens[0]: is a string; expected a list of strings, as in [[\"Marie\", \"Curie\"]]")]
    [InlineData("/generate", """{"inputs": "a", "parameters": {"max_new_tokens": 1.5}}""",
        "parameters.max_new_tokens: is 1.5; expected a whole number")]
    [InlineData("/generate", """{"inputs": "a", "parameters": {"stop": 3}}""",
        "parameters.stop: is a number; expected a string or a list of strings")]
    [InlineData("/generate", """[]""", "the body is a list; expected an object")]
    [InlineData("/generate", "", "the body is empty; expected a JSON object")]
    [InlineData("/generate", "null", "the body is null; expected an object")]
    [InlineData("/generate", "{\n\"inputs\": x}", "the body is not JSON: the fault is in line 2 at byte 11")]
    [InlineData("/generate", """{"inputs": "a",}""", "the body is not JSON: the fault is in line 1 at byte 16")]
    [InlineData("/generate", """{"inputs": "a", "parameters": {"temperature": NaN}}""",
        "the body is not JSON: the fault is in line 1 at byte 47")]
    public async Task What_cannot_be_read_is_malformed_and_the_sentence_says_where(string route, string body, string detail)
    {
        using HttpResponseMessage answer = await shared.Client.PostJsonAsync(route, body);
        JsonElement problem = await answer.IsProblemAsync(400, "malformed");
        Assert.Equal(detail, problem.GetProperty("detail").GetString());
        Assert.Equal(detail, problem.GetProperty("error").GetString());
    }

    [Fact]
    public async Task A_long_name_is_cut_in_the_answer()
    {
        using HttpResponseMessage answer = await shared.Client.PostJsonAsync("/generate", $$"""{"{{new string('k', 100_000)}}": 1}""");
        JsonElement problem = await answer.IsProblemAsync(400, "malformed");
        Assert.StartsWith($"{new string('k', 40)}…: unknown field", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.InRange(answer.Content.Headers.ContentLength!.Value, 1, 2_000);
    }

    [Theory]
    [InlineData("/generate", """{}""", "inputs: is required")]
    [InlineData("/generate", """{"inputs": ""}""", "inputs: is empty; expected a text")]
    [InlineData("/classify", """{"inputs": []}""", "inputs: is an empty list; expected 1 to 64 entries")]
    [InlineData("/tag", """{"inputs": []}""", "inputs: is an empty list; expected 1 to 64 entries")]
    [InlineData("/generate", """{"inputs": "a", "parameters": {"max_new_tokens": 0}}""",
        "parameters.max_new_tokens: is 0; expected a number of at least 1 and at most 4000, or -1")]
    [InlineData("/generate", """{"inputs": "a", "parameters": {"max_new_tokens": 99999999999999999999}}""",
        "parameters.max_new_tokens: is 99999999999999999999; expected a number of at least 1 and at most 4000, or -1")]
    [InlineData("/generate", """{"inputs": "a", "parameters": {"temperature": -0.1}}""",
        "parameters.temperature: is -0.1; expected a number of at least 0 and at most 100")]
    [InlineData("/generate", """{"inputs": "a", "parameters": {"temperature": 1e999}}""",
        "parameters.temperature: is 1e999; expected a number of at least 0 and at most 100")]
    [InlineData("/generate", """{"inputs": "a", "parameters": {"top_p": 0}}""", "parameters.top_p: is 0; expected a number above 0 and at most 1")]
    [InlineData("/generate", """{"inputs": "a", "parameters": {"seed": -2}}""",
        "parameters.seed: is -2; expected a number of at least 0 and at most 18446744073709551615, or -1")]
    [InlineData("/generate", """{"inputs": "a", "parameters": {"seed": 18446744073709551616}}""",
        "parameters.seed: is 18446744073709551616; expected a number of at least 0 and at most 18446744073709551615, or -1")]
    [InlineData("/generate", """{"inputs": "a", "parameters": {"stop": [""]}}""", "parameters.stop[0]: is empty; expected a text")]
    [InlineData("/generate", """{"inputs": "a", "parameters": {"stop": ["a", "b", "c", "d", "e"]}}""",
        "parameters.stop: holds 5 entries; at most 4 are allowed")]
    [InlineData("/generate", """{"inputs": "a", "parameters": {"typical_p": 0}}""", "parameters.typical_p: is 0; expected a number above 0 and at most 1")]
    [InlineData("/generate", """{"inputs": "a", "parameters": {"presence_penalty": 3}}""",
        "parameters.presence_penalty: is 3; expected a number of at least -2 and at most 2")]
    [InlineData("/generate", """{"inputs": "a", "parameters": {"logit_bias": {"5": 101}}}""",
        "parameters.logit_bias.5: is 101; expected a number of at least -100 and at most 100")]
    [InlineData("/generate", """{"inputs": "a", "parameters": {"logit_bias": {"99999": 1}}}""",
        "parameters.logit_bias: has a token that is none of the model's; expected ids from 0 to 37")]
    [InlineData("/generate", """{"inputs": "a", "parameters": {"logit_bias": {"05": 1}}}""",
        "parameters.logit_bias: has a token that is none of the model's; expected ids from 0 to 37")]
    [InlineData("/generate", """{"inputs": "a", "parameters": {"logit_bias": {"e": 1}}}""",
        "parameters.logit_bias: has a token that is none of the model's; expected ids from 0 to 37")]
    [InlineData("/generate", """{"inputs": "a", "parameters": {"best_of": 2}}""",
        "parameters.best_of: is not supported; leave it out or send 1")]
    [InlineData("/generate", """{"inputs": "a", "parameters": {"grammar": {"type": "json", "value": "a"}}}""",
        "parameters.grammar.type: is \"json\"; expected \"regex\" or \"choices\" or \"abc\"")]
    [InlineData("/generate", """{"inputs": "a", "parameters": {"grammar": {"type": "regex", "value": "(a"}}}""",
        "parameters.grammar.value: character 3 of the regular expression has no ) at its end; expected one")]
    [InlineData("/generate", """{"inputs": "a", "parameters": {"grammar": {"type": "choices", "value": ["日本", "語"]}}}""",
        "parameters.grammar: the grammar matches no text of this model's characters; expected one that does")]
    [InlineData("/generate", """{"inputs": "a", "options": {"use_gpu": true}}""",
        "options.use_gpu: is not supported; leave it out or send false")]
    [InlineData("/tag", """{"inputs": "a", "parameters": {"aggregation_strategy": "last"}}""",
        "parameters.aggregation_strategy: is \"last\"; expected \"simple\" or \"none\" or \"first\" or \"average\" or \"max\"")]
    [InlineData("/classify", """{"inputs": "a", "model": "shakespeare"}""",
        "model: \"shakespeare\" is a language_model; expected a classifier: sentiment")]
    public async Task What_is_out_of_bounds_is_refused_and_the_sentence_says_what_is_wanted(string route, string body, string detail)
    {
        using HttpResponseMessage answer = await shared.Client.PostJsonAsync(route, body);
        JsonElement problem = await answer.IsProblemAsync(422, "validation");
        Assert.Equal(detail, problem.GetProperty("detail").GetString());
        string field = detail[..detail.IndexOf(':', StringComparison.Ordinal)];
        Assert.Equal(detail[(field.Length + 2)..], problem.GetProperty("errors").GetProperty(field)[0].GetString());
    }

    [Fact]
    public async Task All_faults_are_told_together()
    {
        using HttpResponseMessage answer =
            await shared.Client.PostJsonAsync("/generate", """{"inputs": 1, "text": "a", "parameters": {"top_k": "x", "seed": -2}}""");
        JsonElement problem = await answer.IsProblemAsync(400, "malformed");
        Assert.Equal(["inputs", "text", "parameters.top_k"], problem.GetProperty("errors").EnumerateObject().Select(error => error.Name));
    }

    [Fact]
    public async Task A_long_list_and_a_deep_body_are_refused()
    {
        using HttpResponseMessage list =
            await shared.Client.PostJsonAsync("/classify", JsonSerializer.Serialize(new { inputs = Enumerable.Repeat("a", 65) }));
        await list.IsProblemAsync(422, "validation");
        using HttpResponseMessage deep = await shared.Client.PostJsonAsync("/classify", new string('[', 100_000));
        await deep.IsProblemAsync(400, "malformed");
    }

    /// <summary>
    /// Goes through the published schemas: whatever field they name, a value of any JSON type is either answered or refused with 400 or
    /// 422.
    /// </summary>
    [Fact]
    public async Task A_wrong_type_in_any_field_is_malformed()
    {
        JsonNode document = JsonNode.Parse(
            await shared.Client.GetStringAsync("/swagger/v1/swagger.json", TestContext.Current.CancellationToken))!;
        int wrong = 0;
        foreach ((string path, JsonNode? item) in document["paths"]!.AsObject())
        {
            if (item!["post"]?["requestBody"]?["content"]?["application/json"] is not { } media || (media["example"] ?? media["examples"]) is null) continue;
            if (path.StartsWith("/stream/", StringComparison.Ordinal)) continue; // finds its model before it reads
            string route = OpenApiTests.Route(path, item["post"]!);
            foreach ((string[] field, JsonNode schema) in Fields(document, media["schema"]!, []))
            {
                foreach ((string type, string value) in new[]
                {
                    ("string", "\"a\""), ("integer", "1"), ("number", "0.5"), ("boolean", "true"), ("array", "[]"), ("array", "[[1]]"),
                        ("object", "{}"), ("null", "null"),
                })
                {
                    JsonObject body = (media["example"] ?? media["examples"]!.AsObject().First().Value!["value"]!).DeepClone().AsObject();
                    Set(body, field, JsonNode.Parse(value));
                    using HttpResponseMessage answer = await shared.Client.PostJsonAsync(route, body.ToJsonString());
                    string place = $"{route} {string.Join('.', field)} = {value}: {(int)answer.StatusCode}";
                    Assert.True((int)answer.StatusCode is 200 or 400 or 403 or 404 or 422, place); // 403: a state that this service never sealed
                    if (Types(document, schema).Contains(type)
                        || (type == "integer" && Types(document, schema).Contains("number"))) continue;
                    wrong++;
                    string problem = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
                    Assert.True(answer.StatusCode == HttpStatusCode.BadRequest, $"{place} {problem}");
                    Assert.Contains($"{string.Join('.', field)}: ", problem, StringComparison.Ordinal);
                }
            }
        }

        Assert.InRange(wrong, 300, int.MaxValue);
    }

    private static IEnumerable<(string[] Path, JsonNode Schema)> Fields(JsonNode document, JsonNode schema, string[] above)
    {
        foreach ((string name, JsonNode? field) in Record(document, schema)?["properties"]?.AsObject() ?? [])
        {
            string[] path = [.. above, name];
            yield return (path, field!);
            foreach ((string[] Path, JsonNode Schema) below in Fields(document, field!, path)) yield return below;
        }
    }

    private static JsonNode? Record(JsonNode document, JsonNode schema) =>
        schema["oneOf"] is JsonArray forms && forms.FirstOrDefault(form => form!["$ref"] is not null) is { } reference
            ? Resolve(document, reference) : Resolve(document, schema);

    private static JsonNode Resolve(JsonNode document, JsonNode schema) =>
        schema["$ref"] is { } reference ? document["components"]!["schemas"]![reference.GetValue<string>().Split('/')[^1]]! : schema;

    private static HashSet<string> Types(JsonNode document, JsonNode schema)
    {
        JsonNode resolved = Resolve(document, schema);
        if (resolved["oneOf"] is JsonArray forms) return [.. forms.SelectMany(form => Types(document, form!))];
        return resolved["type"] switch
        {
            JsonArray types => [.. types.Select(type => type!.GetValue<string>())],
            { } type => [type.GetValue<string>()],
            null => ["string", "integer", "number", "boolean", "array", "object", "null"],
        };
    }

    private static void Set(JsonObject body, string[] path, JsonNode? value)
    {
        foreach (string part in path[..^1])
        {
            if (body[part] is not JsonObject) body[part] = new JsonObject();
            body = body[part]!.AsObject();
        }

        body[path[^1]] = value;
    }
}
