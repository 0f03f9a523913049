namespace RnnService.Training.Evaluation;

/// <summary>How a classifier did.</summary>
/// <param name="Loss">Nats a text.</param>
/// <param name="Confusion">Labels wanted and given.</param>
public sealed record ClassificationReport(double Loss, ConfusionMatrix Confusion);
