namespace RnnService.Training.Evaluation;

/// <summary>How a tagger did.</summary>
/// <param name="Loss">Nats a word.</param>
/// <param name="Confusion">Labels wanted and given, word by word.</param>
/// <param name="Spans">Spans wanted and given; null when the labels mark none.</param>
public sealed record TaggingReport(double Loss, ConfusionMatrix Confusion, SpanScores? Spans);
