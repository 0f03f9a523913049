using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;
using RnnService.Server.Requests;

namespace RnnService.Server.Tests.Endpoints.Numbers;

/// <summary>Sequences of numbers and sounds over HTTP: each answer is what the model says in the library.</summary>
public sealed class NumberTests(NumberService shared) : IClassFixture<NumberService>
{
    private static readonly NumberSequence Three = TinyNumberModels.Draw(3, 9, 3), Two = TinyNumberModels.Draw(4, 7, 2);

    private HttpClient Client => shared.Client;

    [Fact]
    public async Task Labels_of_one_sequence_and_of_several()
    {
        using var model = (NumberClassifier)shared.Models.Load("gestures");
        string one = Values(Three), other = Values(TinyNumberModels.Draw(5, 2, 3));
        JsonElement alone = await Client.AnswerAsync("/classify", $$"""{"inputs": {{one}}}""");
        JsonElement both = await Client.AnswerAsync("/classify", $$$"""{"inputs": [{{{other}}}, {{{one}}}], "parameters": {"top_k": 2}}""");
        Assert.Equal(1, alone.GetArrayLength());
        Assert.Equal(2, both[1].GetArrayLength());
        foreach ((LabelScore expected, JsonElement found) in model.Classify(Three).Zip(alone[0].EnumerateArray()))
        {
            Assert.Equal(expected.Label, found.GetProperty("label").GetString());
            Assert.Equal(expected.Score, found.GetProperty("score").GetSingle());
        }

        Assert.Equal(alone[0][0].GetRawText(), both[1][0].GetRawText());
        Assert.Equal(alone[0].GetRawText(), (await Client.AnswerAsync("/models/gestures", $$"""{"inputs": {{one}}}"""))[0].GetRawText());
    }

