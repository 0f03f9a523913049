using System.Text;
using System.Text.Json;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;

namespace RnnService.Server.Tests.Endpoints;

/// <summary>Why a classifier answers as it does, over HTTP. That the figures are right is tested where they are computed.</summary>
public sealed class ExplainTests(SharedService shared)
{
    private static readonly string[] Texts = ["a lovely film", "😀 dull\n film, lovely", "", "lovely"];

    [Fact]
    public async Task Every_field_says_what_the_engine_found()
    {
        var model = (Classifier)shared.Models.Load("sentiment");
        JsonElement answer = await AskAsync(Texts);
        Assert.Equal(Texts.Length, answer.GetArrayLength());
        for (int i = 0; i < Texts.Length; i++)
        {
            Explanation found = model.Explain(Texts[i]);
            JsonElement explanation = answer[i].GetProperty("explanation");
            Assert.Equal(["label", "method", "baseline", "value", "completeness_gap", "steps", "tokens"], explanation.EnumerateObject().Select(field => field.Name));
            Assert.Equal(model.Labels[found.Label], explanation.GetProperty("label").GetString());
            Assert.Equal("integrated_gradients", explanation.GetProperty("method").GetString());
            Assert.Equal((float)found.Baseline, explanation.GetProperty("baseline").GetSingle());
            Assert.Equal((float)found.Value, explanation.GetProperty("value").GetSingle());
            Assert.Equal((float)found.CompletenessGap, explanation.GetProperty("completeness_gap").GetSingle());
            Assert.Equal(found.Steps, explanation.GetProperty("steps").GetInt32());

            Rune[] runes = [.. Texts[i].EnumerateRunes()];
            JsonElement[] tokens = [.. explanation.GetProperty("tokens").EnumerateArray()];
            Assert.Equal(model.Read(Texts[i]).Tokens.Select(token => token.Text), tokens.Select(token => token.GetProperty("text").GetString()));
            for (int t = 0; t < tokens.Length; t++)
            {
                Assert.Equal(["text", "start", "end", "known", "scores", "contribution"], tokens[t].EnumerateObject().Select(field => field.Name));
                string text = string.Concat(runes[tokens[t].GetProperty("start").GetInt32()..tokens[t].GetProperty("end").GetInt32()]);
                Assert.Equal(text, tokens[t].GetProperty("text").GetString());
                Assert.Equal(text is "a" or "lovely" or "film" or "dull", tokens[t].GetProperty("known").GetBoolean());
                Assert.Equal(found.Contributions[t], tokens[t].GetProperty("contribution").GetSingle());
                float[] scores = Classifier.Scores([.. found.Running[t]], model.Config);
                Assert.Equal(answer[i].GetProperty("labels").EnumerateArray().Select(label => scores[IndexOf(label.GetProperty("label").GetString()!)]), Floats(tokens[t], "scores"));
            }
        }

        int IndexOf(string label) => model.Labels.ToList().IndexOf(label);
    }

    [Theory]
    [InlineData("")]
    [InlineData(", \"top_k\": 1")]
    [InlineData(", \"function_to_apply\": \"sigmoid\"")]
    [InlineData(", \"function_to_apply\": \"none\"")]
    public async Task The_labels_are_those_of_the_same_request_without_and_the_last_token_has_their_scores(string parameters)
    {
        JsonElement answer = await AskAsync(Texts, parameters);
        JsonElement plain = await shared.Client.AnswerAsync(
            "/classify", $$"""{"inputs": {{JsonSerializer.Serialize(Texts)}}, "parameters": {"return_all_scores": true{{parameters}} } }""");
        for (int i = 0; i < Texts.Length; i++)
        {
            JsonElement labels = answer[i].GetProperty("labels"), tokens = answer[i].GetProperty("explanation").GetProperty("tokens");
            Assert.Equal(plain[i].GetRawText(), labels.GetRawText());
            if (tokens.GetArrayLength() > 0)
                Assert.Equal(labels.EnumerateArray().Select(label => label.GetProperty("score").GetSingle()), Floats(tokens.EnumerateArray().Last(), "scores"));
        }
    }

