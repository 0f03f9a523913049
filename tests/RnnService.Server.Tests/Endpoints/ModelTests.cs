using System.Net;
using System.Text.Json;

namespace RnnService.Server.Tests.Endpoints;

public sealed class ModelTests(SharedService shared)
{
    [Fact]
    public async Task All_folders_are_listed_and_the_broken_one_says_why()
    {
        using HttpResponseMessage answer = await shared.Client.GetAsync("/models", TestContext.Current.CancellationToken);
        JsonElement models = await answer.JsonAsync();
        Assert.Equal(["broken", "ner", "pos", "sentiment", "shakespeare", "words"],
            models.EnumerateArray().Select(model => model.GetProperty("name").GetString()));
        Assert.Equal("broken", models[0].GetProperty("status").GetString());
        string reason = models[0].GetProperty("reason").GetString()!;
        Assert.Contains("config.json", reason, StringComparison.Ordinal);
        Assert.DoesNotContain(shared.Models.Path, reason, StringComparison.Ordinal);
        Assert.All(models.EnumerateArray().Skip(1), model => Assert.Equal("ready", model.GetProperty("status").GetString()));
        Assert.Equal(["ner", "sentiment", "shakespeare"], models.EnumerateArray().Where(model => model.GetProperty("default").GetBoolean())
            .Select(model => model.GetProperty("name").GetString()));
    }

    [Fact]
    public async Task A_model_is_described()
    {
        using HttpResponseMessage answer = await shared.Client.GetAsync("/models/sentiment", TestContext.Current.CancellationToken);
        JsonElement model = await answer.JsonAsync();
        Assert.Equal("classifier", model.GetProperty("task").GetString());
        Assert.Equal("/classify", model.GetProperty("route").GetString());
        Assert.Equal("gru", model.GetProperty("cell").GetString());
        Assert.Equal(["negative", "positive"], model.GetProperty("labels").EnumerateArray().Select(label => label.GetString()));
        Assert.Equal(64, model.GetProperty("sha256").GetString()!.Length);
        Assert.True(model.GetProperty("parameters").GetInt64() * 4 < model.GetProperty("bytes").GetInt64());
        Assert.Equal(0.5, model.GetProperty("metrics").GetProperty("dev_accuracy").GetDouble());
    }

    [Fact]
    public async Task What_does_not_exist_yet_is_not_there()
    {
        foreach (string route in new[] { "/v1/models", "/models/sentiment/weights" })
        {
            using HttpResponseMessage answer = await shared.Client.GetAsync(route, TestContext.Current.CancellationToken);
            await answer.IsProblemAsync(404, "route_not_found");
        }
    }

    [Fact]
    public async Task The_configured_default_answers_when_no_model_is_named()
    {
        await using TestService service =
            await TestService.StartAsync(shared.Models, ("Rnn:Defaults:Tag", "pos"), ("Rnn:Defaults:Classify", "absent"));
        using HttpClient client = service.Client();
        JsonElement tags = await client.AnswerAsync("/tag", """{"inputs": "Marie"}""");
        Assert.Contains(tags[0].GetProperty("entity_group").GetString(), new[] { "NOUN", "VERB", "ADP" });
        using HttpResponseMessage answer = await client.PostJsonAsync("/classify", """{"inputs": "Marie"}""");
        JsonElement problem = await answer.IsProblemAsync(404, "model_not_found");
        Assert.Contains("absent", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_root_leads_to_Swagger_UI_and_no_header_names_the_server()
    {
        using HttpResponseMessage answer = await shared.Client.GetAsync("/", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        Assert.Equal("/swagger", answer.Headers.Location?.OriginalString);
        Assert.False(answer.Headers.Contains("Server"));
        Assert.True(answer.Headers.Contains("X-Request-Id"));
    }
}
