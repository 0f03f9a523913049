using Microsoft.Extensions.DependencyInjection;
using RnnService.AspNetCore.Errors;
using RnnService.Engine.Generation;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;

namespace RnnService.AspNetCore.Tests;

/// <summary>What the injected services answer, and how they end.</summary>
public sealed class CallTests(SharedModels shared)
{
    private static readonly string[] Texts =
        ["a lovely film", "", "dull", "a dull film in Paris", "nothing known", .. Enumerable.Range(1, 40).Select(i => string.Join(' ', Enumerable.Repeat("a film", i)))];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Many_callers_together_get_bit_for_bit_what_the_engine_says_to_each_alone()
    {
        await using TestHost host = await TestHost.StartAsync(shared.Models);
        using var classifier = (Classifier)shared.Models.Load("sentiment");
        using var tagger = (Tagger)shared.Models.Load("pos");
        using var poet = (LanguageModel)shared.Models.Load("shakespeare");
        await Task.WhenAll(Enumerable.Range(0, 60).Select(caller => Task.Run(async () =>
        {
            string text = Texts[caller % Texts.Length];
            Assert.Equal(classifier.Classify(text), await host.Classifier.ClassifyAsync(text, Cancel));
            Assert.Equal(tagger.Tag(text), await host.Tagger.TagAsync(text, Cancel));
            GenerationOptions options = new() { MaxNewTokens = 20, Seed = (ulong)caller };
            string prompt = "romeo " + caller % 7;
            var tokens = new List<GeneratedToken>();
            await foreach (GeneratedToken token in host.Generator.GenerateAsync(prompt, options, Cancel)) tokens.Add(token);
            Assert.Equal(poet.Generate(prompt, options).Select(token => token.Token), tokens.Select(token => token.Token));
            Assert.Equal(poet.Complete(prompt, options), await host.Generator.CompleteAsync(prompt, options, Cancel));
        }, Cancel)));
    }

    [Fact]
    public async Task A_list_is_answered_in_its_order_and_an_empty_one_with_nothing()
    {
        await using TestHost host = await TestHost.StartAsync(shared.Models);
        using var classifier = (Classifier)shared.Models.Load("sentiment");
        using var tagger = (Tagger)shared.Models.Load("pos");
        using var poet = (LanguageModel)shared.Models.Load("shakespeare");
        GenerationOptions options = new() { MaxNewTokens = 8, Seed = 3 };
        Assert.Equal(Texts.Select(text => classifier.Classify(text)), await host.Classifier.ClassifyAsync(Texts, Cancel));
        Assert.Equal(
            Texts.Select(text => classifier.Classify(text, ScoreFunction.None)), await host.Classifier.ClassifyAsync(Texts, ScoreFunction.None, Cancel));
        Assert.Equal(Texts.Select(text => tagger.TagWords(text)), await host.Tagger.TagWordsAsync(Texts, Cancel));
        Assert.Equal(poet.Complete(["ab", "ROMEO:", ""], options), await host.Generator.CompleteAsync(["ab", "ROMEO:", ""], options, Cancel));
        Assert.Empty(await host.Classifier.ClassifyAsync([], Cancel));
        Assert.Empty(await host.Generator.CompleteAsync([], cancellationToken: Cancel));
    }

    [Fact]
    public async Task What_is_cancelled_leaves_its_place()
    {
        await using TestHost host = await TestHost.StartAsync(shared.Models, options => options.Batching.MaxStreams = 1);
        GenerationOptions endless = new() { MaxNewTokens = 100_000_000, Seed = 1 };
        using CancellationTokenSource leave = new();
        IAsyncEnumerator<GeneratedToken> first = host.Generator.GenerateAsync("a", endless, leave.Token).GetAsyncEnumerator(Cancel);
        Assert.True(await first.MoveNextAsync());
        Task<string> whole = host.Generator.CompleteAsync("a", endless, leave.Token);
        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            while (await first.MoveNextAsync())
            {
            }
        });
        await first.DisposeAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => whole);
        await foreach (GeneratedToken _ in host.Generator.GenerateAsync("a", endless, Cancel)) break; // who leaves the loop ends it
        Assert.Equal(3, (await host.Generator.CompleteAsync("a", new() { MaxNewTokens = 3, Seed = 1 }, Cancel)).Length);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => host.Classifier.ClassifyAsync("a", leave.Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => host.Tagger.TagAsync(["a"], leave.Token));
    }

    [Fact]
    public async Task A_full_queue_and_a_host_that_stops_are_told()
    {
        await using TestHost host = await TestHost.StartAsync(
            shared.Models, options => (options.Batching.MaxStreams, options.Batching.QueueLength) = (1, 1));
        GenerationOptions endless = new() { MaxNewTokens = 100_000_000, Seed = 1 };
        await using IAsyncEnumerator<GeneratedToken> running = host.Generator.GenerateAsync("a", endless, Cancel).GetAsyncEnumerator(Cancel);
        Assert.True(await running.MoveNextAsync());
        Task<string> waits = host.Generator.CompleteAsync("a", endless, Cancel);
        await Assert.ThrowsAsync<QueueFullException>(() => host.Generator.CompleteAsync("a", endless, Cancel));
        await host.StopAsync();
        await Assert.ThrowsAsync<ModelNotReadyException>(() => waits);
        await Assert.ThrowsAsync<ModelNotReadyException>(() => host.Classifier.ClassifyAsync("a", Cancel));
    }

    [Fact]
    public async Task A_prompt_that_the_model_cannot_read_and_an_option_out_of_bounds_are_refused()
    {
        await using TestHost host = await TestHost.StartAsync(shared.Models);
        await Assert.ThrowsAsync<ArgumentException>(
            () => host.Services.GetRequiredKeyedService<ITextGenerator>("words").CompleteAsync("  ", cancellationToken: Cancel));
        await Assert.ThrowsAnyAsync<ArgumentException>(() => host.Generator.CompleteAsync("a", new() { TopP = 0 }, Cancel));
        await Assert.ThrowsAsync<ArgumentNullException>(() => host.Classifier.ClassifyAsync((string)null!, Cancel));
    }

    [Fact]
    public async Task A_text_that_the_network_cannot_compute_is_named()
    {
        using var models = new TinyModels();
        string folder = OnnxTwin.Add(models, "sentiment");
        OnnxTwin.Forbid(folder, 13);
        await using TestHost host = await TestHost.StartAsync(models);
        ITextClassifier graph = host.Services.GetRequiredKeyedService<ITextClassifier>("sentiment-onnx");
        string forbidden = string.Join(' ', Enumerable.Repeat("film", 13));
        Assert.Equal(2, (await graph.ClassifyAsync("a film", Cancel)).Count);
        var list = await Assert.ThrowsAsync<NetworkException>(() => graph.ClassifyAsync(["a film", forbidden], Cancel));
        Assert.StartsWith("texts[1]: ", list.Message, StringComparison.Ordinal);
        var alone = await Assert.ThrowsAsync<NetworkException>(() => graph.ClassifyAsync(forbidden, Cancel));
        Assert.False(alone.Message.StartsWith("texts", StringComparison.Ordinal));
    }
}
