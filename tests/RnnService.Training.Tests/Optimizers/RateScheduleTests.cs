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

    [Fact]
    public void A_plateau_multiplies() =>
        Assert.Equal(0.25, RateSchedule.At(new TrainingSettings { LearningRate = 1, PlateauFactor = 0.5 }, 7, 100, 2));
}
