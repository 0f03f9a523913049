namespace RnnService.Training.Runs;

/// <summary>
/// A loss, a gradient, a weight or a score is no longer a finite number, or a weight is absurdly large: the message names the step and says what may help. The last
/// checkpoint and the best model so far are as they were.
/// </summary>
public sealed class TrainingDivergedException : Exception
{
    private TrainingDivergedException(string found, string kept)
        : base($"{found}{kept}; a smaller training.learning_rate, or a training.clip_norm of 1, may help") => Found = found;

    /// <summary>What was found at which step.</summary>
    private string Found { get; }

    internal static TrainingDivergedException At(long step, FormattableString found) => new(
        FormattableString.Invariant($"the training diverged at step {step}: ") + FormattableString.Invariant(found) + "; expected finite numbers",
        ". The last checkpoint and the best model so far stay as they were");

    /// <summary>The same, with what the output folder holds now.</summary>
    internal TrainingDivergedException With(string kept) => new(Found, $". {kept}");
}
