using System.Net;
using System.Text.Json;
using RnnService.Engine.Generation;
using RnnService.Engine.Models;

namespace RnnService.Server.Tests.Endpoints;

/// <summary>Translators by /generate, at their own address and as tensors: what the engine alone answers, and sentences for what it does not.</summary>
public sealed class TranslateTests(TranslatorService shared) : IClassFixture<TranslatorService>
{
    private readonly HttpClient _client = shared.Client;
    private readonly Translator _model = shared.Model;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Texts_are_what_the_engine_alone_writes_with_scores_and_where_each_token_looked()
    {
        Hypothesis greedy = _model.Translate(["abca"])[0].Hypotheses[0];
        JsonElement answer = await Generate("abca", """{"details": true}""");
        Same(greedy, answer.GetProperty("generated_text"), answer.GetProperty("details"));
        Assert.Equal(["a", "b", "c", "a", "</s>"], answer.GetProperty("details").GetProperty("source_tokens").EnumerateArray().Select(token => token.GetString()!));
        Assert.False(answer.TryGetProperty("translation_text", out _));

        IReadOnlyList<Hypothesis> best = _model.Translate(["abca"], new() { Beams = 4, Best = 3, LengthPenalty = 0.5f, CoveragePenalty = 0.2f })[0].Hypotheses;
        JsonElement beams = await Generate("abca", """{"num_beams": 4, "num_return_sequences": 3, "length_penalty": 0.5, "coverage_penalty": 0.2}""");
        Same(best[0], beams.GetProperty("generated_text"), beams.GetProperty("details"));
        JsonElement[] others = [.. beams.GetProperty("details").GetProperty("best_of_sequences").EnumerateArray()];
        Assert.Equal(2, others.Length);
        for (int i = 0; i < others.Length; i++) Same(best[i + 1], others[i].GetProperty("generated_text"), others[i]);

        string drawn = _model.Translate("abca", new() { DoSample = true, Seed = 5, Temperature = 2 });
        Assert.Equal(drawn, (await Generate("abca", """{"temperature": 2, "seed": 5}""")).GetProperty("generated_text").GetString());
        Assert.Equal(greedy.Text, (await Generate("abca", """{"temperature": 2, "seed": 5, "do_sample": false}""")).GetProperty("generated_text").GetString());
    }

    [Fact]
    public async Task Many_callers_with_beams_draws_and_streams_get_what_each_would_get_alone()
    {
        string[] texts = ["a", "ab", "abcabcabc", "cc", "bac", "cab"];
        Task<string?>[] answers = [.. texts.SelectMany(text => Enumerable.Range(0, 5).Select(async way =>
        {
            string parameters = way switch { 0 => "{}", 1 => """{"num_beams": 3}""", 2 => """{"num_beams": 7}""", _ => $$"""{"do_sample": true, "seed": {{way}}}""" };
            return (await Generate(text, parameters)).GetProperty("generated_text").GetString();
        }))];
        string?[] found = await Task.WhenAll(answers);
        for (int i = 0; i < found.Length; i++)
        {
            int way = i % 5;
            Assert.Equal(_model.Translate(texts[i / 5], way switch
            {
                0 => null,
                1 => new() { Beams = 3 },
                2 => new() { Beams = 7 },
                _ => new() { DoSample = true, Seed = (ulong)way },
            }), found[i]);
        }
    }

    [Fact]
    public async Task A_translation_is_streamed_but_for_beams()
    {
        GenerationStream wanted = _model.Translate(["abca"])[0];
        JsonElement[] events = await Stream("{}");
        Assert.Equal(wanted.Tokens.Select(token => token.Token.Id), events.Select(one => one.GetProperty("token").GetProperty("id").GetInt32()));
        Assert.Equal(wanted.Text, events[^1].GetProperty("generated_text").GetString());
        Assert.False(events[^1].GetProperty("details").TryGetProperty("attention", out _));
        await Refused("/generate_stream", """{"inputs": "abca", "model": "cab", "parameters": {"num_beams": 2}}""", "parameters.num_beams",
            "is 2; expected 1 where tokens are streamed: a beam search knows its text at the end");
    }

    [Fact]
    public async Task Where_a_stream_looked_is_in_its_last_event()
    {
        JsonElement whole = (await Generate("abca", """{"details": true}""")).GetProperty("details");
        JsonElement[] events = await Stream("""{"details": true}""");
        foreach (string field in (string[])["source_tokens", "attention"])
            Assert.True(JsonElement.DeepEquals(whole.GetProperty(field), events[^1].GetProperty("details").GetProperty(field)), field);
    }

    [Fact]
    public async Task At_its_own_address_the_answer_is_the_list_that_clients_for_translations_and_summaries_read()
    {
        IReadOnlyList<Hypothesis> best = _model.Translate(["abca"], new() { Beams = 4, Best = 2 })[0].Hypotheses;
        JsonElement[] list = [.. (await _client.AnswerAsync("/models/cab", """{"inputs": "abca", "parameters": {"num_beams": 4, "num_return_sequences": 2}}""")).EnumerateArray()];
        Assert.Equal(2, list.Length);
        foreach ((Hypothesis wanted, JsonElement found) in best.Zip(list))
        {
            foreach (string name in (string[])["generated_text", "translation_text", "summary_text"]) Assert.Equal(wanted.Text, found.GetProperty(name).GetString());
            Assert.False(found.TryGetProperty("details", out _));
        }
    }

