using System.Text.Json;

namespace RnnService.Server.Tests.Endpoints.OpenAi;

/// <summary>Completions: their texts are those of /generate.</summary>
public sealed class CompletionTests(SharedService shared)
{
    private const string Route = "/v1/completions";

    [Fact]
    public async Task A_completion_is_the_text_that_generate_answers_for_the_same_seed()
    {
        const string sampling = """
            "temperature": 0.8, "top_p": 0.9, "top_k": 9, "typical_p": 0.9, "repetition_penalty": 1.2, "frequency_penalty": 0.5, "presence_penalty": -0.5,
            "logit_bias": {"3": 2.5, "9": -100}, "seed": 5
            """;
        JsonElement answer = await AnswerAsync($$"""{"prompt": "rome", "max_tokens": 20, {{sampling}}}""");
        Assert.Equal(await GeneratedAsync("rome", $$"""{"max_new_tokens": 20, {{sampling}}}"""), Text(answer));
        Assert.StartsWith("cmpl-", answer.GetProperty("id").GetString(), StringComparison.Ordinal);
        Assert.Equal("text_completion", answer.GetProperty("object").GetString());
        Assert.Equal("shakespeare", answer.GetProperty("model").GetString());
        Assert.Matches("^fp_[0-9a-f]{12}$", answer.GetProperty("system_fingerprint").GetString());
        Assert.Equal("length", answer.GetProperty("choices")[0].GetProperty("finish_reason").GetString());
        Assert.Equal("""{"prompt_tokens":4,"completion_tokens":20,"total_tokens":24}""", answer.GetProperty("usage").GetRawText());
    }

    [Fact]
    public async Task Without_max_tokens_there_are_16_and_without_a_prompt_a_text_begins()
    {
        Assert.Equal(await GeneratedAsync("a", """{"max_new_tokens": 16, "seed": 5}"""), Text(await AnswerAsync("""{"prompt": "a", "seed": 5}""")));
        foreach (string body in new[] { """{"seed": 5}""", """{"prompt": "", "seed": 5}""", """{"prompt": null, "seed": 5}""" })
            Assert.Equal(16, Text(await AnswerAsync(body)).Length);
    }

    [Fact]
    public async Task Prompts_are_texts_or_tokens_or_lists_of_either_and_each_is_what_it_is_alone()
    {
        string one = await GeneratedAsync("a", """{"max_new_tokens": 9, "seed": 5}"""), other = await GeneratedAsync("rome", """{"max_new_tokens": 9, "seed": 5}""");
        Assert.Equal([other, one], Texts(await AnswerAsync("""{"prompt": ["rome", "a"], "max_tokens": 9, "seed": 5}""")));
        string tokens = $"[{string.Join(", ", "rome".Select(letter => 2 + TinyModels.Letters.IndexOf(letter)))}]";
        Assert.Equal([other], Texts(await AnswerAsync($$"""{"prompt": {{tokens}}, "max_tokens": 9, "seed": 5}""")));
        JsonElement echoed = await AnswerAsync($$"""{"prompt": [{{tokens}}, [2]], "max_tokens": 9, "seed": 5, "echo": true}""");
        Assert.Equal(["rome" + other, "a" + one], Texts(echoed));
        Assert.Equal(5, echoed.GetProperty("usage").GetProperty("prompt_tokens").GetInt32());
    }

    [Fact]
    public async Task Choices_draw_with_the_seeds_that_follow_and_with_different_ones_when_none_is_sent()
    {
        JsonElement answer = await AnswerAsync("""{"prompt": ["a", "b"], "max_tokens": 9, "seed": 5, "n": 2}""");
        List<string> expected = [];
        foreach ((string prompt, int seed) in new[] { ("a", 5), ("a", 6), ("b", 5), ("b", 6) })
            expected.Add(await GeneratedAsync(prompt, $$"""{"max_new_tokens": 9, "seed": {{seed}}}"""));
        Assert.Equal(expected, Texts(answer));
        Assert.Equal([0, 1, 2, 3], answer.GetProperty("choices").EnumerateArray().Select(choice => choice.GetProperty("index").GetInt32()));
        Assert.Equal((2, 36), (answer.GetProperty("usage").GetProperty("prompt_tokens").GetInt32(), answer.GetProperty("usage").GetProperty("completion_tokens").GetInt32()));
        Assert.Equal(8, Texts(await AnswerAsync("""{"prompt": ["a", "a"], "max_tokens": 40, "n": 4}""")).Distinct().Count());
    }

