using System.Net.Http.Json;
using System.Text.Json;
using RnnService.Engine.Models;

namespace RnnService.Server.Tests.Endpoints;

public sealed class ClassifyTests(SharedService shared)
{
    [Fact]
    public async Task Each_text_gets_its_labels_best_first_as_the_engine_alone_gives_them()
    {
        string[] texts = ["a lovely film", "a dull film", ""];
        var model = (Classifier)shared.Models.Load("sentiment");
        JsonElement answer = await shared.Client.AnswerAsync("/classify", JsonSerializer.Serialize(new { inputs = texts }));
        Assert.Equal(texts.Length, answer.GetArrayLength());
        for (int i = 0; i < texts.Length; i++)
        {
            float[] wanted = model.Classify([model.Encode(texts[i])])[0];
            Assert.Equal(wanted.OrderDescending(), answer[i].EnumerateArray().Select(label => label.GetProperty("score").GetSingle()));
            int best = Array.IndexOf(wanted, wanted.Max());
            Assert.Equal(model.Config.Labels[best], answer[i][0].GetProperty("label").GetString());
        }
    }

    [Fact]
    public async Task A_single_text_is_answered_with_a_list_of_one_list()
    {
        JsonElement answer = await shared.Client.AnswerAsync(
            "/classify", """{"inputs": "a film", "parameters": {"top_k": 1, "function_to_apply": "softmax"}}""");
        Assert.Equal(1, answer.GetArrayLength());
        Assert.Equal(1, answer[0].GetArrayLength());
    }

    /// <summary>A request's threshold, else the model's, leaves out what is below it; what none reaches is an empty list, explained or not.</summary>
    [Fact]
    public async Task Labels_below_the_threshold_are_left_out()
    {
        using var models = new TinyModels();
        string folder = Path.Combine(models.Path, "sentiment");
        ModelFolder.SaveConfig(folder, models.Load("sentiment").Config with { Threshold = 0.99f });
        await using TestService service = await TestService.StartAsync(models);
        using HttpClient client = service.Client();
        string inputs = """["a lovely film", "a dull film", "xyzzy"]""";
        JsonElement all = await AskAsync("\"threshold\": 0");
        foreach (float threshold in (float[])[0, 0.3f, 0.5f, 0.6f, 1])
        {
            JsonElement some = await AskAsync(FormattableString.Invariant($"\"threshold\": {threshold}"));
            Assert.Equal(
                all.EnumerateArray().Select(labels => labels.EnumerateArray().Where(label => label.GetProperty("score").GetSingle() >= threshold).Select(label => label.GetRawText())),
                some.EnumerateArray().Select(labels => labels.EnumerateArray().Select(label => label.GetRawText())));
        }

        Assert.Equal("[[],[],[]]", (await AskAsync("\"threshold\": null")).GetRawText());
        Assert.All((await AskAsync("\"function_to_apply\": \"none\"")).EnumerateArray(), labels => Assert.Equal(2, labels.GetArrayLength()));
        Assert.All((await AskAsync("\"explain\": true")).EnumerateArray(), text =>
        {
            Assert.Equal(0, text.GetProperty("labels").GetArrayLength());
            Assert.NotEmpty(text.GetProperty("explanation").GetProperty("label").GetString()!);
        });

        Task<JsonElement> AskAsync(string parameters) => client.AnswerAsync("/classify", $$"""{"inputs": {{inputs}}, "parameters": { {{parameters}} } }""");
    }

