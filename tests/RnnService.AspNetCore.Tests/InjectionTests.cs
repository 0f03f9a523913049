using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using RnnService.AspNetCore.Errors;
using RnnService.AspNetCore.Models;
using RnnService.AspNetCore.Options;
using RnnService.Engine.Generation;
using RnnService.Engine.Models;

namespace RnnService.AspNetCore.Tests;

/// <summary>Which model an injected service is.</summary>
public sealed class InjectionTests(SharedModels shared)
{
    private const string Text = "a lovely film", Sentence = "Marie worked in Paris";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Without_a_key_the_default_is_injected_and_with_one_the_model_of_that_name()
    {
        await using TestHost host = await TestHost.StartAsync(shared.Models, services: services => services.AddTransient<Page>());
        Page page = host.Services.GetRequiredService<Page>();
        using var pos = (Tagger)shared.Models.Load("pos");
        using var ner = (Tagger)shared.Models.Load("ner");
        Assert.Equal(pos.Tag(Sentence), await page.Tagger.TagAsync(Sentence, Cancel));
        Assert.Equal(ner.Tag(Sentence), await page.Names.TagAsync(Sentence, Cancel));
        Assert.NotEqual(pos.Tag(Sentence), ner.Tag(Sentence));
        Assert.Equal(2, (await page.Classifier.ClassifyAsync(Text, Cancel)).Count); // the only classifier is the default one
    }

    [Fact]
    public async Task A_translator_is_injected_as_the_only_one_and_by_its_name()
    {
        using var models = new TinyModels();
        models.AddTranslator("cab");
        await using TestHost host = await TestHost.StartAsync(models);
        using var alone = (Translator)models.Load("cab");
        var translator = host.Services.GetRequiredService<ITextTranslator>();
        Assert.Equal(alone.Translate("abca"), await translator.TranslateAsync("abca", cancellationToken: Cancel));
        IReadOnlyList<IReadOnlyList<Hypothesis>> found = await host.Services.GetRequiredKeyedService<ITextTranslator>("cab")
            .TranslateAsync(["abc", "b"], new() { Beams = 3, Best = 2 }, Cancel);
        Assert.Equal(
            alone.Translate(["abc", "b"], new() { Beams = 3, Best = 2 }).SelectMany(one => one.Hypotheses).Select(one => (one.Text, one.Score)),
            found.SelectMany(one => one).Select(one => (one.Text, one.Score)));
        await Assert.ThrowsAsync<ArgumentException>(() => translator.TranslateAsync("ÄÖ", new() { Beams = 0 }, Cancel));
    }

