using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using RnnService.Engine.Networks;
using RnnService.Server.Batching;
using RnnService.Server.Hosting;
using RnnService.Server.Pipeline;
using RnnService.Server.Tests.Batching.Simulation;

namespace RnnService.Server.Tests.Batching;

/// <summary>Batches of texts, turn by turn. A text is its length here, and its answer is its length again.</summary>
public sealed class TextWorkloadTests
{
    private readonly List<int[]> _batches = [];
    private readonly SimulatedClock _clock = new();

    [Fact]
    public async Task A_text_that_cannot_be_computed_does_not_take_its_company_with_it()
    {
        TextWorkload<int, int> workload =
            Workload(batchTokens: 100, compute: texts => texts.Contains(13) ? throw new InvalidOperationException() : [.. texts]);
        Task<TextAnswers<int>> good = Submit(workload, 5, 6), bad = Submit(workload, 13, 7), other = Submit(workload, 8);
        while (workload.Turn())
        {
        }

        Assert.Equal((int[])[5, 6], (await good).Outputs);
        Assert.Equal((int[])[8], (await other).Outputs);
        await Assert.ThrowsAsync<InvalidOperationException>(() => bad);
        Assert.Equal(0, workload.Waiting);
    }

    [Fact]
    public async Task A_text_that_the_model_cannot_compute_is_missed_and_those_beside_it_are_answered()
    {
        TextWorkload<int, int> workload =
            Workload(batchTokens: 100, compute: texts => texts.Contains(13) ? throw new NetworkException("no 13") : [.. texts]);
        Task<TextAnswers<int>> list = Submit(workload, 5, 13, 6), alone = Submit(workload, 13);
        while (workload.Turn())
        {
        }

        TextAnswers<int> answers = await list;
        Assert.Equal((5, 6), (answers.Outputs[0], answers.Outputs[2]));
        Assert.Equal(1, Assert.Single(answers.Failures).Key);
        Assert.Equal("no 13", Assert.Single((await alone).Failures).Value.Message);
        Assert.Equal(0, workload.Waiting);
    }

    [Fact]
    public async Task A_short_text_waits_for_no_more_than_one_batch_of_a_long_list()
    {
        TextWorkload<int, int> workload = Workload(batchTokens: 20);
        Task<TextAnswers<int>> list = Submit(workload, [.. Enumerable.Repeat(10, 50)]);
        Assert.True(workload.Turn());
        Task<TextAnswers<int>> single = Submit(workload, 3);
        Assert.True(workload.Turn());
        Assert.Equal((int[])[3], (await single).Outputs);
        Assert.False(list.IsCompleted);
        while (workload.Turn())
        {
        }

        Assert.Equal(Enumerable.Repeat(10, 50), (await list).Outputs);
        Assert.All(_batches, batch => Assert.True(batch.Sum() <= 20));
    }

    [Fact]
    public async Task A_short_text_that_comes_while_a_long_one_is_computed_is_next()
    {
        Task<TextAnswers<int>>? single = null;
        TextWorkload<int, int>? workload = null;
        workload = Workload(batchTokens: 20, compute: texts =>
        {
            single ??= Submit(workload!, 3);
            return texts;
        });
        Task<TextAnswers<int>> list = Submit(workload, [.. Enumerable.Repeat(20, 3)]);
        Assert.True(workload.Turn());
        Assert.True(workload.Turn());
        Assert.Equal((int[])[3], (await single!).Outputs);
        Assert.True(workload.Turn());
        Assert.True(workload.Turn());
        Assert.Equal((int[])[20, 20, 20], (await list).Outputs);
        Assert.Equal([[20], [3], [20], [20]], _batches);
    }

    [Fact]
    public async Task Texts_are_computed_together_as_long_as_their_tokens_fit_and_one_over_the_bound_is_computed_alone()
    {
        TextWorkload<int, int> workload = Workload(batchTokens: 100);
        Task[] jobs = [Submit(workload, 90), Submit(workload, 2), Submit(workload, 500), Submit(workload, 3), Submit(workload, 0)];
        while (workload.Turn())
        {
        }

        await Task.WhenAll(jobs);
        Assert.Equal([[90, 2, 3, 0], [500]], _batches);
    }