    [Fact]
    public async Task A_text_in_a_list_is_explained_as_alone_bit_for_bit()
    {
        string[] many = [.. Texts, .. Enumerable.Range(1, 30).Select(i => string.Join(' ', Enumerable.Repeat("a lovely dull film", i % 7)))];
        JsonElement together = await AskAsync(many);
        for (int i = 0; i < many.Length; i++)
        {
            JsonElement alone = await AskAsync([many[i]]);
            Assert.Equal(1, alone.GetArrayLength());
            Assert.Equal(alone[0].GetRawText(), together[i].GetRawText());
        }
    }

    [Fact]
    public async Task A_single_text_is_answered_with_a_list_too_and_warnings_stand_where_they_stood()
    {
        using HttpResponseMessage answer = await shared.Client.PostJsonAsync("/classify", """{"inputs": "xyzzy", "parameters": {"explain": true}}""");
        JsonElement one = (await answer.JsonAsync())[0];
        Assert.Contains("holds no word that the model knows", one.GetProperty("labels")[0].GetProperty("warning").GetString(), StringComparison.Ordinal);
        Assert.StartsWith("inputs: holds no word", answer.Headers.GetValues("X-Rnn-Warning").Single(), StringComparison.Ordinal);
        JsonElement plain = await shared.Client.AnswerAsync("/classify", """{"inputs": "a", "parameters": {"explain": false}}""");
        Assert.Equal(JsonValueKind.Array, plain[0].ValueKind);
    }

    [Theory]
    [InlineData("\"a a a a\"", "inputs: has 4 tokens; at most 3 can be explained")]
    [InlineData("[\"a a\", \"a a\"]", "inputs: holds more than 3 tokens, which is the most of one request")]
    [InlineData("[\"a\", \"a a a a\"]", "inputs[1]: has 4 tokens; at most 3 can be explained")]
    public async Task A_longer_text_than_the_option_allows_is_refused(string inputs, string sentence)
    {
        await using TestService service = await TestService.StartAsync(shared.Models, ("Rnn:Limits:MaxExplainTokens", "3"));
        using HttpClient client = service.Client();
        using HttpResponseMessage answer = await client.PostJsonAsync("/classify", $$"""{"inputs": {{inputs}}, "parameters": {"explain": true} }""");
        JsonElement problem = await answer.IsProblemAsync(422, "validation");
        Assert.StartsWith(sentence, problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        await client.AnswerAsync("/classify", $$"""{"inputs": {{inputs}}}""");
        await client.AnswerAsync("/classify", """{"inputs": "a a a", "parameters": {"explain": true}}""");
    }

    [Fact]
    public async Task Explaining_is_counted_apart_and_shares_the_gauges_of_its_model()
    {
        await using TestService service = await TestService.StartAsync(shared.Models);
        using HttpClient client = service.Client();
        await client.AnswerAsync("/classify", """{"inputs": ["a", "film"], "parameters": {"explain": true}}""");
        await client.AnswerAsync("/inspect", """{"inputs": "a film", "model": "sentiment"}""");
        Assert.Equal(2, await service.MetricAsync("rnn_batch_rows_sum", "kind=\"explain\"", "model=\"sentiment\""));
        Assert.Equal(1, await service.MetricAsync("rnn_batch_rows_sum", "kind=\"inspect\"", "model=\"sentiment\""));
        Assert.Equal(0, await service.MetricAsync("rnn_batch_rows_sum", "kind=\"classify\""));
        string[] lines = (await client.GetStringAsync("/metrics", TestContext.Current.CancellationToken)).Split('\n');
        foreach (string gauge in new[] { "rnn_queue_depth{", "rnn_queue_tokens{" })
            Assert.Single(lines, line => line.StartsWith(gauge, StringComparison.Ordinal) && line.Contains("model=\"sentiment\"", StringComparison.Ordinal));
    }

    private Task<JsonElement> AskAsync(string[] texts, string parameters = "") => shared.Client.AnswerAsync(
        "/classify", $$"""{"inputs": {{JsonSerializer.Serialize(texts)}}, "parameters": {"explain": true{{parameters}} } }""");

    private static IEnumerable<float> Floats(JsonElement element, string name) => element.GetProperty(name).EnumerateArray().Select(one => one.GetSingle());
}