    [Fact]
    public async Task A_web_application_injects_models_into_its_routes()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseTestServer();
        builder.Services.AddRnnModels(options => options.Path = shared.Models.Path);
        builder.Services.AddHealthChecks().AddRnnModels(tags: ["ready"]);
        await using WebApplication app = builder.Build();
        app.MapHealthChecks("/ready");
        app.MapGet("/mood", async (ITextClassifier classifier, string text, CancellationToken cancel) =>
            (await classifier.ClassifyAsync(text, cancel))[0].Label);
        app.MapGet("/names", async ([FromKeyedServices("ner")] ITextTagger names, string text, CancellationToken cancel) =>
            (await names.TagWordsAsync([text], cancel))[0].Count);
        app.MapGet("/verse", ([FromKeyedServices("shakespeare")] ITextGenerator poet, CancellationToken cancel) =>
            poet.GenerateAsync("ROMEO:", new() { MaxNewTokens = 3, Seed = 7 }, cancel).Select(token => token.Text));
        await app.StartAsync(Cancel);
        using HttpClient client = app.GetTestClient();
        using var classifier = (Classifier)shared.Models.Load("sentiment");
        using var poet = (LanguageModel)shared.Models.Load("shakespeare");
        Assert.Equal(classifier.Classify(Text)[0].Label, await client.GetStringAsync($"/mood?text={Text}", Cancel));
        Assert.Equal("4", await client.GetStringAsync($"/names?text={Sentence}", Cancel));
        string verse = await client.GetStringAsync("/verse", Cancel);
        Assert.Equal(poet.Generate("ROMEO:", new() { MaxNewTokens = 3, Seed = 7 }).Select(token => token.Text),
            System.Text.Json.JsonSerializer.Deserialize<string[]>(verse)!);
        await app.Services.GetRequiredService<ModelRegistry>().WaitForAllAsync(Cancel);
        Assert.Equal("Healthy", await client.GetStringAsync("/ready", Cancel));
    }

    [Fact]
    public async Task A_name_that_no_folder_has_is_told_where_it_is_injected()
    {
        await using TestHost host = await TestHost.StartAsync(shared.Models);
        var exception = Assert.Throws<ModelNotFoundException>(() => host.Services.GetRequiredKeyedService<ITextClassifier>("sentimnet"));
        Assert.Equal("there is no model named \"sentimnet\"; there are: ner (tagger), pos (tagger), sentiment (classifier), "
            + "shakespeare (language_model), words (language_model)", exception.Message);
        Assert.Throws<ArgumentException>(() => host.Services.GetRequiredKeyedService<ITextClassifier>(7));
    }

    [Fact]
    public async Task A_model_that_does_something_else_is_broken_or_one_of_several_is_told_at_the_call()
    {
        await using TestHost host = await TestHost.StartAsync(shared.Models, options => options.Defaults.Generate = "");
        var wrong = await Assert.ThrowsAsync<ModelTaskException>(
            () => host.Services.GetRequiredKeyedService<ITextClassifier>("pos").ClassifyAsync(Text, Cancel));
        Assert.Equal("\"pos\" is a tagger; expected a classifier: sentiment", wrong.Message);
        var broken = await Assert.ThrowsAsync<ModelBrokenException>(
            () => host.Services.GetRequiredKeyedService<ITextClassifier>("broken").ClassifyAsync(Text, Cancel));
        Assert.StartsWith("the model \"broken\" cannot be served: broken/config.json", broken.Message, StringComparison.Ordinal);
        var several = await Assert.ThrowsAsync<NoDefaultModelException>(() => host.Generator.CompleteAsync("a", cancellationToken: Cancel));
        Assert.Equal("shakespeare, words", several.Names);
    }

    [Fact]
    public void Options_are_read_from_a_section_and_held_to_their_bounds()
    {
        IConfiguration section = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Path"] = "elsewhere",
            ["Defaults:Tag"] = "ner",
            ["Batching:MaxStreams"] = "7",
        }).Build();
        ServiceProvider services = new ServiceCollection().AddRnnModels(section).BuildServiceProvider();
        RnnModelsOptions options = services.GetRequiredService<RnnModelsOptions>();
        Assert.Equal(("elsewhere", "ner", 7, 1_024), (options.Path, options.Defaults.Tag, options.Batching.MaxStreams, options.Batching.QueueLength));

        ServiceProvider wrong = new ServiceCollection().AddRnnModels(options =>
            (options.Batching.QueueLength, options.StuckSeconds) = (0, -1)).BuildServiceProvider();
        var exception = Assert.Throws<OptionsValidationException>(wrong.GetRequiredService<RnnModelsOptions>);
        Assert.Equal(
            ["Batching:QueueLength is 0; expected a whole number from 1 to 100000", "StuckSeconds is -1; expected a whole number from 1 to 86400"],
            exception.Failures);
    }

    [Fact]
    public async Task A_folder_that_is_not_there_keeps_the_host_from_starting()
    {
        await using TestHost host = TestHost.Build(shared.Models, options => options.Path = "/no/such/folder");
        var exception = await Assert.ThrowsAsync<DirectoryNotFoundException>(host.StartAsync);
        Assert.Equal("Path is \"/no/such/folder\"; expected a folder that exists and holds one folder a model", exception.Message);
    }

    /// <summary>As a user's own class asks for models.</summary>
    private sealed record Page(ITextClassifier Classifier, ITextTagger Tagger, [FromKeyedServices("ner")] ITextTagger Names);
}
