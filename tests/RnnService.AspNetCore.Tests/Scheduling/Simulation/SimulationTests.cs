using System.Diagnostics.Metrics;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using RnnService.AspNetCore.Scheduling;
using RnnService.Engine.Models;

namespace RnnService.AspNetCore.Tests.Scheduling.Simulation;

/// <summary>
/// What the scheduler promises, against thousands of schedules of clients. <c>RNN_SCHEDULES</c> sets how many, <c>RNN_SCHEDULE</c> replays the
/// one of that seed.
/// </summary>
public sealed class SimulationTests(SharedModels shared)
{
    private const int Usual = 2_000, Enough = 2_000;

    private readonly LanguageModel _model = (LanguageModel)shared.Models.Load("words");
    private readonly SchedulingMetrics _metrics =
        new(new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>());

    [Fact]
    public void Promises_hold_whoever_comes()
    {
        int first = Setting("RNN_SCHEDULE") ?? 0, count = Setting("RNN_SCHEDULE") is null ? Setting("RNN_SCHEDULES") ?? Usual : 1;
        for (int seed = first; seed < first + count; seed++)
        {
            if (Breach(seed, Fault.None) is { } breach)
                Assert.Fail($"schedule {seed}: {breach}. To replay it: RNN_SCHEDULE={seed}");
        }
    }

    [Theory]
    [InlineData(nameof(Fault.NobodyInBetween), "a short text waits")]
    [InlineData(nameof(Fault.ClientsNotTold), "a short text waits")]
    [InlineData(nameof(Fault.AnswersExchanged), "another's answer")]
    [InlineData(nameof(Fault.UnreadStays), "work is left")]
    public void A_scheduler_that_breaks_a_promise_is_found_out(string fault, string breach)
    {
        Assert.Contains(Enumerable.Range(0, Enough), seed => Breach(seed, Enum.Parse<Fault>(fault))?.Contains(breach, StringComparison.Ordinal) ?? false);
    }

    private string? Breach(int seed, Fault fault)
    {
        try
        {
            new Schedule(seed, _model, _metrics, fault).Run();
            return null;
        }
        catch (InvalidOperationException breach)
        {
            return breach.Message;
        }
    }

    private static int? Setting(string name) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out int value) ? value : null;
}
