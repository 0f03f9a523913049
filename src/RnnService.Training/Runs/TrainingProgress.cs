using RnnService.Training.Evaluation;

namespace RnnService.Training.Runs;

/// <summary>Where a run stands.</summary>
/// <param name="Step">Steps made.</param>
/// <param name="TotalSteps">Steps of the whole run.</param>
/// <param name="Epoch">Passes over the corpus, the fraction of the one under way included.</param>
/// <param name="Epochs">Passes of the whole run.</param>
/// <param name="Loss">Training loss in nats a prediction, smoothed.</param>
/// <param name="LearningRate">The learning rate of the step.</param>
/// <param name="TokensPerSecond">Speed of the steps, smoothed; evaluations are left out.</param>
/// <param name="Remaining">Time left at this speed, evaluations included; null while it cannot be told.</param>
/// <param name="Score">The score of an evaluation just made; null between them.</param>
/// <param name="IsBest">Whether that evaluation is the best so far and its weights are the ones saved.</param>
/// <param name="Best">The best figure so far.</param>
public sealed record TrainingProgress(
    long Step,
    long TotalSteps,
    double Epoch,
    int Epochs,
    double Loss,
    double LearningRate,
    double TokensPerSecond,
    TimeSpan? Remaining,
    ValidationScore? Score,
    bool IsBest,
    double? Best);