    [Fact]
    public async Task As_tensors_texts_go_in_and_out()
    {
        JsonElement answer = await _client.AnswerAsync("/v2/models/cab/infer", """
            {"inputs": [{"name": "text", "shape": [2], "datatype": "BYTES", "data": ["abca", "b"]}], "parameters": {"num_beams": 3}}
            """);
        JsonElement output = answer.GetProperty("outputs").EnumerateArray().Single(one => one.GetProperty("name").GetString() == "generated_text");
        Assert.Equal([_model.Translate("abca", new() { Beams = 3 }), _model.Translate("b", new() { Beams = 3 })],
            output.GetProperty("data").EnumerateArray().Select(text => text.GetString()!));
    }

    [Fact]
    public async Task A_translator_is_described_among_the_models()
    {
        JsonElement card = JsonElement.Parse(await _client.GetStringAsync("/models/cab", Cancel));
        Assert.Equal(("translator", "/generate", "additive"),
            (card.GetProperty("task").GetString(), card.GetProperty("route").GetString(), card.GetProperty("attention").GetString()));
    }

    [Theory]
    [InlineData("""{"inputs": "a", "model": "cab", "parameters": {"num_beams": 17}}""", "parameters.num_beams", "is 17; expected a number of at least 1 and at most 16")]
    [InlineData("""{"inputs": "a", "model": "cab", "parameters": {"num_beams": 2, "do_sample": true}}""", "parameters.do_sample", "is true; expected false or nothing with num_beams above 1")]
    [InlineData("""{"inputs": "a", "model": "cab", "parameters": {"num_beams": 2, "num_return_sequences": 3}}""", "parameters.num_return_sequences", "is 3; expected 1 to 2, the beams")]
    [InlineData("""{"inputs": "a", "model": "cab", "parameters": {"num_return_sequences": 3}}""", "parameters.num_return_sequences", "is 3; expected 1, or num_beams of at least as many")]
    [InlineData("""{"inputs": "a", "model": "cab", "parameters": {"return_full_text": true}}""", "parameters.return_full_text", "is true; expected false with a translator, whose texts do not go on from inputs")]
    [InlineData("""{"inputs": "a", "model": "cab", "session": {"return_state": true}}""", "session", "is given; expected none with a translator, whose texts are not gone on with")]
    [InlineData("""{"inputs": "ÄÖ", "model": "cab"}""", "inputs", "holds no character that this model knows")]
    [InlineData("""{"inputs": "RO", "model": "shakespeare", "parameters": {"num_beams": 2}}""", "parameters.num_beams", "is 2; expected 1 but for a translator")]
    [InlineData("""{"inputs": "RO", "parameters": {"num_return_sequences": 2}}""", "parameters.num_return_sequences", "is 2; expected 1, or num_beams of at least as many")]
    public Task What_cannot_be_answered_is_refused_by_name(string body, string field, string sentence) => Refused("/generate", body, field, sentence);

    [Fact]
    public async Task A_source_that_is_too_long_is_refused()
    {
        await Refused("/generate", $$"""{"inputs": "{{new string('a', 5000)}}", "model": "cab"}""", "inputs", "holds 5000 characters; expected at most 4096");
        using HttpResponseMessage wrong = await _client.PostJsonAsync("/generate", """{"inputs": "a", "model": "pos"}""");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, wrong.StatusCode);
    }

    private async Task<JsonElement[]> Stream(string parameters)
    {
        using HttpResponseMessage answer = await _client.PostJsonAsync("/generate_stream", $$"""{"inputs": "abca", "model": "cab", "parameters": {{parameters}}}""");
        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType?.MediaType);
        return [.. (await answer.Content.ReadAsStringAsync(Cancel)).Split('\n').Where(line => line.StartsWith("data:", StringComparison.Ordinal))
            .Select(line => JsonElement.Parse(line[5..]))];
    }

    private async Task Refused(string route, string body, string field, string sentence)
    {
        using HttpResponseMessage answer = await _client.PostJsonAsync(route, body);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
        JsonElement problem = JsonElement.Parse(await answer.Content.ReadAsStringAsync(Cancel));
        Assert.Equal(sentence, problem.GetProperty("errors").GetProperty(field)[0].GetString());
    }

    private Task<JsonElement> Generate(string text, string parameters) =>
        _client.AnswerAsync("/generate", $$"""{"inputs": "{{text}}", "model": "cab", "parameters": {{parameters}}}""");

    private static void Same(Hypothesis wanted, JsonElement text, JsonElement details)
    {
        Assert.Equal(wanted.Text, text.GetString());
        Assert.Equal(wanted.Score, details.GetProperty("score").GetDouble());
        Assert.Equal(wanted.Tokens.Select(token => (token.Id, token.LogProbability)),
            details.GetProperty("tokens").EnumerateArray().Select(token => (token.GetProperty("id").GetInt32(), token.GetProperty("logprob").GetSingle())));
        Assert.Equal(wanted.Attention, details.GetProperty("attention").EnumerateArray().Select(row => row.EnumerateArray().Select(weight => weight.GetSingle()).ToArray()));
    }
}

/// <summary>A service that has a translator beside the tiny models.</summary>
public sealed class TranslatorService : IAsyncLifetime
{
    private readonly TinyModels _models = new();
    private TestService _service = null!;

    internal HttpClient Client { get; private set; } = null!;

    internal Translator Model { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        _models.AddTranslator("cab");
        Model = (Translator)_models.Load("cab");
        _service = await TestService.StartAsync(_models);
        Client = _service.Client();
    }

    public async ValueTask DisposeAsync()
    {
        await _service.DisposeAsync();
        Model.Dispose();
        _models.Dispose();
    }
}