    [Fact]
    public async Task Of_best_of_the_likeliest_are_answered_the_best_first()
    {
        JsonElement all = await AnswerAsync("""{"prompt": "a", "max_tokens": 9, "seed": 5, "n": 4, "logprobs": 0}""");
        IEnumerable<string> best = all.GetProperty("choices").EnumerateArray()
            .OrderByDescending(choice => choice.GetProperty("logprobs").GetProperty("token_logprobs").EnumerateArray().Average(one => one.GetSingle()))
            .Take(2).Select(choice => choice.GetProperty("text").GetString()!);
        JsonElement answer = await AnswerAsync("""{"prompt": "a", "max_tokens": 9, "seed": 5, "n": 2, "best_of": 4}""");
        Assert.Equal(best, Texts(answer));
        Assert.Equal(36, answer.GetProperty("usage").GetProperty("completion_tokens").GetInt32());
    }

    [Fact]
    public async Task A_text_ends_before_its_stop_string()
    {
        string whole = await GeneratedAsync("a", """{"max_new_tokens": 40, "seed": 5}"""), stop = whole[20..22];
        foreach (string sent in new[] { JsonSerializer.Serialize(stop), $"[\"never so\", {JsonSerializer.Serialize(stop)}]" })
        {
            string body = $$"""{"prompt": "a", "max_tokens": 40, "seed": 5, "stop": {{sent}}""";
            JsonElement answer = await AnswerAsync(body + "}");
            Assert.Equal(whole[..whole.IndexOf(stop, StringComparison.Ordinal)], Text(answer));
            Assert.Equal("stop", answer.GetProperty("choices")[0].GetProperty("finish_reason").GetString());
            List<JsonElement> events = await StreamAsync(body + """, "stream": true}""");
            Assert.Equal(Text(answer), string.Concat(events.SelectMany(Texts)));
            Assert.All(events.Append(answer), one => Assert.Equal(JsonValueKind.Null, one.GetProperty("choices")[0].GetProperty("logprobs").ValueKind));
        }
    }

    [Fact]
    public async Task A_stream_holds_the_same_texts_and_ends_as_OpenAIs_does()
    {
        const string asked = """{"prompt": ["a", "rome"], "max_tokens": 9, "seed": 5, "n": 2, "echo": true, "logprobs": 2""";
        JsonElement whole = await AnswerAsync(asked + "}");
        List<JsonElement> events = await StreamAsync(asked + """, "stream": true, "stream_options": {"include_usage": true}}""");
        foreach (JsonElement choice in whole.GetProperty("choices").EnumerateArray())
        {
            JsonElement[] pieces = [.. events.SelectMany(one => one.GetProperty("choices").EnumerateArray())
                .Where(piece => piece.GetProperty("index").GetInt32() == choice.GetProperty("index").GetInt32())];
            Assert.Equal(choice.GetProperty("text").GetString(), string.Concat(pieces.Select(piece => piece.GetProperty("text").GetString())));
            foreach (string list in new[] { "tokens", "token_logprobs", "text_offset" })
            {
                Assert.Equal(
                    choice.GetProperty("logprobs").GetProperty(list).EnumerateArray().Select(one => one.GetRawText()),
                    pieces.SelectMany(piece => piece.GetProperty("logprobs").GetProperty(list).EnumerateArray()).Select(one => one.GetRawText()));
            }

            Assert.All(pieces[..^1], piece => Assert.Equal(JsonValueKind.Null, piece.GetProperty("finish_reason").ValueKind));
            Assert.Equal("length", pieces[^1].GetProperty("finish_reason").GetString());
        }

        Assert.Equal(whole.GetProperty("usage").GetRawText(), events[^1].GetProperty("usage").GetRawText());
        Assert.Equal(0, events[^1].GetProperty("choices").GetArrayLength());
        Assert.Single(events.Select(one => one.GetProperty("id").GetString()).Distinct());
    }

