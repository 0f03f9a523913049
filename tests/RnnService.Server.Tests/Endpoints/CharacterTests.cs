using System.Net;
using System.Text.Json;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Text;
using RnnService.Engine.Weights;
using RnnService.Server.Requests;

namespace RnnService.Server.Tests.Endpoints;

/// <summary>Models over characters, texts that a model cannot read, and labels that mark spans in other ways than BIO.</summary>
public sealed class CharacterTests(CharacterTests.Models models) : IClassFixture<CharacterTests.Models>
{
    private HttpClient Client => models.Client;

    [Fact]
    public async Task A_tagger_over_characters_labels_each_with_offsets_in_code_points()
    {
        var model = (Tagger)models.Tiny.Load("letters");
        JsonElement all = await Client.AnswerAsync(
            "/tag", """{"inputs": "王芳 在𠀀上", "model": "letters", "parameters": {"aggregation_strategy": "none"}}""");
        Assert.Equal(
            [("王", 0, 1), ("芳", 1, 2), ("在", 3, 4), ("𠀀", 4, 5), ("上", 5, 6)],
            all.EnumerateArray().Select(one => (one.GetProperty("word").GetString()!, one.GetProperty("start").GetInt32(), one.GetProperty("end").GetInt32())));
        TagScore[] tags = model.Tag([model.Encode(["王", "芳", "在", "𠀀", "上"])])[0];
        Assert.Equal(tags.Select(tag => model.Config.Labels[tag.Label]), all.EnumerateArray().Select(one => one.GetProperty("entity").GetString()));

        JsonElement split = await Client.AnswerAsync("/tag", """{"tokens": [["王", "芳", "在", "𠀀", "上"]], "model": "letters"}""");
        Assert.Equal([0, 1, 2, 3, 4], split[0].EnumerateArray().Select(one => one.GetProperty("start").GetInt32()));
        using HttpResponseMessage words = await Client.PostJsonAsync("/tag", """{"tokens": [["王", "北京"]], "model": "letters"}""");
        JsonElement problem = await words.IsProblemAsync(422, "validation");
        Assert.Contains("tokens[0][1]", problem.GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("letters")]
    [InlineData("bilou")]
    public async Task Simple_joins_the_spans_of_every_scheme(string name)
    {
        var model = (Tagger)models.Tiny.Load(name);
        int joined = 0;
        foreach (string text in (string[])["王芳在北京上海王芳", "芳芳王在上上北京海", "王", "海海海海在在在"])
        {
            List<Token> words = model.Split(text);
            List<LabelSpan> wanted = model.Spans.Join(model.Tag([model.Encode(words.Select(word => word.Text))])[0]);
            joined += wanted.Count(span => span.Count > 1);
            JsonElement found = await Client.AnswerAsync("/tag", JsonSerializer.Serialize(new { inputs = text, model = name }));
            Assert.Equal(
                wanted.Select(span => (span.Label, words[span.First].CodePointStart, words[span.First + span.Count - 1].CodePointEnd)),
                found.EnumerateArray().Select(one => (
                    one.GetProperty("entity_group").GetString()!, one.GetProperty("start").GetInt32(), one.GetProperty("end").GetInt32())));
        }

        Assert.True(name != "letters" || joined > 0, "no span of several characters: expected a seed that gives one");
    }

    [Fact]
    public async Task Characters_that_a_model_does_not_have_are_named_in_header_and_details()
    {
        const string sentence = "2 characters are not in the model's vocabulary and left out: \"x\", \"é\"";
        using HttpResponseMessage whole = await Client.PostJsonAsync(
            "/generate", """{"inputs": "ABxCéxA", "model": "abc", "parameters": {"max_new_tokens": 3, "details": true, "decoder_input_details": true}}""");
        Assert.Equal($"inputs: {sentence}".Replace("é", "U+00E9", StringComparison.Ordinal), Assert.Single(whole.Headers.GetValues(TextWarnings.Header)));
        JsonElement details = (await whole.JsonAsync()).GetProperty("details");
        Assert.Equal(sentence, details.GetProperty("warning").GetString());
        Assert.Equal(4, details.GetProperty("prefill").GetArrayLength());

        using HttpResponseMessage stream = await Client.PostJsonAsync(
            "/generate_stream", """{"inputs": "ABxCéxA", "model": "abc", "parameters": {"max_new_tokens": 3}}""");
        Assert.True(stream.Headers.Contains(TextWarnings.Header));
        Assert.Contains("left out", (await stream.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Split("data:")[^1], StringComparison.Ordinal);

        using HttpResponseMessage known = await Client.PostJsonAsync("/generate", """{"inputs": "ABCA", "model": "abc", "parameters": {"details": true}}""");
        Assert.False(known.Headers.Contains(TextWarnings.Header));
        Assert.False((await known.JsonAsync()).GetProperty("details").TryGetProperty("warning", out _));
    }

    [Theory]
    [InlineData("abc")]
    [InlineData("shakespeare")] // has an unknown token
    public async Task A_prompt_of_none_of_a_models_characters_is_refused(string name)
    {
        foreach (string route in (string[])["/generate", "/generate_stream"])
        {
            using HttpResponseMessage answer = await Client.PostJsonAsync(route, JsonSerializer.Serialize(new { inputs = "漢字", model = name }));
            JsonElement problem = await answer.IsProblemAsync(422, "validation");
            Assert.Contains("holds no character that this model knows", problem.GetProperty("error").GetString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_text_of_no_known_word_is_classified_with_a_warning_that_keeps_clients_working()
    {
        using HttpResponseMessage answer = await Client.PostJsonAsync(
            "/classify", """{"inputs": ["a lovely film", "xyzzy", " ", "我爱北京"], "model": "sentiment"}""");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        const string says = ", so the answer says nothing about it";
        Assert.Equal(
            $"inputs[1]: holds no word that the model knows{says}; inputs[2]: holds no word{says}; inputs[3]: holds no word that the model knows{says}; "
            + "Chinese or Japanese is written without spaces and needs a model whose tokenizer is characters",
            Assert.Single(answer.Headers.GetValues(TextWarnings.Header)));
        JsonElement body = await answer.JsonAsync();
        Assert.Equal([false, true, true, true], body.EnumerateArray().Select(labels => labels[0].TryGetProperty("warning", out _)));
        Assert.All(body.EnumerateArray(), labels => Assert.False(labels[1].TryGetProperty("warning", out _)));
        Assert.Equal([null, 0, 0, 0], body.EnumerateArray().Select(labels => labels[0].TryGetProperty("known_tokens", out JsonElement known) ? known.GetInt32() : (int?)null));

        using HttpResponseMessage tagged = await Client.PostJsonAsync("/tag", """{"inputs": "", "model": "ner"}""");
        Assert.Equal("inputs: holds no word" + says, Assert.Single(tagged.Headers.GetValues(TextWarnings.Header)));
        Assert.Equal(0, (await tagged.JsonAsync()).GetArrayLength());
    }

    /// <summary>A service with taggers over characters and a language model of three letters beside the tiny models.</summary>
    public sealed class Models : IAsyncLifetime
    {
        private TestService? _service;

        public TinyModels Tiny { get; } = new();

        internal HttpClient Client { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            string[] characters = [Vocabulary.Padding, Vocabulary.Unknown, .. "王芳在北京上海".Select(letter => $"{letter}")];
            Save("letters", Config(ModelTask.Tagger, "O", "B-PER", "I-PER", "E-PER", "S-PER"), characters, "王芳在北京");
            Save("bilou", Config(ModelTask.Tagger, "O", "B-LOC", "I-LOC", "L-LOC", "U-LOC"), characters, "王芳在北京");
            Save("abc", Config(ModelTask.LanguageModel), ["A", "B", "C"], "ABC");
            _service = await TestService.StartAsync(Tiny);
            Client = _service.Client();
        }

        public async ValueTask DisposeAsync()
        {
            if (_service is not null) await _service.DisposeAsync();
            Tiny.Dispose();
        }

        private static ModelConfig Config(ModelTask task, params string[] labels) => new()
        {
            Task = task,
            Cell = CellKind.Gru,
            Tokenizer = Tokenization.Characters,
            EmbeddingSize = 4,
            HiddenSize = 6,
            Bidirectional = task == ModelTask.Tagger,
            Labels = labels,
        };

        private void Save(string name, ModelConfig config, string[] tokens, string golden) => ModelFolder.Save(
            Path.Combine(Tiny.Path, name), TextModel.Create(config, new ModelVocabulary(new Vocabulary(tokens)), Parameters.Random(7)), golden);
    }
}
