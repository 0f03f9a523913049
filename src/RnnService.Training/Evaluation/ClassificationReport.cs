namespace RnnService.Training.Evaluation;

/// <summary>How a classifier did.</summary>
/// <param name="Loss">Nats a text.</param>
/// <param name="Confusion">
/// Right and predicted labels. With <see cref="Engine.Models.ModelConfig.RejectLabel"/> that is predicted where no label reaches the threshold.
/// </param>
public sealed record ClassificationReport(double Loss, ConfusionMatrix Confusion)
{
    /// <summary>Of each text the best label's probability, and whether that is the right one: of a text of none of the labels it is not.</summary>
    public Confidences Confidences { get; init; } = new();
}
