using CsCheck;
using RnnService.Training.Optimizers;
using RnnService.Training.Recipes;
using Xunit;

namespace RnnService.Training.Tests.Optimizers;

public sealed class RateScheduleTests
{
    [Fact]
    public void Constant_stays() =>
        Assert.All(Enumerable.Range(0, 100), step => Assert.Equal(0.5, RateSchedule.At(new TrainingSettings { LearningRate = 0.5 }, step, 100, 0)));

    [Fact]
    public void Warm_up_rises_in_equal_steps()
    {
        var settings = new TrainingSettings { LearningRate = 1, WarmupSteps = 4 };
        Assert.Equal([0.25, 0.5, 0.75, 1, 1], Enumerable.Range(0, 5).Select(step => RateSchedule.At(settings, step, 100, 0)));
    }

    [Fact]
    public void Cosine_falls_from_the_rate_through_the_middle_to_its_last_share()
    {
        var settings = new TrainingSettings { LearningRate = 2, Schedule = LearningRateSchedule.Cosine, FinalRate = 0.1 };
        Assert.Equal(2, RateSchedule.At(settings, 0, 100, 0));
        Assert.Equal(1.1, RateSchedule.At(settings, 50, 100, 0), 1e-12);
        Assert.Equal(0.2, RateSchedule.At(settings, 100, 100, 0), 1e-12);
    }

    /// <summary>A cosine begins where the warm-up ends and ends with the run; between them it only falls.</summary>
    [Fact]
    public void Cosine_begins_at_the_end_of_the_warm_up() =>
        Gen.Select(Gen.Int[0, 50], Gen.Int[2, 200], Gen.Double[0, 1]).Sample((warmup, more, final) =>
        {
            var settings = new TrainingSettings { LearningRate = 3, WarmupSteps = warmup, Schedule = LearningRateSchedule.Cosine, FinalRate = final };
            double[] rates = [.. Enumerable.Range(0, warmup + more + 1).Select(step => RateSchedule.At(settings, step, warmup + more, 0))];
            Assert.All(rates[..warmup].Index(), rate => Assert.Equal(3 * (rate.Index + 1.0) / warmup, rate.Item, 1e-9));
            Assert.Equal(3, rates[warmup], 1e-9);
            Assert.Equal(3 * final, rates[^1], 1e-9);
            for (int i = 0; i <= more; i++) Assert.Equal(3 * (1 + final), rates[warmup + i] + rates[^(i + 1)], 1e-9);
            Assert.All(rates[warmup..].Zip(rates[(warmup + 1)..]), pair => Assert.True(pair.Second <= pair.First + 1e-12));
        });

    [Fact]
    public void A_plateau_multiplies() =>
        Assert.Equal(0.25, RateSchedule.At(new TrainingSettings { LearningRate = 1, PlateauFactor = 0.5 }, 7, 100, 2));
}
