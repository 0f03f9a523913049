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
}