    [Fact]
    public async Task A_text_is_scored_with_nothing_added()
    {
        JsonElement answer = await AnswerAsync("""{"prompt": "rome", "max_tokens": 0, "echo": true, "logprobs": 2}""");
        JsonElement prefill = (await shared.Client.AnswerAsync("/generate",
            """{"inputs": "rome", "parameters": {"max_new_tokens": 1, "details": true, "decoder_input_details": true}}""")).GetProperty("details").GetProperty("prefill");
        JsonElement logprobs = answer.GetProperty("choices")[0].GetProperty("logprobs");
        Assert.Equal("rome", Text(answer));
        Assert.Equal(prefill.EnumerateArray().Select(token => token.GetProperty("logprob").GetRawText()),
            logprobs.GetProperty("token_logprobs").EnumerateArray().Select(one => one.GetRawText()));
        JsonElement[] likeliest = [.. logprobs.GetProperty("top_logprobs").EnumerateArray()];
        Assert.Equal(JsonValueKind.Null, likeliest[0].ValueKind);
        Assert.All(likeliest[1..], one => Assert.InRange(one.EnumerateObject().Count(), 2, 3));
        Assert.All(likeliest[1..].Zip(logprobs.GetProperty("token_logprobs").EnumerateArray().Skip(1)), one =>
            Assert.True(one.First.EnumerateObject().Max(token => token.Value.GetSingle()) >= one.Second.GetSingle()));
        Assert.Equal([0, 1, 2, 3], logprobs.GetProperty("text_offset").EnumerateArray().Select(one => one.GetInt32()));
        Assert.Equal(0, answer.GetProperty("usage").GetProperty("completion_tokens").GetInt32());
    }

