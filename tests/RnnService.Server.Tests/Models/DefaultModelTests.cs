using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using RnnService.AspNetCore.Options;
using RnnService.Engine.Models;
using RnnService.Server.Hosting;
using RnnService.Server.Options;

namespace RnnService.Server.Tests.Models;

/// <summary>Which model answers a route when a request names none: nothing is taken unasked.</summary>
public sealed class DefaultModelTests(SharedService shared)
{
    [Fact]
    public void The_shipped_configuration_names_the_shipped_models()
    {
        using JsonDocument settings =
            JsonDocument.Parse(File.ReadAllText(Path.Combine(Repository.Root, "src/RnnService.Server/appsettings.json")));
        Assert.Equal(ConfiguredDefaults.Shipped,
            settings.RootElement.GetProperty("Rnn").GetProperty("Defaults").Deserialize<DefaultModelOptions>());
        Assert.All((string[])["shakespeare", "sentiment", "pos"], name =>
            Assert.True(File.Exists(Path.Combine(Repository.Root, "models", name, "config.json"))));
    }

    [Fact]
    public async Task A_model_beside_the_shipped_ones_takes_no_route()
    {
        // "ner" comes before "pos", and "aaa" before everything.
        using var models = new TinyModels();
        Copy(models, "words", "aaa");
        await using TestService service = await TestService.StartAsync(models);
        Assert.Equal(("shakespeare", "sentiment", "pos"), await AnswersAsync(service));
    }

    [Fact]
    public async Task In_a_folder_of_ones_own_the_only_model_of_a_task_answers_and_of_several_none()
    {
        using var models = new TinyModels();
        Rename(models, "sentiment", "tickets");
        Rename(models, "shakespeare", "letters");
        Directory.Delete(Path.Combine(models.Path, "pos"), true);
        await using TestService service = await TestService.StartAsync(models);
        Assert.Equal((null, "tickets", "ner"), await AnswersAsync(service));
        using HttpClient client = service.Client();
        await client.AnswerAsync("/classify", """{"inputs": "a"}""");
        using HttpResponseMessage several = await client.PostJsonAsync("/generate", """{"inputs": "a"}""");
        JsonElement problem = await several.IsProblemAsync(422, "validation");
        Assert.Equal("model: is required, as several models do this and none is the default; expected letters, words",
            problem.GetProperty("detail").GetString());
        string[] lines = Lines(service);
        Assert.Contains("/generate  no default: requests name letters or words as model, or set Rnn__Defaults__Generate", lines);
        if (!OperatingSystem.IsWindows()) Assert.Contains("/classify -H", lines[^1], StringComparison.Ordinal);
        Assert.Contains(lines, line => line.Contains("\"sentiment\" of appsettings.json is not here: tickets answers /classify", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Where_no_model_is_the_default_the_call_to_try_names_one()
    {
        using var models = new TinyModels();
        Rename(models, "shakespeare", "letters");
        foreach (string other in (string[])["sentiment", "pos", "ner"]) Directory.Delete(Path.Combine(models.Path, other), true);
        await using TestService service = await TestService.StartAsync(models);
        Assert.Contains("\"model\": \"letters\"}", Lines(service)[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_broken_default_gives_its_route_to_nobody()
    {
        using var models = new TinyModels();
        Rename(models, "sentiment", "tickets");
        Directory.CreateDirectory(Path.Combine(models.Path, "sentiment"));
        await using TestService service = await TestService.StartAsync(models);
        using HttpClient client = service.Client();
        using HttpResponseMessage answer = await client.PostJsonAsync("/classify", """{"inputs": "a"}""");
        await answer.IsProblemAsync(404, "model_not_found");
        Assert.Contains(Lines(service), line => line.StartsWith("not served sentiment: ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_default_that_somebody_sets_wrongly_is_said_at_the_start_and_in_every_answer()
    {
        await using TestService service =
            await TestService.StartAsync(shared.Models, ("Rnn:Defaults:Tag", "ner"), ("Rnn:Defaults:Classify", "absent"));
        Assert.Equal(("shakespeare", null, "ner"), await AnswersAsync(service));
        using HttpClient client = service.Client();
        using HttpResponseMessage answer = await client.PostJsonAsync("/classify", """{"inputs": "Marie"}""");
        JsonElement problem = await answer.IsProblemAsync(404, "model_not_found");
        Assert.Contains("absent", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Contains(Lines(service), line => line.Contains("Rnn:Defaults:Classify is \"absent\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_default_that_reads_numbers_leaves_texts_to_the_only_model_that_reads_them()
    {
        using var models = new TinyModels();
        using var numbers = new TinyNumberModels();
        Directory.Move(Path.Combine(numbers.Path, "gestures"), Path.Combine(models.Path, "gestures"));
        await using TestService service = await TestService.StartAsync(models, ("Rnn:Defaults:Classify", "gestures"));
        using HttpClient client = service.Client();
        string ofNumbers = await LabelAsync("""{"values": [[1, 2, 3]]}"""), ofText = await LabelAsync("\"a\"");
        Assert.Contains(ofNumbers, Labels("gestures"));
        Assert.Contains(ofText, Labels("sentiment"));

        IReadOnlyList<string> Labels(string name)
        {
            using LoadedModel loaded = ModelFolder.Load(Path.Combine(models.Path, name));
            return loaded.Model.Config.Labels;
        }

        async Task<string> LabelAsync(string inputs) =>
            (await client.AnswerAsync("/classify", $$"""{"inputs": {{inputs}} }"""))[0][0].GetProperty("label").GetString()!;
    }

    [Fact]
    public void A_name_counts_as_shipped_only_where_nobody_else_sets_it()
    {
        var shipped = new ConfigurationManager();
        shipped.SetBasePath(Path.Combine(Repository.Root, "src/RnnService.Server"));
        shipped.AddJsonFile("appsettings.json");
        Assert.True(ConfiguredDefaults.Read(shipped, ConfiguredDefaults.Shipped).MayBeMissing(ModelTask.Classifier));
        shipped.AddInMemoryCollection([KeyValuePair.Create("Rnn:Defaults:Classify", (string?)"sentiment")]);
        Assert.False(ConfiguredDefaults.Read(shipped, ConfiguredDefaults.Shipped).MayBeMissing(ModelTask.Classifier));
        Assert.True(ConfiguredDefaults.Read(shipped, ConfiguredDefaults.Shipped).MayBeMissing(ModelTask.Tagger));
    }

    private static string[] Lines(TestService service) => [.. service.Services.GetRequiredService<StartReport>().Lines()];

    private static async Task<(string?, string?, string?)> AnswersAsync(TestService service)
    {
        using HttpClient client = service.Client();
        JsonElement cards = await (await client.GetAsync("/models", TestContext.Current.CancellationToken)).JsonAsync();
        string? Of(string route) => cards.EnumerateArray().SingleOrDefault(card =>
            card.GetProperty("route").GetString() == route && card.GetProperty("default").GetBoolean()) is { ValueKind: JsonValueKind.Object } one
            ? one.GetProperty("name").GetString() : null;
        return (Of("/generate"), Of("/classify"), Of("/tag"));
    }

    private static void Rename(TinyModels models, string from, string to) =>
        Directory.Move(Path.Combine(models.Path, from), Path.Combine(models.Path, to));

    private static void Copy(TinyModels models, string from, string to)
    {
        string target = Directory.CreateDirectory(Path.Combine(models.Path, to)).FullName;
        foreach (string file in Directory.EnumerateFiles(Path.Combine(models.Path, from)))
            File.Copy(file, Path.Combine(target, Path.GetFileName(file)));
    }
}