    [Fact]
    public async Task A_label_a_step()
    {
        using var model = (NumberTagger)shared.Models.Load("phases");
        string every = """, "parameters": {"aggregation_strategy": "none"}""";
        JsonElement steps = await Client.AnswerAsync("/tag", $$"""{"inputs": {{Values(Two)}}, "model": "phases" {{every}} }""");
        JsonElement runs = await Client.AnswerAsync("/tag", $$"""{"inputs": [{{Values(Two)}}], "model": "phases"}""");
        Assert.Equal(model.Tag(Two).Select(tag => model.Labels[tag.Label]), steps.EnumerateArray().Select(step => step.GetProperty("label").GetString()));
        Assert.Equal(Enumerable.Range(0, 7), steps.EnumerateArray().Select(step => step.GetProperty("start").GetInt32()));
        Assert.Equal(7, runs[0].EnumerateArray().Sum(run => run.GetProperty("end").GetInt32() - run.GetProperty("start").GetInt32()));
        string?[] labels = [.. runs[0].EnumerateArray().Select(run => run.GetProperty("label").GetString())];
        Assert.All(labels.Zip(labels.Skip(1)), pair => Assert.NotEqual(pair.First, pair.Second));
        using HttpResponseMessage undecided = await Client.PostJsonAsync("/tag", $$"""{"inputs": {{Values(Two)}}}""");
        Assert.Contains("backwards, phases", (await undecided.IsProblemAsync(422, "validation")).GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Values_and_forecasts()
    {
        using var regressor = (Regressor)shared.Models.Load("level");
        using var forecaster = (Forecaster)shared.Models.Load("load");
        JsonElement values = await Client.AnswerAsync("/predict", $$"""{"inputs": {{Values(Two)}}}""");
        Assert.Equal(regressor.Values(Two), values.GetProperty("values")[0].EnumerateArray().Select(value => value.GetSingle()));
        JsonElement steps = await Client.AnswerAsync("/predict", $$"""{"inputs": [{{Values(Two)}}], "model": "load"}""");
        Assert.Equal(forecaster.Forecast(Two).Values.ToArray(), steps[0].GetProperty("forecast").EnumerateArray().SelectMany(step => step.EnumerateArray()).Select(value => value.GetSingle()));
        Assert.Equal(steps[0].GetRawText(), (await Client.AnswerAsync("/models/load", $$"""{"inputs": {{Values(Two)}}}""")).GetRawText());
    }

    [Fact]
    public async Task A_sound_is_written_down_and_classified()
    {
        using var model = (Transcriber)shared.Models.Load("digits");
        Transcript expected = model.Transcribe(NumberService.Steps);
        JsonElement heard = await SoundAsync("/transcribe?details=true", NumberService.Wav);
        Assert.Equal(expected.Text, heard.GetProperty("text").GetString());
        Assert.Equal(expected.Symbols.Select(one => one.Step), heard.GetProperty("symbols").EnumerateArray().Select(one => one.GetProperty("step").GetInt64()));
        Assert.All(heard.GetProperty("symbols").EnumerateArray(), one => Assert.InRange(one.GetProperty("seconds").GetDouble(), 0.02, 0.52));
        JsonElement plain = await SoundAsync("/models/digits", NumberService.Wav);
        Assert.Equal($$"""{"text":{{JsonSerializer.Serialize(expected.Text)}}}""", plain.GetRawText());
        JsonElement values = await Client.AnswerAsync("/transcribe", $$$"""{"inputs": {{{Values(NumberService.Steps)}}}, "parameters": {"beams": 4}}""");
        Assert.Equal(model.Transcribe(NumberService.Steps, 4).Text, values.GetProperty("text").GetString());
        JsonElement labels = await SoundAsync("/classify?model=digits", NumberService.Wav);
        IReadOnlyList<LabelScore> one = model.Classify(NumberService.Steps);
        Assert.Equal(one[0].Label, labels[0][0].GetProperty("label").GetString());
        Assert.Equal(one[0].Score, labels[0][0].GetProperty("score").GetSingle(), 1e-4);
    }

    [Theory]
    [InlineData("/classify", """{"inputs": {"values": [[1,2],[3,4]]}}""", 422, "inputs.values: has 2 numbers a step; expected 3, which \"gestures\" reads")]
    [InlineData("/classify", """{"inputs": [{"values": [[1,2,3]]}, {"values": [[1,2,3],[1,2]]}]}""", 422, "inputs[1].values[1]: has 2 numbers; expected 3")]
    [InlineData("/classify", """{"inputs": {"values": [[1,2,1e39]]}}""", 422, "inputs.values[0][2]: is 1e39; expected a finite number")]
    [InlineData("/classify", """{"inputs": {"values": [[1,2,NaN]]}}""", 400, "the body is not JSON")]
    [InlineData("/classify", """{"inputs": {"values": [[1,2,"x"]]}}""", 400, "inputs.values[0][2]: is a string; expected a number")]
    [InlineData("/classify", """{"inputs": {"values": []}}""", 422, "inputs.values: is an empty list")]
    [InlineData("/classify", """{"inputs": {"values": [[]]}}""", 422, "inputs.values[0]: is an empty list")]
    [InlineData("/classify", """{"inputs": {"value": [[1,2,3]]}}""", 400, "inputs: has other fields; expected \"values\" alone")]
    [InlineData("/classify", """{"inputs": {}}""", 400, "inputs: is an object without fields; expected \"values\"")]
    [InlineData("/classify", """{"inputs": {"values": [[1,2,3]]}, "parameters": {"explain": true}}""", 422, "parameters.explain: is true")]
    [InlineData("/classify", """{"inputs": "a text", "model": "gestures"}""", 422, "model: \"gestures\" is a classifier of numbers; expected a classifier")]
    [InlineData("/classify", """{"inputs": {"values": [[1,2,3]]}, "model": "phases"}""", 422, "model: \"phases\" is a tagger of numbers; expected a classifier of numbers: gestures")]
    [InlineData("/transcribe", """{"inputs": "a text"}""", 400, "inputs: is a string; expected an object, as in")]
    [InlineData("/predict", """{"inputs": {"values": [1, 2]}}""", 422, "inputs.values: has 1 numbers a step; expected 2")]
    public async Task What_is_wrong_is_said_with_its_place(string route, string body, int status, string expected)
    {
        using HttpResponseMessage answer = await Client.PostJsonAsync(route, body);
        JsonElement problem = await answer.IsProblemAsync(status, status == 400 ? "malformed" : "validation");
        Assert.Contains(expected, problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/transcribe", "audio/wav", "RIFF", 422, "the body is no WAV file that can be read: header is not that of a WAV file")]
    [InlineData("/transcribe", "audio/flac", "fLaC", 415, "\"audio/flac\"; expected audio/wav")]
    [InlineData("/classify?model=gestures", "audio/wav", null, 422, "model: \"gestures\" reads numbers and no sound")]
    [InlineData("/transcribe?details=yes", "audio/wav", null, 422, "details: is \"yes\"; expected true or false")]
    [InlineData("/transcribe?model=none", "audio/wav", null, 404, "there is no model named \"none\"")]
    public async Task A_sound_that_cannot_be_answered_is_told_why(string route, string type, string? body, int status, string expected)
    {
        using var content = new ByteArrayContent(body is null ? NumberService.Wav : System.Text.Encoding.ASCII.GetBytes(body));
        content.Headers.ContentType = new MediaTypeHeaderValue(type);
        using HttpResponseMessage answer = await Client.PostAsync(route, content, TestContext.Current.CancellationToken);
        JsonElement problem = await answer.IsProblemAsync(status, status switch { 415 => "media_type", 404 => "model_not_found", _ => "validation" });
        Assert.Contains(expected, problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_sound_shorter_than_a_step_is_refused()
    {
        using var content = new ByteArrayContent(WavBytes.Of(NumberService.Sound.AsSpan(..200), 8000));
        content.Headers.ContentType = new MediaTypeHeaderValue("audio/wav");
        using HttpResponseMessage answer = await Client.PostAsync("/transcribe", content, TestContext.Current.CancellationToken);
        Assert.Equal("the sound is 0.025 s long; expected at least 0.035 s, which is a step of the model",
            (await answer.IsProblemAsync(422, "validation")).GetProperty("detail").GetString());
    }

    [Theory]
    [InlineData("/tag", 2, """, "model": "phases" """)]
    [InlineData("/transcribe", 12, """, "parameters": {"details": true} """)]
    [InlineData("/v2/models/phases/infer", 2, null)]
    public async Task A_large_answer_is_computed_only_where_there_is_room_for_it(string route, int features, string? parameters)
    {
        const int steps = 700;
        string values = string.Join(",", Enumerable.Repeat("[" + string.Join(",", Enumerable.Repeat("0", features)) + "]", parameters is null ? steps : 300));
        string body = parameters is null ? $$"""{"inputs": [{"name": "values", "datatype": "FP32", "shape": [1,{{steps}},2], "data": [{{values}}]}]}"""
            : $$$"""{"inputs": {"values": [{{{values}}}]} {{{parameters}}} }""";
        Assert.InRange(body.Length, 1, BodyBudget.Free); // of itself it costs nothing
        var budget = shared.Service.Services.GetRequiredService<BodyBudget>();
        while (budget.Held > 0) await Task.Delay(1, TestContext.Current.CancellationToken); // what the last request held is given back after its answer
        using (var others = new BodyBudget.Lease(budget, "others"))
        using (var more = new BodyBudget.Lease(budget, "more"))
        {
            others.Hold(32_000_000);
            more.Hold(32_000_000);
            using HttpResponseMessage refused = await Client.PostJsonAsync(route, body);
            Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        }

        await Client.AnswerAsync(route, body);
    }

    internal static string Values(NumberSequence sequence) => $$"""{"values": {{TinyNumberModels.Json(sequence)}}}""";

    private async Task<JsonElement> SoundAsync(string route, byte[] wav)
    {
        using var content = new ByteArrayContent(wav);
        content.Headers.ContentType = new MediaTypeHeaderValue("audio/wav");
        using HttpResponseMessage answer = await Client.PostAsync(route, content, TestContext.Current.CancellationToken);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return await answer.JsonAsync();
    }
}
