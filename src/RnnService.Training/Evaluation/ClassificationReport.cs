namespace RnnService.Training.Evaluation;

/// <summary>How a classifier did.</summary>
/// <param name="Loss">Nats a text.</param>
/// <param name="Confusion">Right and predicted labels.</param>
public sealed record ClassificationReport(double Loss, ConfusionMatrix Confusion);
