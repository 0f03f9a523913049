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
        Assert.Equal(["pos", "sentiment", "shakespeare"], models.EnumerateArray().Where(model => model.GetProperty("default").GetBoolean())
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
        Assert.Equal(["a lovely film", "a dull film"], model.GetProperty("examples").EnumerateArray().Select(text => text.GetString()));
        Assert.Equal(64, model.GetProperty("sha256").GetString()!.Length);
        Assert.True(model.GetProperty("parameters").GetInt64() * 4 < model.GetProperty("bytes").GetInt64());
        Assert.Equal(0.5, model.GetProperty("metrics").GetProperty("dev_accuracy").GetDouble());
    }

    [Fact]
    public async Task What_does_not_exist_is_not_there()
    {
        foreach (string route in new[] { "/v3/models", "/models/sentiment/weights" })
        {
            using HttpResponseMessage answer = await shared.Client.GetAsync(route, TestContext.Current.CancellationToken);
            await answer.IsProblemAsync(404, "route_not_found");
        }
    }

    [Fact]
    public async Task The_files_that_a_client_needs_are_handed_out_as_they_were_loaded()
    {
        CancellationToken cancel = TestContext.Current.CancellationToken;
        JsonElement card = await (await shared.Client.GetAsync("/models/ner", cancel)).JsonAsync();
        string[] files = [.. card.GetProperty("files").EnumerateArray().Select(file => file.GetString()!)];
        Assert.Equal(["config.json", "vocab.json", "golden.json"], files);
        foreach (string file in files)
        {
            using HttpResponseMessage answer = await shared.Client.GetAsync($"/models/ner/files/{file}", cancel);
            Assert.Equal("application/json", answer.Content.Headers.ContentType?.MediaType);
            Assert.Equal(await File.ReadAllBytesAsync(Path.Combine(shared.Models.Path, "ner", file), cancel),
                await answer.Content.ReadAsByteArrayAsync(cancel));
            using var again = new HttpRequestMessage(HttpMethod.Get, $"/models/ner/files/{file}");
            again.Headers.IfNoneMatch.Add(answer.Headers.ETag!);
            using HttpResponseMessage known = await shared.Client.SendAsync(again, cancel);
            Assert.Equal(HttpStatusCode.NotModified, known.StatusCode);
        }
    }

    [Theory]
    [InlineData("/models/ner/files/model.safetensors", "route_not_found", "there are: config.json, vocab.json, golden.json")]
    [InlineData("/models/ner/files/README.md", "route_not_found", "has no file \"README.md\"")]
    [InlineData("/models/ner/files/..%2Fpos%2Fconfig.json", "route_not_found", "to hand out")]
    [InlineData("/models/ner/files/%2e%2e%5cconfig.json", "route_not_found", "to hand out")]
    [InlineData("/models/nobody/files/config.json", "model_not_found", "there is no model named")]
    [InlineData("/models/broken/files/config.json", "model_not_found", "cannot be served")]
    public async Task No_other_file_is_handed_out(string route, string errorType, string sentence)
    {
        using HttpResponseMessage answer = await shared.Client.GetAsync(route, TestContext.Current.CancellationToken);
        JsonElement problem = await answer.IsProblemAsync(404, errorType);
        Assert.Contains(sentence, problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    /// <summary>A model folder is somebody else's: its picture, opened alone, must run nothing.</summary>
    [Fact]
    public async Task The_curve_of_a_training_is_a_picture_that_runs_nothing()
    {
        CancellationToken cancel = TestContext.Current.CancellationToken;
        using var models = new TinyModels();
        const string picture = "<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>";
        Directory.CreateDirectory(Path.Combine(models.Path, "ner", "training"));
        await File.WriteAllTextAsync(Path.Combine(models.Path, "ner", "training", "curve.svg"), picture, cancel);
        await using TestService service = await TestService.StartAsync(models);
        using HttpClient client = service.Client();
        JsonElement card = await (await client.GetAsync("/models/ner", cancel)).JsonAsync();
        Assert.Equal("curve.svg", card.GetProperty("files").EnumerateArray().Last().GetString());
        using HttpResponseMessage answer = await client.GetAsync("/models/ner/files/curve.svg", cancel);
        Assert.Equal(picture, await answer.Content.ReadAsStringAsync(cancel));
        Assert.Equal("image/svg+xml", answer.Content.Headers.ContentType?.MediaType);
        Assert.Equal("default-src 'none'; frame-ancestors 'none'", answer.Headers.GetValues("Content-Security-Policy").Single());
        Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());
        using HttpResponseMessage path = await client.GetAsync("/models/ner/files/training%2Fcurve.svg", cancel);
        await path.IsProblemAsync(404, "route_not_found");
    }

    [Fact]
    public async Task No_header_names_the_server()
    {
        using HttpResponseMessage answer = await shared.Client.GetAsync("/", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.False(answer.Headers.Contains("Server"));
        Assert.True(answer.Headers.Contains("X-Request-Id"));
    }
}
