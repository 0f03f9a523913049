namespace RnnService.Training.Runs;

/// <summary>What a step was like.</summary>
/// <param name="Loss">Mean loss in nats a prediction.</param>
/// <param name="Norm">The gradient's norm before clipping.</param>
/// <param name="Rate">The learning rate.</param>
/// <param name="Tokens">Tokens read.</param>
internal readonly record struct StepOutcome(double Loss, double Norm, double Rate, long Tokens);
