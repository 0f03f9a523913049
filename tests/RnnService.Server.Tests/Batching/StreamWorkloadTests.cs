using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using RnnService.Engine.Generation;
using RnnService.Engine.Models;
using RnnService.Onnx.Runtime;
using RnnService.Server.Batching;
using RnnService.Server.Hosting;
using RnnService.Server.Pipeline;
using RnnService.Server.Tests.Batching.Simulation;

namespace RnnService.Server.Tests.Batching;

/// <summary>Streams, step by step.</summary>
public sealed class StreamWorkloadTests(SharedService shared)
{
    [Fact]
    public async Task A_stream_that_fails_does_not_change_what_the_others_say()
    {
        var model = (LanguageModel)shared.Models.Load("words");
        var stranger = (LanguageModel)shared.Models.Load("shakespeare"); // its token ids mean nothing to the other model
        StreamWorkload workload = Workload(model);
        StreamJob first = workload.Submit(own => own.NewStream("to be", Options(1)), false, CancellationToken.None);
        StreamJob bad = workload.Submit(_ => stranger.NewStream("romeo", Options(2)), false, CancellationToken.None);
        StreamJob second = workload.Submit(own => own.NewStream("or not to", Options(3)), true, CancellationToken.None);
        while (workload.Turn())
        {
        }

        await Assert.ThrowsAnyAsync<Exception>(() => bad.Ended);
        Assert.Equal(Alone(model, "to be", Options(1)), (await first.Ended).Tokens.Select(token => token.Token));
        Assert.Equal(Alone(model, "or not to", Options(3)), (await second.Ended).Tokens.Select(token => token.Token));
        var read = new List<ScoredToken>();
        while (second.TryRead(out StreamedToken token)) read.Add(token.Generated.Token);
        Assert.Equal(Alone(model, "or not to", Options(3)), read);
        Assert.True(workload.IsEmpty);
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
        StreamWorkload workload = Workload(model);
        StreamJob[] jobs = [.. prompts.Select(
            prompt => workload.Submit(own => own.NewStream(prompt, Options(1)), false, CancellationToken.None))];
        while (workload.Turn())
        {
        }

        RequestProblem problem = await Assert.ThrowsAsync<RequestProblem>(() => jobs[1].Ended);
        Assert.Equal(ProblemKind.Validation, problem.Kind);
        foreach (int i in (int[])[0, 2])
            Assert.Equal(Alone(model, prompts[i], Options(1)), (await jobs[i].Ended).Tokens.Select(token => token.Token));
        Assert.True(workload.IsEmpty);
    }

    [Fact]
    public void A_stream_that_is_left_takes_no_further_step_and_the_next_one_takes_its_place()
    {
        using CancellationTokenSource left = new();
        StreamWorkload workload = Workload((LanguageModel)shared.Models.Load("words"), new BatchingOptions { MaxStreams = 1 });
        StreamJob first = workload.Submit(model => model.NewStream("to", Options(1)), false, left.Token);
        StreamJob second = workload.Submit(model => model.NewStream("be", Options(2)), false, CancellationToken.None);
        Assert.True(workload.Turn());
        Assert.Equal((1, 1, 1, 0), (workload.Active, workload.Waiting, first.Generation.Tokens.Count, second.Generation.Tokens.Count));
        left.Cancel();
        Assert.True(workload.Turn());
        Assert.True(first.Ended.IsCanceled);
        Assert.Equal((1, 0, 1, 1), (workload.Active, workload.Waiting, first.Generation.Tokens.Count, second.Generation.Tokens.Count));
    }

    [Fact]
    public void A_stream_pauses_when_its_reader_is_behind_and_goes_on_when_it_catches_up()
    {
        int woken = 0;
        StreamWorkload workload = Workload((LanguageModel)shared.Models.Load("words"), new BatchingOptions { StreamBuffer = 2 });
        workload.Wake = () => woken++;
        StreamJob job = workload.Submit(model => model.NewStream("to", Options(1)), true, CancellationToken.None);
        Assert.True(workload.Turn());
        Assert.True(workload.Turn());
        Assert.False(workload.Turn());
        Assert.False(workload.IsEmpty);
        int before = woken;
        Assert.True(job.TryRead(out _));
        Assert.Equal(before + 1, woken);
        Assert.True(workload.Turn());
    }

    [Fact]
    public void A_stream_that_is_not_read_gives_its_place_up_and_comes_back_when_it_is_read()
    {
        StreamWorkload workload = Workload((LanguageModel)shared.Models.Load("words"), new BatchingOptions { MaxStreams = 1, StreamBuffer = 2 });
        StreamJob first = workload.Submit(model => model.NewStream("to", Options(1)), true, CancellationToken.None);
        StreamJob second = workload.Submit(model => model.NewStream("be", Options(2)), false, CancellationToken.None);
        Assert.True(workload.Turn());
        Assert.True(workload.Turn());
        Assert.Empty(second.Generation.Tokens);
        Assert.True(workload.Turn());
        Assert.Equal((1, 1), (workload.Active, workload.Paused));
        Assert.Single(second.Generation.Tokens);
        while (workload.Turn())
        {
        }

        Assert.True(second.Ended.IsCompletedSuccessfully);
        Assert.Equal(2, first.Generation.Tokens.Count);
        Assert.True(first.TryRead(out _));
        Assert.True(workload.Turn());
        Assert.Equal((1, 0, 3), (workload.Active, workload.Paused, first.Generation.Tokens.Count));
    }

