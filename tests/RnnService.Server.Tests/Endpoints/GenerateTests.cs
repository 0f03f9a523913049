using System.Text.Json;
using RnnService.Engine.Generation;
using RnnService.Engine.Models;

namespace RnnService.Server.Tests.Endpoints;

public sealed class GenerateTests(SharedService shared)
{
    [Fact]
    public async Task A_text_is_continued_as_the_engine_alone_continues_it()
    {
        var model = (LanguageModel)shared.Models.Load("shakespeare");
        var options = new GenerationOptions
        {
            MaxNewTokens = 25,
            Temperature = .8f,
            TopK = 10,
            TopP = .9f,
            TypicalP = .95f,
            RepetitionPenalty = 1.2f,
            FrequencyPenalty = .3f,
            PresencePenalty = -.2f,
            LogitBias = new Dictionary<int, float> { [model.Vocabulary.Tokens.IdOf("e")] = -100 },
            Seed = 7,
        };
        GeneratedToken[] wanted = [.. model.Generate("ROMEO:", options)];

        JsonElement answer = await shared.Client.AnswerAsync("/generate", $$$"""
            {"inputs": "ROMEO:", "parameters": {"max_new_tokens": 25, "temperature": 0.8, "top_k": 10, "top_p": 0.9, "typical_p": 0.95,
             "repetition_penalty": 1.2, "frequency_penalty": 0.3, "presence_penalty": -0.2,
             "logit_bias": {"{{{model.Vocabulary.Tokens.IdOf("e")}}}": -100}, "seed": 7, "details": true}}
            """);

        Assert.DoesNotContain(wanted, token => token.Text == "e");

        Assert.Equal(string.Concat(wanted.Select(token => token.Token.Text)), answer.GetProperty("generated_text").GetString());
        JsonElement details = answer.GetProperty("details");
        Assert.Equal("length", details.GetProperty("finish_reason").GetString());
        Assert.Equal(25, details.GetProperty("generated_tokens").GetInt32());
        Assert.Equal(7, details.GetProperty("seed").GetInt32());
        Assert.Empty(details.GetProperty("prefill").EnumerateArray());
        Assert.Empty(details.GetProperty("top_tokens").EnumerateArray());
        Assert.Equal(wanted.Select(token => token.Token.Id),
            details.GetProperty("tokens").EnumerateArray().Select(token => token.GetProperty("id").GetInt32()));
        Assert.Equal(wanted.Select(token => token.Token.LogProbability),
            details.GetProperty("tokens").EnumerateArray().Select(token => token.GetProperty("logprob").GetSingle()));
    }

