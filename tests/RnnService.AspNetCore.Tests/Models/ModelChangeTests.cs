using System.Runtime.CompilerServices;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using RnnService.AspNetCore.Errors;
using RnnService.AspNetCore.Models;
using RnnService.AspNetCore.Scheduling;
using RnnService.Engine.Generation;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;

namespace RnnService.AspNetCore.Tests.Models;

/// <summary>Models that are added, replaced and removed while a host serves them.</summary>
public sealed class ModelChangeTests : IDisposable
{
    private const string Text = "a lovely film";

    private readonly TinyModels _models = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _models.Dispose();

    [Fact]
    public async Task A_new_model_takes_over_for_whoever_was_injected_before_and_the_old_one_is_let_go_of()
    {
        await using TestHost host = await TestHost.StartAsync(_models);
        ITextClassifier classifier = host.Classifier;
        (WeakReference old, string sha256) = Served(host, "sentiment");
        float before = (await classifier.ClassifyAsync(Text, Cancel))[0].Score;
        _models.Save("sentiment", 33);
        ModelEntry entry = await Changes(host).LoadAsync("sentiment");
        Assert.Equal((ModelState.Ready, (string?)null), (entry.State, entry.Reason));
        Assert.NotEqual(sha256, entry.Loaded!.Sha256);
        using (var known = (Classifier)_models.Load("sentiment")) Assert.Equal(known.Classify(Text), await classifier.ClassifyAsync(Text, Cancel));
        Assert.NotEqual(before, (await classifier.ClassifyAsync(Text, Cancel))[0].Score);
        await LetGoAsync(host, old);
    }

    [Fact]
    public async Task A_text_that_grows_is_ended_by_the_model_that_began_it()
    {
        await using TestHost host = await TestHost.StartAsync(_models);
        var options = new GenerationOptions { MaxNewTokens = 600, Seed = 7 };
        using var known = (LanguageModel)_models.Load("shakespeare");
        (WeakReference old, _) = Served(host, "shakespeare");
        await using (IAsyncEnumerator<GeneratedToken> tokens = host.Generator.GenerateAsync("ROMEO:", options, Cancel).GetAsyncEnumerator(Cancel))
        {
            Assert.True(await tokens.MoveNextAsync());
            var text = new List<string> { tokens.Current.Text };
            _models.Save("shakespeare", 11);
            await Changes(host).LoadAsync("shakespeare");
            using var other = (LanguageModel)_models.Load("shakespeare");
            Assert.Equal(string.Concat(other.Generate("ROMEO:", options).Select(token => token.Text)), await host.Generator.CompleteAsync("ROMEO:", options, Cancel));
            Assert.Equal(1, Changes(host).Retiring);
            while (await tokens.MoveNextAsync()) text.Add(tokens.Current.Text);
            Assert.Equal(known.Generate("ROMEO:", options).Select(token => token.Text), text);
        }

        await LetGoAsync(host, old);
    }

    [Fact]
    public async Task A_version_that_does_not_give_its_golden_answer_leaves_the_old_one_serving_and_is_told()
    {
        await using TestHost host = await TestHost.StartAsync(_models);
        IReadOnlyList<LabelScore> before = await host.Classifier.ClassifyAsync(Text, Cancel);
        string folder = Path.Combine(_models.Path, "sentiment"), golden = File.ReadAllText(Path.Combine(folder, "golden.json"));
        _models.Save("sentiment", 33);
        File.WriteAllText(Path.Combine(folder, "golden.json"), golden);
        ModelEntry entry = await Changes(host).LoadAsync("sentiment");
        Assert.Equal(ModelState.Ready, entry.State);
        Assert.StartsWith("sentiment/golden.json: ", entry.Reason, StringComparison.Ordinal);
        Assert.Same(entry, host.Services.GetRequiredService<ModelRegistry>().Entry("sentiment"));
        Assert.Equal(before, await host.Classifier.ClassifyAsync(Text, Cancel));
        _models.Save("sentiment", 33);
        Assert.Null((await Changes(host).LoadAsync("sentiment")).Reason);
        Assert.NotEqual(before, await host.Classifier.ClassifyAsync(Text, Cancel));
    }

