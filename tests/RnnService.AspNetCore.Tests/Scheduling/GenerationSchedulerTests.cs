using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using RnnService.AspNetCore.Options;
using RnnService.AspNetCore.Scheduling;
using RnnService.AspNetCore.Tests.Scheduling.Simulation;
using RnnService.Engine.Generation;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;
using RnnService.Onnx.Runtime;

namespace RnnService.AspNetCore.Tests.Scheduling;

/// <summary>Streams, step by step.</summary>
public sealed class GenerationSchedulerTests(SharedModels shared)
{
    [Fact]
    public async Task A_stream_that_fails_does_not_change_what_the_others_say()
    {
        var model = (LanguageModel)shared.Models.Load("words");
        var stranger = (LanguageModel)shared.Models.Load("shakespeare"); // its token ids mean nothing to the other model
        GenerationScheduler scheduler = Scheduler(model);
        GenerationJob first = scheduler.Submit(own => own.NewStream("to be", Options(1)), false, CancellationToken.None);
        GenerationJob bad = scheduler.Submit(_ => stranger.NewStream("romeo", Options(2)), false, CancellationToken.None);
        GenerationJob second = scheduler.Submit(own => own.NewStream("or not to", Options(3)), true, CancellationToken.None);
        while (scheduler.Turn())
        {
        }

        await Assert.ThrowsAnyAsync<Exception>(() => bad.Ended);
        Assert.Equal(Alone(model, "to be", Options(1)), (await first.Ended).Tokens.Select(token => token.Token));
        Assert.Equal(Alone(model, "or not to", Options(3)), (await second.Ended).Tokens.Select(token => token.Token));
        var read = new List<ScoredToken>();
        while (second.TryRead(out StreamedToken token)) read.Add(token.Generated.Token);
        Assert.Equal(Alone(model, "or not to", Options(3)), read);
        Assert.True(scheduler.IsEmpty);
    }

    [Fact]
    public async Task A_prompt_that_a_graph_cannot_compute_is_refused_and_the_others_go_on_where_they_were()
    {
        using var models = new TinyModels();
        string folder = OnnxTwin.Add(models, "shakespeare");
        OnnxTwin.Forbid(folder, 13);
        using var model = (LanguageModel)ModelFolder.Load(folder, OnnxRuntimeNetwork.Open).Model;
        // The longest is run first, by itself, before the run of the others fails.
        string[] prompts = ["to be or not to be, or to be or not: ROMEO", "to be or not:", "to be or not"];
        GenerationScheduler scheduler = Scheduler(model);
        GenerationJob[] jobs = [.. prompts.Select(
            prompt => scheduler.Submit(own => own.NewStream(prompt, Options(1)), false, CancellationToken.None))];
        while (scheduler.Turn())
        {
        }

        await Assert.ThrowsAsync<NetworkException>(() => jobs[1].Ended);
        foreach (int i in (int[])[0, 2])
            Assert.Equal(Alone(model, prompts[i], Options(1)), (await jobs[i].Ended).Tokens.Select(token => token.Token));
        Assert.True(scheduler.IsEmpty);
    }

    [Fact]
    public void A_stream_that_is_left_takes_no_further_step_and_the_next_one_takes_its_place()
    {
        using CancellationTokenSource left = new();
        GenerationScheduler scheduler = Scheduler((LanguageModel)shared.Models.Load("words"), new BatchingOptions { MaxStreams = 1 });
        GenerationJob first = scheduler.Submit(model => model.NewStream("to", Options(1)), false, left.Token);
        GenerationJob second = scheduler.Submit(model => model.NewStream("be", Options(2)), false, CancellationToken.None);
        Assert.True(scheduler.Turn());
        Assert.Equal((1, 1, 1, 0), (scheduler.Active, scheduler.Waiting, first.Stream.Tokens.Count, second.Stream.Tokens.Count));
        left.Cancel();
        Assert.True(scheduler.Turn());
        Assert.True(first.Ended.IsCanceled);
        Assert.Equal((1, 0, 1, 1), (scheduler.Active, scheduler.Waiting, first.Stream.Tokens.Count, second.Stream.Tokens.Count));
    }

    [Fact]
    public void A_stream_pauses_when_its_reader_is_behind_and_goes_on_when_it_catches_up()
    {
        int woken = 0;
        GenerationScheduler scheduler = Scheduler((LanguageModel)shared.Models.Load("words"), new BatchingOptions { StreamBuffer = 2 }, turns: new ScriptedTurns { Woken = () => woken++ });
        GenerationJob job = scheduler.Submit(model => model.NewStream("to", Options(1)), true, CancellationToken.None);
        Assert.True(scheduler.Turn());
        Assert.True(scheduler.Turn());
        Assert.False(scheduler.Turn());
        Assert.False(scheduler.IsEmpty);
        int before = woken;
        Assert.True(job.TryRead(out _));
        Assert.Equal(before + 1, woken);
        Assert.True(scheduler.Turn());
    }

    [Fact]
    public void A_stream_that_is_not_read_gives_its_place_up_and_comes_back_when_it_is_read()
    {
        GenerationScheduler scheduler = Scheduler((LanguageModel)shared.Models.Load("words"), new BatchingOptions { MaxStreams = 1, StreamBuffer = 2 });
        GenerationJob first = scheduler.Submit(model => model.NewStream("to", Options(1)), true, CancellationToken.None);
        GenerationJob second = scheduler.Submit(model => model.NewStream("be", Options(2)), false, CancellationToken.None);
        Assert.True(scheduler.Turn());
        Assert.True(scheduler.Turn());
        Assert.Empty(second.Stream.Tokens);
        Assert.True(scheduler.Turn());
        Assert.Equal((1, 1), (scheduler.Active, scheduler.Paused));
        Assert.Single(second.Stream.Tokens);
        while (scheduler.Turn())
        {
        }

        Assert.True(second.Ended.IsCompletedSuccessfully);
        Assert.Equal(2, first.Stream.Tokens.Count);
        Assert.True(first.TryRead(out _));
        Assert.True(scheduler.Turn());
        Assert.Equal((1, 0, 3), (scheduler.Active, scheduler.Paused, first.Stream.Tokens.Count));
    }

