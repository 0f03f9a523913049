namespace RnnService.Training.Runs;

/// <summary>
/// A loss, a gradient, a weight or a score is no longer a finite number: the message names the step and says what may help. The last
/// checkpoint and the best model so far are as they were.
/// </summary>
public sealed class TrainingDivergedException : Exception
{
    private TrainingDivergedException(string message)
        : base(message)
    {
    }

    internal static TrainingDivergedException At(long step, FormattableString found) => new(
        FormattableString.Invariant($"the training diverged at step {step}: ") + FormattableString.Invariant(found)
        + "; expected finite numbers. The last checkpoint and the best model so far stay as they were; "
        + "a smaller training.learning_rate, or a training.clip_norm of 1, may help");
}