    [Fact]
    public async Task A_stream_says_what_the_whole_answer_says()
    {
        const string parameters = """{"max_new_tokens": 12, "seed": 3, "top_n_tokens": 2, "details": true}""";
        JsonElement whole = await shared.Client.AnswerAsync("/generate", $$"""{"inputs": "O", "parameters": {{parameters}}}""");
        foreach ((string route, string stream) in new[] { ("/generate", "true"), ("/generate_stream", "false") })
        {
            using HttpResponseMessage answer =
                await shared.Client.PostJsonAsync(route, $$"""{"inputs": "O", "stream": {{stream}}, "parameters": {{parameters}}}""");
            Assert.Equal("text/event-stream", answer.Content.Headers.ContentType?.MediaType);
            Assert.Equal("no", answer.Headers.GetValues("X-Accel-Buffering").Single());
            List<JsonElement> events = Events(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));

            Assert.Equal(Enumerable.Range(1, 12), events.Select(one => one.GetProperty("index").GetInt32()));
            Assert.All(events[..^1], one => Assert.Equal(JsonValueKind.Null, one.GetProperty("generated_text").ValueKind));
            Assert.All(events[..^1], one => Assert.Equal(JsonValueKind.Null, one.GetProperty("details").ValueKind));
            Assert.All(events, one => Assert.Equal(2, one.GetProperty("top_tokens").GetArrayLength()));
            Assert.Equal(whole.GetProperty("details").GetProperty("tokens").EnumerateArray().Select(token => token.GetRawText()),
                events.Select(one => one.GetProperty("token").GetRawText()));
            Assert.Equal(whole.GetProperty("generated_text").GetString(), events[^1].GetProperty("generated_text").GetString());
            JsonElement details = events[^1].GetProperty("details");
            Assert.Equal("length", details.GetProperty("finish_reason").GetString());
            Assert.Equal(1, details.GetProperty("input_length").GetInt32());
        }
    }

    /// <summary>
    /// Whatever ends a text: the stream's last event, and no other, has the text and the details that /generate answers with, and the
    /// tokens before it are the same.
    /// </summary>
    [Theory]
    [InlineData("length", "shakespeare")]
    [InlineData("stop_sequence", "shakespeare")]
    [InlineData("eos_token", "ending")]
    public async Task The_last_event_of_a_stream_and_only_it_is_the_whole_answer(string reason, string model)
    {
        using var models = new TinyModels();
        models.AddEnding("ending");
        await using TestService service = await TestService.StartAsync(models);
        using HttpClient client = service.Client();
        for (int seed = 1; seed <= 8; seed++)
        {
            string stop = reason == "stop_sequence" ? ", \"stop\": [\"a\", \"e\", \"o\", \" \"]" : "";
            string body = $$"""
                {"inputs": "to", "model": "{{model}}", "parameters": {"max_new_tokens": {{(reason == "length" ? seed : 500)}}, "seed": {{seed}},
                 "details": true, "return_full_text": {{(seed % 2 == 0 ? "true" : "false")}}{{stop}} } }
                """;
            JsonElement whole = await client.AnswerAsync("/generate", body);
            using HttpResponseMessage answer = await client.PostJsonAsync("/generate_stream", body);
            Assert.Equal("utf-8", answer.Content.Headers.ContentType?.CharSet);
            List<JsonElement> events = Events(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
            Assert.All(events[..^1], one =>
            {
                Assert.Equal(JsonValueKind.Null, one.GetProperty("generated_text").ValueKind);
                Assert.Equal(JsonValueKind.Null, one.GetProperty("details").ValueKind);
            });
            JsonElement wanted = whole.GetProperty("details"), found = events[^1].GetProperty("details");
            Assert.Equal(whole.GetProperty("generated_text").GetString(), events[^1].GetProperty("generated_text").GetString());
            Assert.Equal(reason, found.GetProperty("finish_reason").GetString());
            foreach (string field in new[] { "finish_reason", "generated_tokens", "seed" })
                Assert.Equal(wanted.GetProperty(field).GetRawText(), found.GetProperty(field).GetRawText());
            Assert.Equal(wanted.GetProperty("tokens").EnumerateArray().Select(token => token.GetRawText()),
                events.Select(one => one.GetProperty("token").GetRawText()));
        }
    }

    [Fact]
    public async Task A_drawn_seed_gives_the_same_text_when_sent_back()
    {
        JsonElement first = await shared.Client.AnswerAsync(
            "/generate", """{"inputs": "a", "parameters": {"details": true, "max_new_tokens": 40}}""");
        ulong seed = first.GetProperty("details").GetProperty("seed").GetUInt64();
        Assert.InRange(seed, 0UL, 1UL << 53); // what a double holds exactly
        JsonElement again = await shared.Client.AnswerAsync(
            "/generate", $$$"""{"inputs": "a", "parameters": {"seed": {{{seed}}}, "max_new_tokens": 40}}""");
        Assert.Equal(first.GetProperty("generated_text").GetString(), again.GetProperty("generated_text").GetString());
        Assert.False(again.TryGetProperty("details", out _));
    }

    [Theory]
    [InlineData("\"temperature\": 0")]
    [InlineData("\"do_sample\": false, \"temperature\": 50")]
    [InlineData("\"top_k\": 1")]
    [InlineData("\"top_p\": 1e-30")]
    [InlineData("\"temperature\": 1e-300")]
    public async Task The_likeliest_token_can_be_asked_for_in_several_ways(string parameter)
    {
        JsonElement greedy = await shared.Client.AnswerAsync(
            "/generate", """{"inputs": "a", "parameters": {"do_sample": false, "max_new_tokens": 20}}""");
        JsonElement answer = await shared.Client.AnswerAsync(
            "/generate", $$$"""{"inputs": "a", "parameters": {"max_new_tokens": 20, {{{parameter}}}}}""");
        Assert.Equal(greedy.GetRawText(), answer.GetRawText());
    }

    [Fact]
    public async Task The_text_keeps_its_stop_string_and_the_whole_text_begins_with_what_was_sent()
    {
        JsonElement free = await shared.Client.AnswerAsync(
            "/generate", """{"inputs": "a", "parameters": {"seed": 1, "max_new_tokens": 30}}""");
        string text = free.GetProperty("generated_text").GetString()!;
        string stop = text[4..6];
        JsonElement stopped = await shared.Client.AnswerAsync("/generate",
            $$$"""
            {"inputs": "a", "parameters": {"seed": 1, "max_new_tokens": 30, "stop": [{{{JsonSerializer.Serialize(stop)}}}],
             "return_full_text": true, "details": true}}
            """);
        int end = text.IndexOf(stop, StringComparison.Ordinal) + stop.Length;
        Assert.Equal("a" + text[..end], stopped.GetProperty("generated_text").GetString());
        Assert.Equal("stop_sequence", stopped.GetProperty("details").GetProperty("finish_reason").GetString());
    }

    [Fact]
    public async Task The_prompt_is_scored_when_asked_for()
    {
        JsonElement answer = await shared.Client.AnswerAsync("/generate",
            """{"inputs": "rome", "parameters": {"max_new_tokens": 1, "details": true, "decoder_input_details": true}}""");
        List<JsonElement> prefill = [.. answer.GetProperty("details").GetProperty("prefill").EnumerateArray()];
        Assert.Equal("rome", string.Concat(prefill.Select(token => token.GetProperty("text").GetString())));
        Assert.Equal(JsonValueKind.Null, prefill[0].GetProperty("logprob").ValueKind);
        Assert.All(prefill[1..], token => Assert.True(token.GetProperty("logprob").GetSingle() < 0));
    }

    [Fact]
    public async Task A_grammar_holds_the_text_whole_or_streamed_and_from_session_to_session()
    {
        const string regex = """{"type": "regex", "value": "[a-z]{3}( [a-z]{2}){4}!?"}""";
        string parameters = $$"""{"grammar": {{regex}}, "seed": 5, "max_new_tokens": 60, "details": true}""";
        JsonElement whole = await shared.Client.AnswerAsync("/generate", $$"""{"inputs": "O", "parameters": {{parameters}}}""");
        string text = whole.GetProperty("generated_text").GetString()!;
        Assert.Matches("^[a-z]{3}( [a-z]{2}){4}!?$", text);
        Assert.Equal("eos_token", whole.GetProperty("details").GetProperty("finish_reason").GetString());

        using HttpResponseMessage stream = await shared.Client.PostJsonAsync("/generate_stream", $$"""{"inputs": "O", "parameters": {{parameters}}}""");
        List<JsonElement> events = Events(await stream.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal(text, events[^1].GetProperty("generated_text").GetString());
        Assert.Equal(text, string.Concat(events.Select(one => one.GetProperty("token").GetProperty("text").GetString())));

        JsonElement chosen = await shared.Client.AnswerAsync(
            "/generate", """{"inputs": "O", "parameters": {"grammar": {"type": "choices", "value": ["rome", "home"]}, "seed": 1}}""");
        Assert.Matches("^(rome|home)$", chosen.GetProperty("generated_text").GetString());
    }

    [Fact]
    public async Task What_Hugging_Face_clients_send_is_accepted_when_it_is_switched_off()
    {
        await shared.Client.AnswerAsync("/generate", """
            {"inputs": "a", "model": null, "stream": false, "options": {"use_cache": false, "wait_for_model": null},
             "parameters": {"adapter_id": null, "best_of": 1, "decoder_input_details": false, "details": null, "do_sample": false,
              "frequency_penalty": 0.0, "grammar": null, "max_new_tokens": 2, "repetition_penalty": null, "return_full_text": false,
              "seed": null, "stop": [], "temperature": null, "top_k": null, "top_n_tokens": null, "top_p": 1.0, "truncate": null,
              "typical_p": 1.0, "watermark": false}}
            """);
    }

    internal static List<JsonElement> Events(string stream) =>
        [.. stream.Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Where(part => !part.StartsWith(':'))
            .Select(part => JsonDocument.Parse(part["data:".Length..]).RootElement)];
}
