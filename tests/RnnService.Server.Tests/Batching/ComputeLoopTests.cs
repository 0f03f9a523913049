using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;
using RnnService.Server.Batching;
using RnnService.Server.Hosting;
using RnnService.Server.Tests.Batching.Simulation;

namespace RnnService.Server.Tests.Batching;

/// <summary>Who computes: the loop's thread, which never runs here, or the request's own. A text is its length.</summary>
public sealed class ComputeLoopTests : IDisposable
{
    private readonly ComputeLoop _loop = new(
        new Readiness(), new HttpOptions(), TimeProvider.System, new ApplicationLifetime(NullLogger<ApplicationLifetime>.Instance));
    private readonly List<int> _threads = [];

    public void Dispose() => _loop.Dispose();

    [Fact]
    public async Task A_short_request_is_computed_on_its_own_thread_once_requests_come_one_by_one()
    {
        TextWorkload<int, int> workload = Workload();
        var queued = new List<Task<TextAnswers<int>>>();
        Task<TextAnswers<int>> answer;
        while (!(answer = Alone(workload, 5)).IsCompleted) queued.Add(answer);
        Assert.NotEmpty(queued); // nobody knows at first whether others will come
        await Task.WhenAll(queued); // what waited was not passed over
        Assert.Equal([Environment.CurrentManagedThreadId], _threads);
        Assert.Equal((int[])[7, 8], (await Alone(workload, 7, 8)).Outputs);
        Assert.False(Alone(workload, 1000).IsCompleted, "a long text holds up its thread");
    }

    [Fact]
    public void Requests_that_come_together_wait_for_each_other()
    {
        TextWorkload<int, int> workload = Workload();
        while (!Alone(workload, 5).IsCompleted)
        {
        }

        _loop.Company.Enter();
        Assert.False(Alone(workload, 5).IsCompleted);
        _loop.Company.Leave();
        Assert.False(Alone(workload, 5).IsCompleted);
        Assert.True(workload.Turn());
        Assert.True(workload.IsEmpty);
    }

    [Fact]
    public void Nobody_computes_while_another_request_does()
    {
        Task<TextAnswers<int>>? other = null;
        bool waited = false;
        TextWorkload<int, int>? workload = null;
        workload = Workload(() =>
        {
            if (other is not null) return;
            var thread = new Thread(() => other = workload!.Submit(() => [6], CancellationToken.None));
            thread.Start();
            thread.Join();
            waited = !other!.IsCompleted;
        });
        while (!Alone(workload, 5).IsCompleted)
        {
        }

        Assert.True(waited);
        Assert.True(workload.Turn());
        Assert.True(other!.IsCompletedSuccessfully);
    }

    private Task<TextAnswers<int>> Alone(TextWorkload<int, int> workload, params int[] texts)
    {
        _loop.Company.Enter();
        try
        {
            return workload.Submit(() => texts, CancellationToken.None);
        }
        finally
        {
            _loop.Company.Leave();
        }
    }

    [Fact]
    public async Task A_turn_that_does_not_end_is_seen_from_outside()
    {
        var clock = new SimulatedClock();
        using ComputeLoop loop = new(
            new Readiness(), new HttpOptions { StuckSeconds = 60 }, clock, new ApplicationLifetime(NullLogger<ApplicationLifetime>.Instance));
        using ManualResetEventSlim begun = new(), end = new();
        TextWorkload<int, int> workload = Workload(
            () =>
            {
                begun.Set();
                end.Wait(TestContext.Current.CancellationToken);
            },
            loop);
        await loop.StartAsync(CancellationToken.None);
        Assert.False(loop.IsStuck);
        Task<TextAnswers<int>> answer = workload.Submit(() => [1_000], CancellationToken.None);
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
        TextWorkload<int, int> graph = Workload(() => end.Wait(TestContext.Current.CancellationToken), isAside: true), other = Workload();
        await _loop.StartAsync(CancellationToken.None);
        Task<TextAnswers<int>> hangs = graph.Submit(() => [1_000], CancellationToken.None);
        for (int i = 0; i < 3; i++) Assert.Equal((int[])[5], (await other.Submit(() => [5], CancellationToken.None)).Outputs);
        Assert.False(hangs.IsCompleted);
        end.Set();
        Assert.Equal((int[])[1_000], (await hangs).Outputs);
        await _loop.StopAsync(CancellationToken.None);
    }

    private TextWorkload<int, int> Workload(Action? compute = null, ComputeLoop? loop = null, bool isAside = false)
    {
        IMeterFactory meters = new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>();
        var workload = new TextWorkload<int, int>(
            "model", "kind",
            (texts, _) =>
            {
                _threads.Add(Environment.CurrentManagedThreadId);
                compute?.Invoke();
                return texts;
            },
            text => text, new BatchingOptions(), new ServiceMetrics(meters), TimeProvider.System, isAside);
        (loop ?? _loop).Add(workload);
        return workload;
    }
}
