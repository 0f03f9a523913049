using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;

namespace RnnService.Server.Tests.Endpoints.Numbers;

/// <summary>Sequences of numbers as tensors of the Open Inference Protocol.</summary>
public sealed class NumberTensorTests(NumberService shared) : IClassFixture<NumberService>
{
    private static readonly NumberSequence One = TinyNumberModels.Draw(3, 4, 3), Other = TinyNumberModels.Draw(6, 2, 3);

    [Fact]
    public async Task Sequences_of_several_lengths_are_answered_as_alone_in_JSON_and_in_bytes()
    {
        using var model = (NumberClassifier)shared.Models.Load("gestures");
        float[] padded = [.. One.Values.ToArray(), .. Other.Values.ToArray(), .. new float[6]];
        string shape = "\"shape\": [2, 4, 3], \"datatype\": \"FP32\"";
        JsonElement json = await shared.Client.AnswerAsync("/v2/models/gestures/infer", $$"""
            {"inputs": [{"name": "values", {{shape}}, "data": [{{string.Join(",", padded)}}]}, {"name": "lengths", "shape": [2], "datatype": "INT32", "data": [4, 2]}]}
            """);
        float[][] expected = [Classifier.Scores(model.Logits([One])[0], model.Config), Classifier.Scores(model.Logits([Other])[0], model.Config)];
        JsonElement scores = json.GetProperty("outputs")[1];
        Assert.Equal("[2,3]", scores.GetProperty("shape").GetRawText());
        Assert.Equal(expected.SelectMany(row => row), scores.GetProperty("data").EnumerateArray().Select(value => value.GetSingle()));

        string head = $$$"""
            {"inputs": [{"name": "values", {{{shape}}}, "parameters": {"binary_data_size": 96}}, {"name": "lengths", "shape": [2], "datatype": "INT32", "parameters": {"binary_data_size": 8}}]}
            """;
        byte[] bytes = [.. Encoding.UTF8.GetBytes(head), .. padded.SelectMany(BitConverter.GetBytes), .. BitConverter.GetBytes(4), .. BitConverter.GetBytes(2)];
        using var content = new ByteArrayContent(bytes);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        content.Headers.Add("Inference-Header-Content-Length", Encoding.UTF8.GetByteCount(head).ToString());
        using HttpResponseMessage answer = await shared.Client.PostAsync("/v2/models/gestures/infer", content, TestContext.Current.CancellationToken);
        Assert.Equal(json.GetProperty("outputs").GetRawText(), (await answer.JsonAsync()).GetProperty("outputs").GetRawText());
    }

    [Theory]
    [InlineData("gestures", "scores", "[1,3]", 3)]
    [InlineData("phases", "scores", "[1,4,2]", 2)]
    [InlineData("level", "values", "[1,2]", 2)]
    [InlineData("load", "forecast", "[1,3,2]", 2)]
    [InlineData("digits", "text", "[1]", 12)]
    public async Task Every_task_has_its_tensors_which_its_description_tells(string model, string output, string shape, int features)
    {
        NumberSequence steps = TinyNumberModels.Draw(1, 4, features);
        JsonElement answer = await shared.Client.AnswerAsync($"/v2/models/{model}/infer",
            $$"""{"inputs": [{"name": "values", "shape": [1, 4, {{features}}], "datatype": "FP32", "data": {{TinyNumberModels.Json(steps)}}}], "outputs": [{"name": "{{output}}"}]}""");
        Assert.Equal(shape, answer.GetProperty("outputs")[0].GetProperty("shape").GetRawText());
        JsonElement described = JsonDocument.Parse(await shared.Client.GetStringAsync($"/v2/models/{model}", TestContext.Current.CancellationToken)).RootElement;
        Assert.Equal($$"""{"name":"values","datatype":"FP32","shape":[-1,-1,{{features}}]}""", described.GetProperty("inputs")[0].GetRawText());
        Assert.Contains(described.GetProperty("outputs").EnumerateArray(), one => one.GetProperty("name").GetString() == output);
    }

    [Theory]
    [InlineData("""{"name": "values", "shape": [1, 1, 2], "datatype": "FP32", "data": [1, 2]}""", "has 2 numbers a step; expected 3")]
    [InlineData("""{"name": "values", "shape": [1, 3], "datatype": "FP32", "data": [1, 2, 3]}""", "inputs[0].shape: is [1, 3]; expected [n, steps, features]")]
    [InlineData("""{"name": "values", "shape": [1, 2000000000, 3], "datatype": "FP32", "data": [1]}""", "inputs[0].shape: is [1, 2000000000, 3]")]
    [InlineData("""{"name": "values", "shape": [1, 100000000, 3], "datatype": "FP32", "data": [1]}""", "inputs[0].data: holds 1 numbers; expected 300000000")]
    [InlineData("""{"name": "values", "shape": [1, 1, 3], "datatype": "FP64", "data": [1, 2, 3]}""", "inputs[0].datatype: is \"FP64\"; expected \"FP32\"")]
    [InlineData("""{"name": "values", "shape": [1, 1, 3], "datatype": "FP32", "data": [1, 2, 1e39]}""", "values[0][0][2]: is Infinity; expected a finite number")]
    [InlineData("""{"name": "values", "shape": [1, 1, 3], "datatype": "FP32", "data": [1, 2, 3]}, {"name": "lengths", "shape": [1], "datatype": "INT32", "data": [2]}""", "inputs[1].data[0]: is 2; expected 1 to 1")]
    [InlineData("""{"name": "text", "shape": [1], "datatype": "BYTES", "data": ["a"]}""", "inputs[0].name: is not what \"gestures\" reads; expected \"values\"")]
    public async Task What_is_wrong_with_tensors_is_said(string inputs, string expected)
    {
        using HttpResponseMessage answer = await shared.Client.PostJsonAsync("/v2/models/gestures/infer", $$"""{"inputs": [{{inputs}}]}""");
        Assert.Equal(422, (int)answer.StatusCode);
        Assert.Contains(expected, (await answer.JsonAsync()).GetProperty("error").GetString(), StringComparison.Ordinal);
    }
}