    [Fact]
    public async Task All_texts_of_a_request_together_have_a_bound()
    {
        string text = new('a', 8_000);
        using HttpResponseMessage answer = await shared.Client.PostJsonAsync("/v1/completions", $$"""{"prompt": "{{text}}", "n": 5, "max_tokens": 1}""");
        Assert.Equal(422, (int)answer.StatusCode);
        Assert.Contains("holds more than 32768 tokens", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        await AnswerAsync($$"""{"prompt": "{{text}}", "n": 4, "max_tokens": 1}""");
    }

    [Fact]
    public async Task Log_probabilities_stand_beside_the_likeliest()
    {
        JsonElement logprobs = (await AnswerAsync("""{"prompt": "a", "max_tokens": 9, "temperature": 0, "logprobs": 3}""")).GetProperty("choices")[0].GetProperty("logprobs");
        foreach (((JsonElement token, JsonElement logprob), JsonElement top) in logprobs.GetProperty("tokens").EnumerateArray()
            .Zip(logprobs.GetProperty("token_logprobs").EnumerateArray()).Zip(logprobs.GetProperty("top_logprobs").EnumerateArray()))
        {
            Assert.InRange(top.EnumerateObject().Count(), 3, 4);
            Assert.Equal(logprob.GetSingle(), top.GetProperty(token.GetString()!).GetSingle());
        }

        JsonElement first = await AnswerAsync("""{"prompt": "a", "logprobs": 1, "echo": true, "max_tokens": 0}"""); // has nothing before it
        Assert.Equal("[null]", first.GetProperty("choices")[0].GetProperty("logprobs").GetProperty("top_logprobs").GetRawText());
        Assert.Equal(JsonValueKind.Null,
            (await AnswerAsync("""{"prompt": "a", "logprobs": 0}""")).GetProperty("choices")[0].GetProperty("logprobs").GetProperty("top_logprobs").ValueKind);
    }

    [Fact]
    public async Task Every_field_may_be_null_and_what_OpenAIs_clients_send_beside_is_passed_over() => await AnswerAsync("""
        {"model": null, "prompt": null, "best_of": null, "echo": null, "frequency_penalty": 0, "logit_bias": null, "logprobs": null, "max_tokens": null, "n": null,
         "presence_penalty": 0, "seed": null, "stop": null, "stream": null, "stream_options": null, "suffix": null, "temperature": null, "top_p": null,
         "user": "somebody", "top_k": null, "repetition_penalty": null, "metadata": {"a": "b"}}
        """);

    [Theory]
    [InlineData("""{"prompt": "a", "max_new_tokens": 1}""", 400, "max_new_tokens", "did you mean max_tokens?")]
    [InlineData("""{"prompt": {"text": "a"}}""", 400, "prompt", "a list of token ids")]
    [InlineData("""{"prompt": ["a", 1]}""", 400, "prompt[1]", "is a number; expected a string")]
    [InlineData("""{"prompt": [1, "a"]}""", 400, "prompt[1]", "is a string; expected a token id")]
    [InlineData("""{"prompt": [1, 1.5]}""", 422, "prompt[1]", "is 1.5; expected a token id")]
    [InlineData("""{"prompt": [[1], [99]]}""", 422, "prompt[1][0]", "is 99; expected a token id of this model, from 0 to")]
    [InlineData("""{"prompt": []}""", 422, "prompt", "is an empty list")]
    [InlineData("""{"prompt": [[]]}""", 422, "prompt[0]", "is an empty list")]
    [InlineData("""{"prompt": "a", "n": 0}""", 422, "n", "is 0; expected a number of at least 1")]
    [InlineData("""{"prompt": ["a", "b"], "n": 32}""", 422, "n", "expected at most 32 texts in one request")]
    [InlineData("""{"prompt": "a", "n": 3, "best_of": 2}""", 422, "best_of", "is 2; expected at least n, which is 3")]
    [InlineData("""{"prompt": "a", "best_of": 2, "stream": true}""", 422, "best_of", "with stream")]
    [InlineData("""{"prompt": "a", "max_tokens": 0, "stream": true}""", 422, "stream", "expected false with max_tokens 0")]
    [InlineData("""{"prompt": "a", "logit_bias": {"99": 1}}""", 422, "logit_bias", "expected ids from 0 to")]
    [InlineData("""{"prompt": "a", "presence_penalty": 3}""", 422, "presence_penalty", "is 3; expected")]
    [InlineData("""{"prompt": "a", "suffix": "b"}""", 422, "suffix", "is not supported")]
    [InlineData("""{"prompt": "жж"}""", 422, "prompt", "holds no character that this model knows")]
    [InlineData("""{"prompt": ["a", "жж"]}""", 422, "prompt[1]", "holds no character that this model knows")]
    public async Task What_is_wrong_is_told_in_OpenAIs_form(string body, int status, string param, string message)
    {
        using HttpResponseMessage answer = await shared.Client.PostJsonAsync(Route, body);
        JsonElement error = (await answer.JsonAsync()).GetProperty("error");
        Assert.Equal((status, param), ((int)answer.StatusCode, error.GetProperty("param").GetString()));
        Assert.Equal("invalid_request_error", error.GetProperty("type").GetString());
        Assert.Contains(message, error.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_fails_within_a_stream_is_an_error_that_clients_read()
    {
        await using TestService service = await TestService.StartAsync(shared.Models, ("Rnn:Limits:MaxNewTokens", "100000000"));
        using HttpClient client = service.Client();
        using HttpRequestMessage request = Http.Post(Route, """{"prompt": ["a", "b"], "max_tokens": 100000000, "stream": true}""");
        request.Headers.Add("X-Request-Deadline-Ms", "300");
        using HttpResponseMessage answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        string[] events = (await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        JsonElement error = JsonDocument.Parse(events[^1]["data: ".Length..]).RootElement.GetProperty("error");
        Assert.Equal(("deadline", "server_error"), (error.GetProperty("code").GetString(), error.GetProperty("type").GetString()));
        await service.MetricBecomesAsync(0, "rnn_streams_active"); // of both texts
    }

    private async Task<string> GeneratedAsync(string inputs, string parameters) =>
        (await shared.Client.AnswerAsync("/generate", $$"""{"inputs": "{{inputs}}", "parameters": {{parameters}}}""")).GetProperty("generated_text").GetString()!;

    private Task<JsonElement> AnswerAsync(string body) => shared.Client.AnswerAsync(Route, body);

    private async Task<List<JsonElement>> StreamAsync(string body)
    {
        using HttpResponseMessage answer = await shared.Client.PostJsonAsync(Route, body);
        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType?.MediaType);
        return Events(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    /// <summary>The events before the last, which tells that they end.</summary>
    internal static List<JsonElement> Events(string stream)
    {
        string[] events = stream.Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("data: [DONE]", events[^1]);
        Assert.All(events, one => Assert.StartsWith("data: ", one, StringComparison.Ordinal));
        return [.. events[..^1].Select(one => JsonDocument.Parse(one["data: ".Length..]).RootElement)];
    }

    private static string Text(JsonElement answer) => Assert.Single(Texts(answer));

    private static string[] Texts(JsonElement answer) => [.. answer.GetProperty("choices").EnumerateArray().Select(choice => choice.GetProperty("text").GetString()!)];
}