    [Fact]
    public void A_stream_that_nobody_reads_is_cut_off_after_the_limit()
    {
        var clock = new SimulatedClock();
        bool wasCut = false;
        GenerationScheduler scheduler = Scheduler(
            (LanguageModel)shared.Models.Load("words"), new BatchingOptions { StreamBuffer = 2, UnreadSeconds = 10 }, clock);
        GenerationJob job = scheduler.Submit(model => model.NewStream("to", Options(1)), true, CancellationToken.None, "", () => wasCut = true);
        while (scheduler.Turn())
        {
        }

        clock.Pass(9_000_000);
        Assert.False(scheduler.Turn());
        Assert.False(wasCut);
        clock.Pass(2_000_000);
        Assert.False(scheduler.Turn());
        Assert.True(wasCut && job.Ended.IsCanceled && scheduler.IsEmpty);
    }

    [Fact]
    public async Task Beside_another_client_a_flood_of_streams_takes_short_steps_and_says_what_it_says_alone()
    {
        var model = (LanguageModel)shared.Models.Load("words");
        var turns = new ScriptedTurns();
        foreach (string client in new[] { "flood", "light" }) turns.Clients.Enter(client);
        GenerationScheduler scheduler = Scheduler(model, turns: turns);
        GenerationJob[] flood = [.. Enumerable.Range(0, 100).Select(
            seed => scheduler.Submit(own => own.NewStream("to", Options((ulong)seed)), false, CancellationToken.None, "flood"))];
        GenerationJob light = scheduler.Submit(own => own.NewStream("be", Options(1)), false, CancellationToken.None, "light");
        for (int step = 1; step <= 18; step++)
        {
            Assert.True(scheduler.Turn());
            Assert.Equal(step, light.Stream.Tokens.Count);
            Assert.Equal(step * GenerationScheduler.StreamsBesideOthers, flood.Sum(job => job.Stream.Tokens.Count));
        }

        int[] counts = [.. flood.Select(job => job.Stream.Tokens.Count)];
        Assert.Equal((8, 0, 3 * GenerationScheduler.StreamsBesideOthers), (counts.Max(), counts.Min(), counts.Count(count => count > 0))); // they take turns, of eight steps
        while (scheduler.Turn())
        {
        }

        foreach ((int seed, GenerationJob job) in flood.Index())
            Assert.Equal(Alone(model, "to", Options((ulong)seed)), (await job.Ended).Tokens.Select(token => token.Token));
    }

    [Fact]
    public void A_client_that_has_all_places_gives_some_to_one_that_comes_and_its_streams_go_on_later()
    {
        GenerationScheduler scheduler = Scheduler((LanguageModel)shared.Models.Load("words"), new BatchingOptions { MaxStreams = 4 });
        GenerationJob[] flood = [.. Enumerable.Range(0, 6).Select(
            seed => scheduler.Submit(model => model.NewStream("to", Options((ulong)seed)), false, CancellationToken.None, "flood"))];
        Assert.True(scheduler.Turn());
        GenerationJob[] other = [.. Enumerable.Range(0, 3).Select(
            seed => scheduler.Submit(model => model.NewStream("be", Options((ulong)seed)), false, CancellationToken.None, "other"))];
        Assert.True(scheduler.Turn());
        Assert.Equal(2, other.Count(job => job.HasStarted));
        Assert.Equal((int[])[2, 2, 1, 1, 0, 0], flood.Select(job => job.Stream.Tokens.Count));
        while (scheduler.Turn())
        {
        }

        Assert.All(flood.Concat(other), job => Assert.True(job.Ended.IsCompletedSuccessfully));
    }

    [Fact]
    public void A_long_prompt_is_read_fast_alone_and_slowly_beside_others()
    {
        GenerationScheduler scheduler = Scheduler((LanguageModel)shared.Models.Load("words"));
        string prompt = string.Join(' ', Enumerable.Repeat("to", 200));
        GenerationJob reader = scheduler.Submit(model => model.NewStream(prompt, Options(1)), false, CancellationToken.None);
        Assert.True(scheduler.Turn());
        Assert.Equal(200 - 64, reader.Stream.PromptLeft);
        for (ulong seed = 0; seed < 20; seed++)
            scheduler.Submit(model => model.NewStream("be", Options(seed)), false, CancellationToken.None);
        Assert.True(scheduler.Turn()); // the others read their prompts too: nobody waits for a token yet
        int left = reader.Stream.PromptLeft;
        Assert.True(scheduler.Turn());
        Assert.Equal(left - 6, reader.Stream.PromptLeft);
    }

    private static GenerationOptions Options(ulong seed) => new() { MaxNewTokens = 20, Seed = seed };

    private static IEnumerable<ScoredToken> Alone(LanguageModel model, string prompt, GenerationOptions options) =>
        model.Generate(prompt, options).Select(token => token.Token);

    private static GenerationScheduler Scheduler(
        LanguageModel model, BatchingOptions? options = null, TimeProvider? time = null, ITurns? turns = null)
    {
        IMeterFactory meters = new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>();
        return new GenerationScheduler("words", model, options ?? new BatchingOptions(), new SchedulingMetrics(meters), time ?? TimeProvider.System,
            turns ?? new ScriptedTurns());
    }
}
