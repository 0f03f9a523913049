using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;
using RnnService.AspNetCore.Options;
using RnnService.AspNetCore.Scheduling;
using RnnService.AspNetCore.Tests.Scheduling.Simulation;

namespace RnnService.AspNetCore.Tests.Scheduling;

/// <summary>Who computes: the loop's thread, which never runs here, or the request's own. A text is its length.</summary>
public sealed class ComputeLoopTests : IDisposable
{
    private readonly ComputeLoop _loop = new(
        new Readiness(), new RnnModelsOptions(), TimeProvider.System, new ApplicationLifetime(NullLogger<ApplicationLifetime>.Instance));
    private readonly List<int> _threads = [];

    public void Dispose() => _loop.Dispose();

    [Fact]
    public async Task A_short_request_is_computed_on_its_own_thread_once_requests_come_one_by_one()
    {
        TextBatcher<int, int> batcher = Batcher();
        var queued = new List<Task<TextAnswers<int>>>();
        Task<TextAnswers<int>> answer;
        while (!(answer = Alone(batcher, 5)).IsCompleted) queued.Add(answer);
        Assert.NotEmpty(queued); // nobody knows at first whether others will come
        await Task.WhenAll(queued); // what waited was not passed over
        Assert.Equal([Environment.CurrentManagedThreadId], _threads);
        Assert.Equal((int[])[7, 8], (await Alone(batcher, 7, 8)).Outputs);
        Assert.False(Alone(batcher, 1000).IsCompleted, "a long text holds up its thread");
    }

    [Fact]
    public void Requests_that_come_together_wait_for_each_other()
    {
        TextBatcher<int, int> batcher = Batcher();
        while (!Alone(batcher, 5).IsCompleted)
        {
        }

        _loop.Clients.Enter();
        Assert.False(Alone(batcher, 5).IsCompleted);
        _loop.Clients.Leave();
        Assert.False(Alone(batcher, 5).IsCompleted);
        Assert.True(batcher.Turn());
        Assert.True(batcher.IsEmpty);
    }

    [Fact]
    public void Nobody_computes_while_another_request_does()
    {
        Task<TextAnswers<int>>? other = null;
        bool waited = false;
        TextBatcher<int, int>? batcher = null;
        batcher = Batcher(() =>
        {
            if (other is not null) return;
            var thread = new Thread(() => other = batcher!.Submit(() => [6], CancellationToken.None));
            thread.Start();
            thread.Join();
            waited = !other!.IsCompleted;
        });
        while (!Alone(batcher, 5).IsCompleted)
        {
        }

        Assert.True(waited);
        Assert.True(batcher.Turn());
        Assert.True(other!.IsCompletedSuccessfully);
    }

    private Task<TextAnswers<int>> Alone(TextBatcher<int, int> batcher, params int[] texts)
    {
        _loop.Clients.Enter();
        try
        {
            return batcher.Submit(() => texts, CancellationToken.None);
        }
        finally
        {
            _loop.Clients.Leave();
        }
    }

    [Fact]
    public async Task A_turn_that_does_not_end_is_seen_from_outside()
    {
        var clock = new SimulatedClock();
        using ComputeLoop loop = new(
            new Readiness(), new RnnModelsOptions { StuckSeconds = 60 }, clock, new ApplicationLifetime(NullLogger<ApplicationLifetime>.Instance));
        using ManualResetEventSlim begun = new(), end = new();
        TextBatcher<int, int> batcher = Batcher(
            () =>
            {
                begun.Set();
                end.Wait(TestContext.Current.CancellationToken);
            },
            loop);
        await loop.StartAsync(CancellationToken.None);
        Assert.False(loop.IsStuck);
        Task<TextAnswers<int>> answer = batcher.Submit(() => [1_000], CancellationToken.None);
        begun.Wait(TestContext.Current.CancellationToken);
        clock.Pass(59_000_000);
        Assert.False(loop.IsStuck);
        clock.Pass(2_000_000);
        Assert.True(loop.IsStuck);
        end.Set();
        await answer;
        await loop.StopAsync(CancellationToken.None);
        Assert.False(loop.IsStuck);
    }

    [Fact]
    public async Task What_cannot_be_interrupted_holds_up_no_other_model()
    {
        using ManualResetEventSlim end = new();
        TextBatcher<int, int> graph = Batcher(() => end.Wait(TestContext.Current.CancellationToken), isAside: true), other = Batcher();
        await _loop.StartAsync(CancellationToken.None);
        Task<TextAnswers<int>> hangs = graph.Submit(() => [1_000], CancellationToken.None);
        for (int i = 0; i < 3; i++) Assert.Equal((int[])[5], (await other.Submit(() => [5], CancellationToken.None)).Outputs);
        Assert.False(hangs.IsCompleted);
        end.Set();
        Assert.Equal((int[])[1_000], (await hangs).Outputs);
        await _loop.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task A_model_leaves_once_nothing_of_it_waits_or_is_computed()
    {
        using ManualResetEventSlim begun = new(), end = new();
        TextBatcher<int, int> leaves = Batcher(
            () =>
            {
                begun.Set();
                end.Wait(TestContext.Current.CancellationToken);
            },
            isAside: true), stays = Batcher();
        Task<TextAnswers<int>> running = leaves.Submit(() => [1_000], CancellationToken.None), waiting = leaves.Submit(() => [2_000], CancellationToken.None);
        await _loop.StartAsync(CancellationToken.None);
        begun.Wait(TestContext.Current.CancellationToken);
        Task removed = _loop.RemoveAsync([leaves]);
        Assert.Equal((int[])[5], (await stays.Submit(() => [5], CancellationToken.None)).Outputs);
        Assert.False(removed.IsCompleted);
        end.Set();
        await removed;
        Assert.Equal((int[])[1_000], (await running).Outputs);
        Assert.Equal((int[])[2_000], (await waiting).Outputs);
        Assert.Equal([stays], _loop.Schedulers);
        await _loop.StopAsync(CancellationToken.None);
        await _loop.RemoveAsync([stays]);
    }

    private TextBatcher<int, int> Batcher(Action? compute = null, ComputeLoop? loop = null, bool isAside = false)
    {
        IMeterFactory meters = new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>();
        var batcher = new TextBatcher<int, int>(
            "model", "kind",
            (texts, _) =>
            {
                _threads.Add(Environment.CurrentManagedThreadId);
                compute?.Invoke();
                return texts;
            },
            text => text, new BatchingOptions(), new SchedulingMetrics(meters), TimeProvider.System, loop ?? _loop, isAside);
        (loop ?? _loop).Add(batcher);
        return batcher;
    }
}
