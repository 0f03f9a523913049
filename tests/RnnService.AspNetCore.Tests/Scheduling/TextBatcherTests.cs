using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using RnnService.AspNetCore.Errors;
using RnnService.AspNetCore.Options;
using RnnService.AspNetCore.Scheduling;
using RnnService.AspNetCore.Tests.Scheduling.Simulation;
using RnnService.Engine.Networks;

namespace RnnService.AspNetCore.Tests.Scheduling;

/// <summary>Batches of texts, turn by turn. A text is its length here, and its answer is its length again.</summary>
public sealed class TextBatcherTests
{
    private readonly List<int[]> _batches = [];
    private readonly SimulatedClock _clock = new();

    [Fact]
    public async Task A_text_that_cannot_be_computed_does_not_take_its_company_with_it()
    {
        TextBatcher<int, int> batcher =
            Batcher(batchTokens: 100, compute: texts => texts.Contains(13) ? throw new InvalidOperationException() : [.. texts]);
        Task<TextAnswers<int>> good = Submit(batcher, 5, 6), bad = Submit(batcher, 13, 7), other = Submit(batcher, 8);
        while (batcher.Turn())
        {
        }

        Assert.Equal((int[])[5, 6], (await good).Outputs);
        Assert.Equal((int[])[8], (await other).Outputs);
        await Assert.ThrowsAsync<InvalidOperationException>(() => bad);
        Assert.Equal(0, batcher.Waiting);
    }

    [Fact]
    public async Task A_text_that_the_model_cannot_compute_is_missed_and_those_beside_it_are_answered()
    {
        TextBatcher<int, int> batcher =
            Batcher(batchTokens: 100, compute: texts => texts.Contains(13) ? throw new NetworkException("no 13") : [.. texts]);
        Task<TextAnswers<int>> list = Submit(batcher, 5, 13, 6), alone = Submit(batcher, 13);
        while (batcher.Turn())
        {
        }

        TextAnswers<int> answers = await list;
        Assert.Equal((5, 6), (answers.Outputs[0], answers.Outputs[2]));
        Assert.Equal(1, Assert.Single(answers.Failures).Key);
        Assert.Equal("no 13", Assert.Single((await alone).Failures).Value.Message);
        Assert.Equal(0, batcher.Waiting);
    }

    [Fact]
    public async Task A_short_text_waits_for_no_more_than_one_batch_of_a_long_list()
    {
        TextBatcher<int, int> batcher = Batcher(batchTokens: 20);
        Task<TextAnswers<int>> list = Submit(batcher, [.. Enumerable.Repeat(10, 50)]);
        Assert.True(batcher.Turn());
        Task<TextAnswers<int>> single = Submit(batcher, 3);
        Assert.True(batcher.Turn());
        Assert.Equal((int[])[3], (await single).Outputs);
        Assert.False(list.IsCompleted);
        while (batcher.Turn())
        {
        }

        Assert.Equal(Enumerable.Repeat(10, 50), (await list).Outputs);
        Assert.All(_batches, batch => Assert.True(batch.Sum() <= 20));
    }

    [Fact]
    public async Task Costs_that_are_more_together_than_a_whole_number_holds_are_counted_all_the_same()
    {
        TextBatcher<int, int> batcher = Batcher(batchTokens: 20);
        Task<TextAnswers<int>> list = Submit(batcher, int.MaxValue, int.MaxValue);
        Assert.Equal(2L * int.MaxValue, batcher.WaitingTokens);
        while (batcher.Turn())
        {
        }

        Assert.Equal((int[])[int.MaxValue, int.MaxValue], (await list).Outputs);
        Assert.Equal(0, batcher.WaitingTokens);
    }

    [Fact]
    public async Task A_short_text_that_comes_while_a_long_one_is_computed_is_next()
    {
        Task<TextAnswers<int>>? single = null;
        TextBatcher<int, int>? batcher = null;
        batcher = Batcher(batchTokens: 20, compute: texts =>
        {
            single ??= Submit(batcher!, 3);
            return texts;
        });
        Task<TextAnswers<int>> list = Submit(batcher, [.. Enumerable.Repeat(20, 3)]);
        Assert.True(batcher.Turn());
        Assert.True(batcher.Turn());
        Assert.Equal((int[])[3], (await single!).Outputs);
        Assert.True(batcher.Turn());
        Assert.True(batcher.Turn());
        Assert.Equal((int[])[20, 20, 20], (await list).Outputs);
        Assert.Equal([[20], [3], [20], [20]], _batches);
    }