    [Fact]
    public async Task A_short_text_is_answered_between_the_steps_of_a_long_one()
    {
        var rounds = new Rounds(_clock);
        Task<TextAnswers<int>>? single = null, list = null;
        TextWorkload<int, int>? workload = null;
        workload = Workload(batchTokens: 4_096, compute: texts =>
        {
            if (texts.Contains(1_000)) Step();
            return texts;
        });
        rounds.Add(workload);
        Task<TextAnswers<int>> other = Submit(workload, 1_000);
        Assert.True(rounds.Round());
        Assert.Equal((int[])[3], (await single!).Outputs);
        Assert.Equal((int[])[1_000], (await other).Outputs);
        Assert.Equal([[1_000], [3, 40, 9]], _batches); // as many as a short turn may have

        void Step()
        {
            single = Submit(workload!, 3);
            list = Submit(workload!, 40, 9, 700, 40);
            workload!.BetweenSteps();
            Assert.False(single.IsCompleted, "nobody comes in before a slice is over");
            _clock.Pass(1_000);
            workload.BetweenSteps();
            Assert.False(list.IsCompleted);
        }
    }

    [Fact]
    public async Task What_waits_too_long_is_refused_and_what_was_begun_is_finished()
    {
        TextWorkload<int, int> workload = Workload(batchTokens: 20);
        Task<TextAnswers<int>> begun = Submit(workload, 20, 20), waits = Submit(workload, 20);
        Assert.True(workload.Turn());
        _clock.Pass(31_000_000);
        while (workload.Turn())
        {
        }

        Assert.Equal((int[])[20, 20], (await begun).Outputs);
        RequestProblem problem = await Assert.ThrowsAsync<RequestProblem>(() => waits);
        Assert.Equal(ProblemKind.WaitedTooLong, problem.Kind);
    }

    [Fact]
    public async Task Who_is_refused_is_told_to_come_when_what_waits_will_be_done()
    {
        TextWorkload<int, int> workload = Workload(batchTokens: 1_000, queueLength: 3, compute: texts =>
        {
            _clock.Pass(2_000_000);
            return texts;
        });
        _ = Submit(workload, 1_000);
        Assert.True(workload.Turn()); // 500 tokens a second
        for (int i = 0; i < 3; i++) _ = Submit(workload, 1_000);
        RequestProblem problem = await Assert.ThrowsAsync<RequestProblem>(() => Submit(workload, 1));
        Assert.Equal(6, problem.RetryAfterSeconds);
    }

    [Fact]
    public void What_nobody_waits_for_is_not_computed()
    {
        using CancellationTokenSource left = new();
        TextWorkload<int, int> workload = Workload(batchTokens: 100);
        Task<TextAnswers<int>> job = workload.Submit(() => [1], left.Token);
        Assert.Equal(1, workload.Waiting);
        left.Cancel();
        Assert.False(workload.Turn());
        Assert.True(job.IsCanceled);
        Assert.Equal(0, workload.Waiting);
        Assert.Empty(_batches);
    }

    [Fact]
    public void A_full_queue_refuses_before_the_text_is_read_and_a_failed_reading_gives_its_place_back()
    {
        TextWorkload<int, int> workload = Workload(batchTokens: 100, queueLength: 3);
        Assert.Throws<FormatException>(() => HandIn(() => throw new FormatException()));
        for (int i = 0; i < 3; i++) Submit(workload, 1);
        bool read = false;
        RequestProblem problem = Assert.Throws<RequestProblem>(() => HandIn(() =>
        {
            read = true;
            return [1];
        }));
        Assert.Equal(ProblemKind.Overloaded, problem.Kind);
        Assert.False(read);
        Assert.True(workload.Turn());
        Submit(workload, 1);

        void HandIn(Func<IReadOnlyList<int>> texts) => _ = workload.Submit(texts, CancellationToken.None);
    }

    [Fact]
    public async Task A_workload_that_was_closed_refuses_what_waits_and_what_comes()
    {
        TextWorkload<int, int> workload = Workload(batchTokens: 100);
        Task<TextAnswers<int>> waits = Submit(workload, 1);
        workload.Close();
        Task<TextAnswers<int>> comes = Submit(workload, 1);
        Assert.Equal(ProblemKind.NotReady, (await Assert.ThrowsAsync<RequestProblem>(() => waits)).Kind);
        Assert.Equal(ProblemKind.NotReady, (await Assert.ThrowsAsync<RequestProblem>(() => comes)).Kind);
        Assert.Equal(0, workload.Waiting);
    }

    private static Task<TextAnswers<int>> Submit(TextWorkload<int, int> workload, params int[] texts) =>
        workload.Submit(() => texts, CancellationToken.None);

    private TextWorkload<int, int> Workload(
        int batchTokens, int queueLength = 10, Func<IReadOnlyList<int>, IReadOnlyList<int>>? compute = null)
    {
        IMeterFactory meters = new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>();
        return new TextWorkload<int, int>(
            "model", "kind",
            (texts, _) =>
            {
                _batches.Add([.. texts]);
                return compute?.Invoke(texts) ?? texts;
            },
            text => text, new BatchingOptions { BatchTokens = batchTokens, QueueLength = queueLength }, new ServiceMetrics(meters),
            _clock);
    }
}
