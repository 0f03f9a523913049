using System.Text;
using System.Text.Json;
using RnnService.Engine.Models;
using RnnService.Engine.Text;

namespace RnnService.Server.Tests.Endpoints;

public sealed class TagTests(SharedService shared)
{
    [Theory]
    [InlineData("/tag", "inputs")]
    [InlineData("/classify", "inputs")]
    [InlineData("/tag", "tokens")]
    public async Task A_request_of_more_tokens_than_one_may_have_is_refused(string route, string field)
    {
        await using TestService service = await TestService.StartAsync(shared.Models, ("Rnn:Limits:MaxRequestTokens", "6"));
        using HttpClient client = service.Client();
        string Body(string text) => field == "inputs" ? $$"""{"inputs": ["{{text}}", "a b c"]}""" : $$"""{"tokens": [["{{text.Replace(" ", "\",\"")}}"], ["a", "b", "c"]]}""";
        await client.AnswerAsync(route, Body("a b c"));
        using HttpResponseMessage answer = await client.PostJsonAsync(route, Body("a b c d"));
        JsonElement problem = await answer.IsProblemAsync(422, "validation");
        Assert.StartsWith($"{field}: holds more than 6 tokens", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_BIO_labels_every_word_is_a_group()
    {
        var model = (Tagger)shared.Models.Load("pos");
        List<Token> words = model.Split("Marie worked in Paris");
        TagScore[] tags = model.Tag([model.Encode(words.Select(word => word.Text))])[0];
        JsonElement answer = await shared.Client.AnswerAsync("/tag", """{"inputs": "Marie worked in Paris", "model": "pos"}""");
        Assert.Equal(words.Select(word => (word.Text, word.CodePointStart, word.CodePointEnd)), answer.EnumerateArray().Select(one =>
            (one.GetProperty("word").GetString()!, one.GetProperty("start").GetInt32(), one.GetProperty("end").GetInt32())));
        Assert.Equal(tags.Select(tag => (model.Config.Labels[tag.Label], tag.Score)), answer.EnumerateArray().Select(one =>
            (one.GetProperty("entity_group").GetString()!, one.GetProperty("score").GetSingle())));
    }

    [Fact]
    public async Task None_answers_with_every_word_and_its_position()
    {
        JsonElement answer = await shared.Client.AnswerAsync("/tag",
            """{"inputs": ["Marie Curie worked", "in Paris"], "model": "ner", "parameters": {"aggregation_strategy": "none"}}""");
        Assert.Equal([1, 2, 3], answer[0].EnumerateArray().Select(one => one.GetProperty("index").GetInt32()));
        Assert.Equal(["in", "Paris"], answer[1].EnumerateArray().Select(one => one.GetProperty("word").GetString()));
        Assert.All(answer[0].EnumerateArray(), one =>
            Assert.True(one.TryGetProperty("entity", out _) && !one.TryGetProperty("entity_group", out _)));
    }

    [Fact]
    public async Task Split_sentences_give_one_entry_a_word_with_offsets_as_if_joined_by_spaces()
    {
        JsonElement answer = await shared.Client.AnswerAsync("/tag", """{"tokens": [["Marie", "New York", "😀x"], []], "model": "ner"}""");
        Assert.Equal([(0, 5), (6, 14), (15, 17)],
            answer[0].EnumerateArray().Select(one => (one.GetProperty("start").GetInt32(), one.GetProperty("end").GetInt32())));
        Assert.Equal(["Marie", "New York", "😀x"], answer[0].EnumerateArray().Select(one => one.GetProperty("word").GetString()));
        Assert.Equal(0, answer[1].GetArrayLength());
    }

    [Fact]
    public async Task Either_inputs_or_tokens_are_wanted()
    {
        string[] bodies = ["{}", """{"inputs": "a", "tokens": [["a"]]}""", """{"tokens": []}""", """{"tokens": [[""]]}"""];
        foreach (string body in bodies)
        {
            using HttpResponseMessage answer = await shared.Client.PostJsonAsync("/tag", body);
            await answer.IsProblemAsync(422, "validation");
        }
    }

    [Theory]
    [InlineData("simple", 10)]
    [InlineData("none", 10)]
    [InlineData("none", 2)]
    public async Task Alternatives_are_the_other_labels_likeliest_first(string strategy, int most)
    {
        const string text = "Marie Curie worked in Paris";
        var model = (Tagger)shared.Models.Load("pos");
        string body(string alternatives) => $$"""{"inputs": ["{{text}}", "😀"], "model": "pos", "parameters": {"aggregation_strategy": "{{strategy}}"{{alternatives}} } }""";
        JsonElement answer = await shared.Client.AnswerAsync("/tag", body($", \"alternatives\": {most}"));
        JsonElement without = await shared.Client.AnswerAsync("/tag", body(""));
        string label = strategy == "none" ? "entity" : "entity_group";
        foreach ((JsonElement piece, JsonElement plain) in answer.EnumerateArray().SelectMany(one => one.EnumerateArray())
            .Zip(without.EnumerateArray().SelectMany(one => one.EnumerateArray())))
        {
            (string Label, float Score)[] others = Others(piece);
            Assert.Equal(Math.Min(most, model.Labels.Count - 1), others.Length);
            Assert.DoesNotContain(piece.GetProperty(label).GetString(), others.Select(one => one.Label));
            Assert.Equal(others.OrderByDescending(one => one.Score), others);
            Assert.True(others[0].Score <= piece.GetProperty("score").GetSingle());
            if (most >= model.Labels.Count) Assert.Equal(1, piece.GetProperty("score").GetSingle() + others.Sum(one => one.Score), 1e-5);
            // The answer is the one that is given without.
            Assert.False(plain.TryGetProperty("alternatives", out _));
            Assert.Equal((plain.GetProperty(label).GetString(), plain.GetProperty("score").GetSingle()),
                (piece.GetProperty(label).GetString(), piece.GetProperty("score").GetSingle()));
        }
    }

    [Fact]
    public async Task The_alternatives_of_a_span_stand_for_all_its_words_and_for_the_marks_of_a_label_together()
    {
        const string text = "Marie Curie worked in Paris with Marie in Paris";
        var model = (Tagger)shared.Models.Load("ner");
        JsonElement words = (await shared.Client.AnswerAsync("/tag",
            $$"""{"inputs": "{{text}}", "model": "ner", "parameters": {"aggregation_strategy": "none", "alternatives": 10} }"""));
        JsonElement spans = (await shared.Client.AnswerAsync("/tag",
            $$"""{"inputs": "{{text}}", "model": "ner", "parameters": {"alternatives": 10} }"""));
        int several = 0;
        foreach (JsonElement span in spans.EnumerateArray())
        {
            JsonElement[] own = [.. words.EnumerateArray().Where(word => word.GetProperty("start").GetInt32() >= span.GetProperty("start").GetInt32()
                && word.GetProperty("end").GetInt32() <= span.GetProperty("end").GetInt32())];
            if (own.Length > 1) several++;
            Dictionary<string, double> expected = own
                .SelectMany(word => Others(word).Append((word.GetProperty("entity").GetString()!, word.GetProperty("score").GetSingle())))
                .GroupBy(one => one.Item1.Split('-')[^1]).Where(group => group.Key != span.GetProperty("entity_group").GetString())
                .ToDictionary(group => group.Key, group => group.Sum(one => (double)one.Item2) / own.Length);
            (string Label, float Score)[] others = Others(span);
            Assert.Equal(expected.OrderByDescending(one => one.Value).Select(one => one.Key), others.Select(one => one.Label));
            Assert.All(others, one => Assert.Equal(expected[one.Label], one.Score, 1e-6));
        }

        Assert.True(several > 0 && spans.GetArrayLength() > several, "the text has spans of one word and of several");
    }

    [Fact]
    public async Task Requests_with_and_without_alternatives_share_their_batches()
    {
        var model = (Tagger)shared.Models.Load("ner");
        TagScore[][] tags = model.Tag([model.Encode(["Marie", "in"]), model.Encode(["Paris", "x"], withAlternatives: true), model.Encode([], withAlternatives: true)]);
        Assert.Equal([2, 2 * model.Labels.Count, 0], tags.Select(one => one.Length));
        Assert.Equal<TagScore>(model.Tag([model.Encode(["Paris", "x"])])[0], new TagScore[] { tags[1][0], tags[1][model.Labels.Count] });
        using HttpResponseMessage many = await shared.Client.PostJsonAsync("/tag", """{"inputs": "a", "parameters": {"alternatives": 11}}""");
        JsonElement problem = await many.IsProblemAsync(422, "validation");
        Assert.Contains("parameters.alternatives: is 11; expected a number of at least 0 and at most 10", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    private static (string Label, float Score)[] Others(JsonElement piece) => [.. piece.GetProperty("alternatives").EnumerateArray()
        .Select(one => (one.GetProperty("label").GetString()!, one.GetProperty("score").GetSingle()))];

    [Fact]
    public async Task Offsets_cut_every_piece_out_of_any_text()
    {
        const string letters = "aeiou MCP/.'\0\n\tאת漢\u0301\u0336\u200d";
        var random = new Random(1);
        string[] texts =
        [
            .. Enumerable.Range(0, 40).Select(length => new string(random.GetItems(letters.AsSpan(), length))),
            "a😀b 😀😀 Paris", "👩‍👩‍👧 in Paris",
        ];
        foreach (string strategy in new[] { "simple", "none" })
        {
            JsonElement answer = await shared.Client.AnswerAsync("/tag",
                JsonSerializer.Serialize(new { inputs = texts, model = "ner", parameters = new { aggregation_strategy = strategy } }));
            for (int i = 0; i < texts.Length; i++)
            {
                Rune[] runes = [.. texts[i].EnumerateRunes()];
                Assert.All(answer[i].EnumerateArray(), one => Assert.Equal(
                    string.Concat(runes[one.GetProperty("start").GetInt32()..one.GetProperty("end").GetInt32()]),
                    one.GetProperty("word").GetString()));
            }
        }
    }
}