    [Fact]
    public async Task Texts_are_computed_together_as_long_as_their_tokens_fit_and_one_over_the_bound_is_computed_alone()
    {
        TextBatcher<int, int> batcher = Batcher(batchTokens: 100);
        Task[] jobs = [Submit(batcher, 90), Submit(batcher, 2), Submit(batcher, 500), Submit(batcher, 3), Submit(batcher, 0)];
        while (batcher.Turn())
        {
        }

        await Task.WhenAll(jobs);
        Assert.Equal([[90, 2, 3, 0], [500]], _batches);
    }

    [Fact]
    public async Task A_short_text_is_answered_between_the_steps_of_a_long_one()
    {
        var turns = new TurnScheduler(_clock);
        Task<TextAnswers<int>>? single = null, list = null;
        TextBatcher<int, int>? batcher = null;
        batcher = Batcher(batchTokens: 4_096, compute: texts =>
        {
            if (texts.Contains(1_000)) Step();
            return texts;
        }, turns: turns);
        turns.Add(batcher);
        Task<TextAnswers<int>> other = Submit(batcher, 1_000);
        Assert.True(turns.Round());
        Assert.Equal((int[])[3], (await single!).Outputs);
        Assert.Equal((int[])[1_000], (await other).Outputs);
        Assert.Equal([[1_000], [3, 40, 9]], _batches); // as many as a short turn may have

        void Step()
        {
            single = Submit(batcher!, 3);
            list = Submit(batcher!, 40, 9, 700, 40);
            turns.Interleave();
            Assert.False(single.IsCompleted, "nobody comes in before a slice is over");
            _clock.Pass(1_000);
            turns.Interleave();
            Assert.False(list.IsCompleted);
        }
    }

    [Fact]
    public async Task What_waits_too_long_is_refused_and_what_was_begun_is_finished()
    {
        TextBatcher<int, int> batcher = Batcher(batchTokens: 20);
        Task<TextAnswers<int>> begun = Submit(batcher, 20, 20), waits = Submit(batcher, 20);
        Assert.True(batcher.Turn());
        _clock.Pass(31_000_000);
        while (batcher.Turn())
        {
        }

        Assert.Equal((int[])[20, 20], (await begun).Outputs);
        await Assert.ThrowsAsync<QueueTimeoutException>(() => waits);
    }

    [Fact]
    public async Task Who_is_refused_is_told_to_come_when_what_waits_will_be_done()
    {
        TextBatcher<int, int> batcher = Batcher(batchTokens: 1_000, queueLength: 3, compute: texts =>
        {
            _clock.Pass(2_000_000);
            return texts;
        });
        _ = Submit(batcher, 1_000);
        Assert.True(batcher.Turn()); // 500 tokens a second
        for (int i = 0; i < 3; i++) _ = Submit(batcher, 1_000);
        QueueFullException refusal = await Assert.ThrowsAsync<QueueFullException>(() => Submit(batcher, 1));
        Assert.Equal(6, refusal.RetryAfterSeconds);
    }

    [Fact]
    public void What_nobody_waits_for_is_not_computed()
    {
        using CancellationTokenSource left = new();
        TextBatcher<int, int> batcher = Batcher(batchTokens: 100);
        Task<TextAnswers<int>> job = batcher.Submit(() => [1], left.Token);
        Assert.Equal(1, batcher.Waiting);
        left.Cancel();
        Assert.False(batcher.Turn());
        Assert.True(job.IsCanceled);
        Assert.Equal(0, batcher.Waiting);
        Assert.Empty(_batches);
    }

