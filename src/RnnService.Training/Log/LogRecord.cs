using System.Text.Json.Serialization;

namespace RnnService.Training.Log;

/// <summary>
/// One line of a training log. Numbers that are not finite are written as null and read back as NaN (a missing
/// <see cref="EvaluationRecord.Value"/> as null).
/// </summary>
/// <param name="Step">Optimizer steps made so far.</param>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(StepRecord), "step")]
[JsonDerivedType(typeof(EvaluationRecord), "eval")]
[JsonDerivedType(typeof(NoteRecord), "note")]
public abstract record LogRecord([property: JsonPropertyOrder(-1)] long Step);

/// <summary>What a step, or the mean of the steps since the last record, was like.</summary>
/// <param name="Step">Optimizer steps made so far.</param>
/// <param name="Epoch">Passes over the corpus made so far, the fraction of the one under way included.</param>
/// <param name="Loss">Training loss: nats a token, or an example.</param>
/// <param name="LearningRate">The learning rate of the step.</param>
/// <param name="GradientNorm">The gradient's norm over all parameters before clipping.</param>
/// <param name="TokensPerSecond">Speed since the last record.</param>
/// <param name="ElapsedSeconds">Seconds of training so far, those before a resumption included.</param>
public sealed record StepRecord(
    long Step,
    double Epoch,
    double Loss,
    double LearningRate,
    double GradientNorm,
    double TokensPerSecond,
    double ElapsedSeconds) : LogRecord(Step);

/// <summary>What an evaluation on the validation part gave.</summary>
/// <param name="Step">Optimizer steps made so far.</param>
/// <param name="Epoch">Passes over the corpus made so far.</param>
/// <param name="ValidLoss">Loss on the validation part.</param>
/// <param name="Metric">The metric's name, "accuracy" say, or null when the loss is all there is.</param>
/// <param name="Value">The metric's value.</param>
/// <param name="Best">Whether this is the best evaluation so far.</param>
public sealed record EvaluationRecord(long Step, double Epoch, double ValidLoss, string? Metric, double? Value, bool Best)
    : LogRecord(Step);

/// <summary>Something a reader of the log should know: a start, a resumption, a changed setting, a stop and its reason.</summary>
/// <param name="Step">Optimizer steps made so far.</param>
/// <param name="Text">One sentence.</param>
public sealed record NoteRecord(long Step, string Text) : LogRecord(Step);
