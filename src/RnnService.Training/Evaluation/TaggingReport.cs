namespace RnnService.Training.Evaluation;

/// <summary>How a tagger did.</summary>
/// <param name="Loss">Nats a word.</param>
/// <param name="Confusion">Right and predicted labels, word by word.</param>
/// <param name="Spans">Right and predicted spans; null when the labels mark none.</param>
public sealed record TaggingReport(double Loss, ConfusionMatrix Confusion, SpanScores? Spans)
{
    /// <summary>Of each word the best label's probability, and whether that is the right one.</summary>
    public Confidences Confidences { get; init; } = new();
}