    [Fact]
    public async Task A_computation_that_nobody_waits_for_any_more_ends_at_its_next_step()
    {
        using CancellationTokenSource left = new(), stays = new();
        int steps = 0;
        TextBatcher<int, int> batcher = Batcher(batchTokens: 100, steps: step =>
        {
            for (int i = 0; i < 5; i++, steps++)
            {
                if (steps == 2) left.Cancel();
                step();
            }
        });
        Task<TextAnswers<int>> first = batcher.Submit(() => [200], left.Token), second = batcher.Submit(() => [300], stays.Token);
        Assert.True(batcher.Turn());
        Assert.True(first.IsCanceled);
        Assert.Equal(2, steps);
        Assert.Equal(1, batcher.Waiting);
        Assert.True(batcher.Turn());
        Assert.Equal((int[])[300], (await second).Outputs);
    }

    [Fact]
    public async Task A_computation_goes_on_as_long_as_one_waits_for_it()
    {
        using CancellationTokenSource left = new(), stays = new();
        TextBatcher<int, int> batcher = Batcher(batchTokens: 100, steps: step =>
        {
            left.Cancel();
            step();
        });
        Task<TextAnswers<int>> first = batcher.Submit(() => [1], left.Token), second = batcher.Submit(() => [2], stays.Token);
        Assert.True(batcher.Turn());
        Assert.Equal((int[])[2], (await second).Outputs);
        Assert.Equal((int[])[1, 2], Assert.Single(_batches));
        await first.ContinueWith(_ => { }, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task The_queue_s_bound_counts_tokens_and_a_batch_what_they_cost()
    {
        TextBatcher<int, int> batcher = Batcher(batchTokens: 100, tokens: cost => cost / 100, queueTokens: 5);
        Task<TextAnswers<int>> first = Submit(batcher, 200), second = Submit(batcher, 200);
        Assert.Equal(4, batcher.WaitingTokens);
        QueueFullException refusal = await Assert.ThrowsAsync<QueueFullException>(() => Submit(batcher, 200));
        Assert.Contains("hold 5 tokens already", refusal.Message, StringComparison.Ordinal);
        while (batcher.Turn())
        {
        }

        await Task.WhenAll(first, second);
        Assert.Equal([[200], [200]], _batches);
    }

    [Fact]
    public void A_full_queue_refuses_before_the_text_is_read_and_a_failed_reading_gives_its_place_back()
    {
        TextBatcher<int, int> batcher = Batcher(batchTokens: 100, queueLength: 3);
        Assert.Throws<FormatException>(() => HandIn(() => throw new FormatException()));
        for (int i = 0; i < 3; i++) Submit(batcher, 1);
        bool read = false;
        Assert.Throws<QueueFullException>(() => HandIn(() =>
        {
            read = true;
            return [1];
        }));
        Assert.False(read);
        Assert.True(batcher.Turn());
        Submit(batcher, 1);

        void HandIn(Func<IReadOnlyList<int>> texts) => _ = batcher.Submit(texts, CancellationToken.None);
    }

    [Fact]
    public async Task A_batcher_that_was_closed_refuses_what_waits_and_what_comes()
    {
        TextBatcher<int, int> batcher = Batcher(batchTokens: 100);
        Task<TextAnswers<int>> waits = Submit(batcher, 1);
        batcher.Close();
        Task<TextAnswers<int>> comes = Submit(batcher, 1);
        await Assert.ThrowsAsync<ModelNotReadyException>(() => waits);
        await Assert.ThrowsAsync<ModelNotReadyException>(() => comes);
        Assert.Equal(0, batcher.Waiting);
    }

    private static Task<TextAnswers<int>> Submit(TextBatcher<int, int> batcher, params int[] texts) =>
        batcher.Submit(() => texts, CancellationToken.None);

    private TextBatcher<int, int> Batcher(
        int batchTokens, int queueLength = 10, Func<IReadOnlyList<int>, IReadOnlyList<int>>? compute = null, ITurns? turns = null,
        Action<Action>? steps = null, Func<int, int>? tokens = null, int queueTokens = 1_000_000)
    {
        IMeterFactory meters = new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>();
        return new TextBatcher<int, int>(
            "model", "kind",
            (texts, betweenSteps) =>
            {
                _batches.Add([.. texts]);
                steps?.Invoke(betweenSteps);
                return compute?.Invoke(texts) ?? texts;
            },
            text => text, new BatchingOptions { BatchTokens = batchTokens, QueueLength = queueLength, QueueTokens = queueTokens },
            new SchedulingMetrics(meters), _clock, turns ?? new TurnScheduler(_clock), tokens: tokens);
    }
}
