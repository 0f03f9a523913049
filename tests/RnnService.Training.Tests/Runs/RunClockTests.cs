using RnnService.Training.Log;
using RnnService.Training.Runs;
using Xunit;

namespace RnnService.Training.Tests.Runs;

public sealed class RunClockTests
{
    private readonly Watch _watch = new();

    [Fact]
    public void The_time_left_is_right_from_the_second_step_on()
    {
        var clock = new RunClock(secondsBefore: 0, validTokens: 900, _watch);
        Step(clock, 7); // the first one compiles
        Assert.Null(clock.Remaining(99, 3));
        Step(clock, 2);
        // 50 tokens a second, an evaluation reads its 900 three times as fast.
        Assert.Equal((98 * 2) + (3 * 6), clock.Remaining(98, 3)!.Value.TotalSeconds, 1e-6);
        Step(clock, 2);
        _watch.Seconds += 11;
        clock.EvaluationMade();
        Assert.Equal((97 * 2) + (2 * 11), clock.Remaining(97, 2)!.Value.TotalSeconds, 1e-6);
        Step(clock, 2);
        Assert.Equal((96 * 2) + (2 * 11), clock.Remaining(96, 2)!.Value.TotalSeconds, 1e-6);
        Assert.Equal(50, clock.TokensPerSecond, 1e-6);
        Assert.Equal(0, clock.Remaining(0, 0)!.Value.TotalSeconds);
        Assert.Equal(7 + 2 + 2 + 11 + 2, clock.Seconds, 1e-6);
    }

    /// <summary>Both are plain means at first, of 20 losses and of 50 speeds, the first one left out; then old ones fade.</summary>
    [Fact]
    public void Loss_and_speed_are_means_of_what_was_lately()
    {
        var clock = new RunClock(0, 0, _watch);
        var random = new Random(3);
        var losses = new List<double>();
        var speeds = new List<double>();
        for (int step = 1; step <= 40; step++)
        {
            double loss = random.NextDouble(), seconds = 1 + random.NextDouble();
            _watch.Seconds += seconds;
            clock.StepMade(new StepOutcome(loss, 1, 1, 100));
            losses.Add(loss);
            if (step != 1) speeds.Add(100 / seconds);
            if (step <= 20) Assert.Equal(losses.Average(), clock.Loss, 1e-9);
            if (step > 1) Assert.Equal(speeds.Average(), clock.TokensPerSecond, 1e-3);
        }

        for (int step = 0; step < 1000; step++) Step(clock, 0.1);
        Assert.Equal(1, clock.Loss, 1e-3);
        Assert.Equal(1000, clock.TokensPerSecond, 1);
    }

    [Fact]
    public void Times_beyond_all_measure_are_no_error()
    {
        var clock = new RunClock(0, 0, _watch);
        Step(clock, 1000);
        Step(clock, 1000);
        Assert.True(clock.Remaining(long.MaxValue, int.MaxValue)!.Value > TimeSpan.FromDays(1000));
    }

    [Fact]
    public void A_record_is_the_mean_since_the_last()
    {
        var clock = new RunClock(100, 0, _watch);
        _watch.Seconds += 4;
        clock.StepMade(new StepOutcome(3, 0.5, 0.1, 100));
        Assert.Equal(3, clock.Loss);
        _watch.Seconds += 4;
        clock.StepMade(new StepOutcome(1, 0.25, 0.2, 300));
        Assert.Equal(2, clock.Loss);
        Assert.Equal(new StepRecord(2, 0.1235, 2, 0.2, 0.25, 50, 108), clock.Record(2, 0.12345678, new StepOutcome(1, 0.25, 0.2, 300)));
        _watch.Seconds += 2;
        clock.StepMade(new StepOutcome(5, 1, 0.3, 80));
        Assert.Equal(new StepRecord(3, 0.2, 5, 0.3, 1, 40, 110), clock.Record(3, 0.2, new StepOutcome(5, 1, 0.3, 80)));
        Assert.Equal(10, clock.SinceCheckpoint, 1e-9);
        clock.CheckpointSaved();
        Assert.Equal(0, clock.SinceCheckpoint, 1e-9);
    }

    private void Step(RunClock clock, double seconds)
    {
        _watch.Seconds += seconds;
        clock.StepMade(new StepOutcome(1, 1, 1, 100));
    }

    private sealed class Watch : TimeProvider
    {
        public double Seconds { get; set; }

        public override long TimestampFrequency => 1_000_000;

        public override long GetTimestamp() => (long)(Seconds * TimestampFrequency);
    }
}
