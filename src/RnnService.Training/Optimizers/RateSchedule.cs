using RnnService.Training.Recipes;

namespace RnnService.Training.Optimizers;

/// <summary>The learning rate of every step. Its only memory, the number of falls on a plateau, belongs to the caller.</summary>
internal static class RateSchedule
{
    /// <summary>The rate of a step, counted from 0.</summary>
    public static double At(TrainingSettings settings, long step, long totalSteps, int plateaus)
    {
        double rate = settings.LearningRate;
        if (step < settings.WarmupSteps) rate *= (step + 1.0) / settings.WarmupSteps;
        if (settings.Schedule == LearningRateSchedule.Cosine)
        {
            double progress = Math.Clamp((double)(step - settings.WarmupSteps) / Math.Max(1, totalSteps - settings.WarmupSteps), 0, 1);
            rate *= settings.FinalRate + (1 - settings.FinalRate) * 0.5 * (1 + Math.Cos(Math.PI * progress));
        }

        return rate * Math.Pow(settings.PlateauFactor, plateaus);
    }
}