    /// <summary>
    /// Labels that do not exclude each other have the sigmoid of their logits; those are answered that reach their own thresholds, unless the request says
    /// otherwise. The other protocols give the same numbers.
    /// </summary>
    [Fact]
    public async Task Several_labels_of_a_text_are_those_that_reach_their_thresholds()
    {
        using var models = new TinyModels();
        string folder = Path.Combine(models.Path, "sentiment");
        Classifier plain = (Classifier)models.Load("sentiment");
        string[] texts = ["a lovely film", "a dull film", "film"];
        float[][] wanted = [.. plain.Logits([.. texts.Select(plain.Encode)]).Select(logits => logits.Select(logit => 1 / (1 + MathF.Exp(-logit / 2))).ToArray())];
        float[] thresholds = [.. Enumerable.Range(0, 2).Select(label => wanted.Select(row => row[label]).Order().ElementAt(1))];
        File.Delete(Path.Combine(folder, "golden.json"));
        File.Delete(Path.Combine(folder, "SHA256SUMS"));
        ModelFolder.Save(folder, plain.With(plain.Config with { MultiLabel = true, Calibration = 2, Thresholds = [.. thresholds.Select(one => one - 1e-4f)] }), "a lovely film");
        await using TestService service = await TestService.StartAsync(models);
        using HttpClient client = service.Client();

        JsonElement answer = await AskAsync("{}"), all = await AskAsync("""{"threshold": 0}"""), first = await AskAsync("""{"top_k": 1, "threshold": 0}""");
        for (int i = 0; i < texts.Length; i++)
        {
            int[] given = [.. Enumerable.Range(0, 2).Where(label => wanted[i][label] >= thresholds[label] - 1e-5f).OrderByDescending(label => wanted[i][label])];
            Assert.Equal(given.Select(label => plain.Labels[label]), answer[i].EnumerateArray().Select(label => label.GetProperty("label").GetString()!));
            Assert.Equal(2, all[i].GetArrayLength());
            foreach (JsonElement label in all[i].EnumerateArray())
                Assert.Equal(wanted[i][plain.Labels.Index().Single(one => one.Item == label.GetProperty("label").GetString()).Index], label.GetProperty("score").GetSingle(), 1e-5);
            Assert.Equal(all[i][0].GetRawText(), Assert.Single(first[i].EnumerateArray()).GetRawText());
        }

        Assert.All((await AskAsync("""{"function_to_apply": "softmax"}""")).EnumerateArray(), labels =>
            Assert.Equal(1, labels.EnumerateArray().Sum(label => label.GetProperty("score").GetSingle()), 1e-5));

        JsonElement outputs = (await client.AnswerAsync("/v2/models/sentiment/infer", JsonSerializer.Serialize(
            new { inputs = new[] { new { name = "text", shape = new[] { 3 }, datatype = "BYTES", data = texts } } }))).GetProperty("outputs");
        JsonElement[] tensors = [.. outputs.EnumerateArray()];
        string?[] best = [.. tensors.Single(one => one.GetProperty("name").GetString() == "label").GetProperty("data").EnumerateArray().Select(one => one.GetString())];
        Assert.Equal(wanted.SelectMany(row => row), tensors.Single(one => one.GetProperty("name").GetString() == "scores").GetProperty("data").EnumerateArray().Select(one => one.GetSingle()), (one, other) => Math.Abs(one - other) < 1e-5);
        for (int i = 0; i < texts.Length; i++)
        {
            int label = wanted[i][1] > wanted[i][0] ? 1 : 0;
            Assert.Equal(wanted[i][label] >= thresholds[label] - 1e-5f ? plain.Labels[label] : "", best[i]);
        }

        JsonElement card = await client.GetFromJsonAsync<JsonElement>("/models/sentiment", TestContext.Current.CancellationToken);
        Assert.True(card.GetProperty("multi_label").GetBoolean());
        Assert.Equal(2, card.GetProperty("thresholds").GetArrayLength());

        Task<JsonElement> AskAsync(string parameters) =>
            client.AnswerAsync("/classify", $$"""{"inputs": {{JsonSerializer.Serialize(texts)}}, "model": "sentiment", "parameters": {{parameters}} }""");
    }

    /// <summary>A text that no label fits has no best label in a tensor, and its scores all the same.</summary>
    [Fact]
    public async Task No_label_fits_in_tensors_too()
    {
        using var models = new TinyModels();
        ModelFolder.SaveConfig(Path.Combine(models.Path, "sentiment"), models.Load("sentiment").Config with { Threshold = 1 });
        await using TestService service = await TestService.StartAsync(models);
        using HttpClient client = service.Client();
        JsonElement answer = await client.AnswerAsync(
            "/v2/models/sentiment/infer", """{"inputs": [{"name": "text", "shape": [1], "datatype": "BYTES", "data": ["a film"]}]}""");
        JsonElement[] outputs = [.. answer.GetProperty("outputs").EnumerateArray()];
        Assert.Equal("", outputs.Single(one => one.GetProperty("name").GetString() == "label").GetProperty("data")[0].GetString());
        Assert.Equal(1, outputs.Single(one => one.GetProperty("name").GetString() == "scores").GetProperty("data").EnumerateArray().Sum(one => one.GetSingle()), 1e-5);
    }
}
