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
}
