using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using RnnService.AspNetCore.Options;
using RnnService.AspNetCore.Scheduling;
using RnnService.Engine.Generation;
using RnnService.Engine.Models;

namespace RnnService.AspNetCore.Tests.Scheduling;

/// <summary>Prompts that begin alike are read once, and nobody can tell but by the time.</summary>
public sealed class PrefixCacheTests(SharedModels shared)
{
    private readonly LanguageModel _model = (LanguageModel)shared.Models.Load("shakespeare");

    /// <summary>Prompts that share beginnings of any length, whose reading is cut by others, with penalties that count what was read.</summary>
    [Theory]
    [InlineData(32)]
    [InlineData(1)]
    public void Answers_are_those_without_it(int megabytes)
    {
        GenerationScheduler with = Scheduler(new BatchingOptions { PrefixCacheMegabytes = megabytes }), without = Scheduler(new BatchingOptions { PrefixCacheMegabytes = 0 });
        var random = new Random(5);
        string text = Text(random, 3_000);
        long saved = 0;
        for (int round = 0; round < 12; round++)
        {
            GenerationJob[][] jobs = [.. ((GenerationScheduler[])[with, without]).Select(scheduler =>
            {
                var own = new Random(round);
                return Enumerable.Range(0, 5).Select(i => Submit(
                    scheduler, text[..own.Next(text.Length)] + Text(own, own.Next(3) * 40),
                    Options((ulong)i) with { RepetitionPenalty = i % 2 == 0 ? 1 : 1.3f, ScorePrompt = i == 4 })).ToArray();
            })];
            saved += jobs[0].Sum(job => job.Reading?.Saved ?? 0);
            Run(with);
            Run(without);
            foreach ((GenerationJob found, GenerationJob wanted) in jobs[0].Zip(jobs[1]))
            {
                Assert.Equal(wanted.Stream.Tokens.Select(token => token.Token), found.Stream.Tokens.Select(token => token.Token));
                Assert.Equal(wanted.Stream.SaveState().ToBytes(), found.Stream.SaveState().ToBytes());
                Assert.Equal(wanted.Stream.Prompt, found.Stream.Prompt);
            }
        }

        Assert.InRange(saved, 20_000, long.MaxValue);
    }

    [Fact]
    public void A_prompt_seen_before_is_read_from_its_last_token_and_a_beginning_in_common_but_for_an_eighth()
    {
        GenerationScheduler scheduler = Scheduler(new BatchingOptions());
        string text = Text(new Random(1), 5_000);
        Assert.Equal(0, Read(text));
        Assert.Equal(text.Length - 1, Read(text));
        foreach (int common in (int[])[100, 700, 2_000, 4_500])
            Assert.InRange(Read(text[..common] + Text(new Random(common), 300)), common - Math.Max(64, common / 8), common);
        Assert.Null(Submit(scheduler, text[..64], Options(1)).Reading); // too short to be worth it

        int Read(string prompt)
        {
            GenerationJob job = Submit(scheduler, prompt, Options(1));
            Run(scheduler);
            return job.Reading?.Saved ?? 0;
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Callers_find_each_others_beginnings_only_where_an_option_says_so(bool isShared)
    {
        GenerationScheduler scheduler = Scheduler(new BatchingOptions { PrefixCacheShared = isShared });
        string text = Text(new Random(1), 500);
        foreach ((string owner, bool found) in ((string, bool)[])[("a", false), ("b", isShared), ("", isShared), ("a", true), ("", true)])
        {
            GenerationJob job = Submit(scheduler, text, Options(1), owner);
            Run(scheduler);
            Assert.Equal(found ? text.Length - 1 : 0, job.Reading!.Saved);
        }
    }

    [Fact]
    public void Bytes_are_bounded_and_the_least_recently_used_leave()
    {
        GenerationScheduler scheduler = Scheduler(new BatchingOptions { PrefixCacheMegabytes = 1 });
        string first = Text(new Random(0), 300);
        for (int seed = 1; seed < 2_000 && scheduler.PrefixBytes < 990_000; seed++)
        {
            Submit(scheduler, Text(new Random(seed), 300), Options(1) with { MaxNewTokens = 1 });
            Run(scheduler);
            Assert.InRange(scheduler.PrefixBytes, 1, 1_000_000);
        }

        Submit(scheduler, first, Options(1));
        Run(scheduler);
        for (int seed = 5_000; seed < 5_300; seed++)
        {
            GenerationJob used = Submit(scheduler, first, Options(1) with { MaxNewTokens = 1 });
            Submit(scheduler, Text(new Random(seed), 300), Options(1) with { MaxNewTokens = 1 });
            Run(scheduler);
            Assert.Equal(299, used.Reading!.Saved); // used again and again
            Assert.InRange(scheduler.PrefixBytes, 1, 1_000_000);
        }

        GenerationJob forgotten = Submit(scheduler, Text(new Random(1), 300), Options(1));
        Run(scheduler);
        Assert.Equal(0, forgotten.Reading!.Saved);
    }

    [Fact]
    public void A_text_that_goes_on_from_a_state_begins_with_other_tokens_than_it_says()
    {
        GenerationScheduler scheduler = Scheduler(new BatchingOptions());
        string text = Text(new Random(1), 500);
        GenerationJob first = Submit(scheduler, text, Options(1));
        Run(scheduler);
        GenerationJob next = scheduler.Submit(model => ((LanguageModel)model).NewStream(text, Options(1), first.Stream.SaveState()), false, CancellationToken.None);
        Assert.Null(next.Reading);
    }

    private static GenerationOptions Options(ulong seed) => new() { MaxNewTokens = 6, Seed = seed };

    private static GenerationJob Submit(GenerationScheduler scheduler, string prompt, GenerationOptions options, string owner = "") =>
        scheduler.Submit(model => model.NewStream(prompt, options), false, CancellationToken.None, owner: owner);

    private static void Run(GenerationScheduler scheduler)
    {
        while (scheduler.Turn())
        {
        }
    }

    private static string Text(Random random, int length) => new([.. Enumerable.Range(0, length).Select(_ => "abcdefgh \n"[random.Next(9)])]);

    private GenerationScheduler Scheduler(BatchingOptions options)
    {
        IMeterFactory meters = new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>();
        return new GenerationScheduler("shakespeare", _model, options, new SchedulingMetrics(meters), TimeProvider.System, new ScriptedTurns());
    }
}