    [Fact]
    public async Task A_model_is_there_from_its_first_load_until_it_is_unloaded_or_its_folder_is_gone()
    {
        await using TestHost host = await TestHost.StartAsync(_models);
        _models.Save("ner", 6, "late");
        await Assert.ThrowsAsync<ModelNotFoundException>(() => Late().TagAsync(Text, Cancel));
        await Changes(host).LoadAsync("late");
        using (var known = (Tagger)_models.Load("late")) Assert.Equal(known.Tag(Text), await Late().TagAsync(Text, Cancel));
        await await Changes(host).UnloadAsync("late");
        var unloaded = await Assert.ThrowsAsync<ModelNotFoundException>(() => Late().TagAsync(Text, Cancel));
        Assert.Equal("the model \"late\" is unloaded; there are: ner (tagger), pos (tagger), sentiment (classifier), shakespeare (language_model), "
            + "words (language_model)", unloaded.Message);
        await Changes(host).LoadAsync("late");
        Assert.NotNull(await Late().TagAsync(Text, Cancel));
        await Changes(host).RemoveAsync("late");
        Assert.StartsWith("there is no model named \"late\"", (await Assert.ThrowsAsync<ModelNotFoundException>(() => Late().TagAsync(Text, Cancel))).Message,
            StringComparison.Ordinal);

        ITextTagger Late() => host.Services.GetRequiredKeyedService<ITextTagger>("late");
    }

    [Fact]
    public async Task Without_its_default_a_task_answers_by_name_alone_and_the_host_is_ready_as_long_as_it_serves_a_model()
    {
        await using TestHost host = await TestHost.StartAsync(_models);
        await Changes(host).RemoveAsync("pos");
        var missing = await Assert.ThrowsAsync<ModelNotFoundException>(() => host.Tagger.TagAsync(Text, Cancel));
        Assert.StartsWith("the default model \"pos\" is not served; there are: ner (tagger)", missing.Message, StringComparison.Ordinal);
        Assert.NotNull(await host.Services.GetRequiredKeyedService<ITextTagger>("ner").TagAsync(Text, Cancel));
        Assert.Equal(HealthStatus.Healthy, await HealthAsync(host));
        foreach (string name in new[] { "ner", "sentiment", "shakespeare", "words" }) await Changes(host).RemoveAsync(name);
        Assert.Equal(HealthStatus.Unhealthy, await HealthAsync(host));
        await Changes(host).LoadAsync("pos");
        Assert.Equal(HealthStatus.Healthy, await HealthAsync(host));
        Assert.NotNull(await host.Tagger.TagAsync(Text, Cancel));
    }

    [Fact]
    public async Task Two_loads_of_one_model_come_one_after_the_other_and_leave_one_model()
    {
        await using TestHost host = await TestHost.StartAsync(_models);
        int queues = host.Services.GetRequiredService<ComputeLoop>().Schedulers.Length;
        await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => Changes(host).LoadAsync("sentiment")));
        while (Changes(host).Retiring > 0) await Task.Yield();
        Assert.Equal(queues, host.Services.GetRequiredService<ComputeLoop>().Schedulers.Length);
        Assert.Equal(2, (await host.Classifier.ClassifyAsync(Text, Cancel)).Count);
    }

    [Fact]
    public async Task A_graph_of_ONNX_Runtime_is_let_go_of_after_its_last_text_and_not_before()
    {
        OnnxTwin.Add(_models, "sentiment");
        await using TestHost host = await TestHost.StartAsync(_models);
        ServedClassifier old = await host.Services.GetRequiredService<ModelRegistry>().EnterAsync<ServedClassifier>("sentiment-onnx", Cancel);
        await Changes(host).LoadAsync("sentiment-onnx");
        Assert.Equal(1, Changes(host).Retiring);
        Assert.Equal(old.Model.Logits([[1, 2]])[0], (await old.Batcher.Submit(() => [[1, 2]], Cancel)).Outputs[0]);
        old.Uses.Leave();
        while (Changes(host).Retiring > 0) await Task.Yield();
        Assert.Contains("disposed", Assert.Throws<NetworkException>(() => old.Model.Logits([[1, 2]])).Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ModelNotReadyException>(() => old.Batcher.Submit(() => [[1, 2]], Cancel));
        Assert.Equal(2, (await host.Services.GetRequiredKeyedService<ITextClassifier>("sentiment-onnx").ClassifyAsync(Text, Cancel)).Count);
    }

    private static ModelChanges Changes(TestHost host) => host.Services.GetRequiredService<ModelChanges>();

    private static async Task<HealthStatus> HealthAsync(TestHost host) =>
        (await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(Cancel)).Status;

    // Apart, so that no local keeps the model.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static (WeakReference Model, string Sha256) Served(TestHost host, string name)
    {
        LoadedModel loaded = host.Services.GetRequiredService<ModelRegistry>().Entry(name).Loaded!;
        return (new WeakReference(loaded.Model), loaded.Sha256);
    }

    private static async Task LetGoAsync(TestHost host, WeakReference old)
    {
        while (Changes(host).Retiring > 0) await Task.Yield();
        // What awaited it last may not have returned yet.
        for (int round = 0; old.IsAlive && round < 1_000; round++)
        {
            GC.Collect();
            await Task.Yield();
        }

        Assert.False(old.IsAlive, "something still holds the model");
    }
}