    [Fact]
    public void A_stream_that_nobody_reads_is_cut_off_after_the_limit()
    {
        var clock = new SimulatedClock();
        bool wasCut = false;
        StreamWorkload workload = Workload(
            (LanguageModel)shared.Models.Load("words"), new BatchingOptions { StreamBuffer = 2, UnreadSeconds = 10 }, clock);
        StreamJob job = workload.Submit(model => model.NewStream("to", Options(1)), true, CancellationToken.None, "", () => wasCut = true);
        while (workload.Turn())
        {
        }

        clock.Pass(9_000_000);
        Assert.False(workload.Turn());
        Assert.False(wasCut);
        clock.Pass(2_000_000);
        Assert.False(workload.Turn());
        Assert.True(wasCut && job.Ended.IsCanceled && workload.IsEmpty);
    }

    [Fact]
    public async Task Beside_another_client_a_flood_of_streams_takes_short_steps_and_says_what_it_says_alone()
    {
        var model = (LanguageModel)shared.Models.Load("words");
        StreamWorkload workload = Workload(model);
        workload.HasCompany = () => true;
        StreamJob[] flood = [.. Enumerable.Range(0, 100).Select(
            seed => workload.Submit(own => own.NewStream("to", Options((ulong)seed)), false, CancellationToken.None, "flood"))];
        StreamJob light = workload.Submit(own => own.NewStream("be", Options(1)), false, CancellationToken.None, "light");
        for (int step = 1; step <= 18; step++)
        {
            Assert.True(workload.Turn());
            Assert.Equal(step, light.Generation.Tokens.Count);
            Assert.Equal(step * StreamWorkload.StreamsBesideOthers, flood.Sum(job => job.Generation.Tokens.Count));
        }

        int[] counts = [.. flood.Select(job => job.Generation.Tokens.Count)];
        Assert.Equal((8, 0, 48), (counts.Max(), counts.Min(), counts.Count(count => count > 0))); // they take turns, of eight steps
        while (workload.Turn())
        {
        }

        foreach ((int seed, StreamJob job) in flood.Index())
            Assert.Equal(Alone(model, "to", Options((ulong)seed)), (await job.Ended).Tokens.Select(token => token.Token));
    }

    [Fact]
    public void A_client_that_has_all_places_gives_some_to_one_that_comes_and_its_streams_go_on_later()
    {
        StreamWorkload workload = Workload((LanguageModel)shared.Models.Load("words"), new BatchingOptions { MaxStreams = 4 });
        StreamJob[] flood = [.. Enumerable.Range(0, 6).Select(
            seed => workload.Submit(model => model.NewStream("to", Options((ulong)seed)), false, CancellationToken.None, "flood"))];
        Assert.True(workload.Turn());
        StreamJob[] other = [.. Enumerable.Range(0, 3).Select(
            seed => workload.Submit(model => model.NewStream("be", Options((ulong)seed)), false, CancellationToken.None, "other"))];
        Assert.True(workload.Turn());
        Assert.Equal(2, other.Count(job => job.HasStarted));
        Assert.Equal((int[])[2, 2, 1, 1, 0, 0], flood.Select(job => job.Generation.Tokens.Count));
        while (workload.Turn())
        {
        }

        Assert.All(flood.Concat(other), job => Assert.True(job.Ended.IsCompletedSuccessfully));
    }

    [Fact]
    public void A_long_prompt_is_read_fast_alone_and_slowly_beside_others()
    {
        StreamWorkload workload = Workload((LanguageModel)shared.Models.Load("words"));
        string prompt = string.Join(' ', Enumerable.Repeat("to", 200));
        StreamJob reader = workload.Submit(model => model.NewStream(prompt, Options(1)), false, CancellationToken.None);
        Assert.True(workload.Turn());
        Assert.Equal(200 - 64, reader.Generation.PromptLeft);
        for (ulong seed = 0; seed < 20; seed++)
            workload.Submit(model => model.NewStream("be", Options(seed)), false, CancellationToken.None);
        Assert.True(workload.Turn()); // the others read their prompts too: nobody waits for a token yet
        int left = reader.Generation.PromptLeft;
        Assert.True(workload.Turn());
        Assert.Equal(left - 6, reader.Generation.PromptLeft);
    }

    private static GenerationOptions Options(ulong seed) => new() { MaxNewTokens = 20, Seed = seed };

    private static IEnumerable<ScoredToken> Alone(LanguageModel model, string prompt, GenerationOptions options) =>
        model.Generate(prompt, options).Select(token => token.Token);

    private static StreamWorkload Workload(LanguageModel model, BatchingOptions? options = null, TimeProvider? time = null)
    {
        IMeterFactory meters = new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>();
        return new StreamWorkload("words", model, options ?? new BatchingOptions(), new ServiceMetrics(meters), time ?? TimeProvider.System);
    }
}
