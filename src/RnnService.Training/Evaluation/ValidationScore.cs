using System.Collections.ObjectModel;
using RnnService.Engine.Models;
using RnnService.Engine.Text;
using RnnService.Training.Recipes;

namespace RnnService.Training.Evaluation;

/// <summary>A score in one figure: what chooses the best weights of a training, and what is compared when weights change.</summary>
/// <param name="Loss">Nats a prediction.</param>
/// <param name="Metric">Name of the figure.</param>
/// <param name="Value">That figure.</param>
/// <param name="HigherIsBetter">Whether it is a share from 0 to 1, of which more is better; else nats, of which less is.</param>
public sealed record ValidationScore(double Loss, string Metric, double Value, bool HigherIsBetter)
{
    /// <summary>The score as a model's configuration keeps it.</summary>
    /// <param name="part">What of a corpus it was measured on, as a prefix of the names: "valid_"; empty where that is not known.</param>
    public IReadOnlyDictionary<string, double> Metrics(string part = "") =>
        More.Select(metric => (metric.Key, metric.Value)).Prepend((LossName, Loss)).Prepend((Metric, Value)).DistinctBy(metric => metric.Item1)
            .ToDictionary(metric => part + metric.Item1, metric => metric.Item2);

    /// <summary>What else was measured, by name.</summary>
    public IReadOnlyDictionary<string, double> More { get; init; } = ReadOnlyDictionary<string, double>.Empty;

    /// <summary>The score that a model's configuration keeps of its training; null when it keeps none.</summary>
    public static ValidationScore? Of(ModelConfig config)
    {
        const string part = "valid_", loss = part + LossName;
        if (!config.Metrics.TryGetValue(loss, out double nats)) return null;
        var (name, value) = config.Metrics.FirstOrDefault(metric => metric.Key.StartsWith(part, StringComparison.Ordinal) && metric.Key != loss);
        return name is null ? null : new(nats, name[part.Length..], value, HigherIsBetter: config.Task is not (ModelTask.LanguageModel or ModelTask.Regressor or ModelTask.Forecaster));
    }

    /// <summary>The figures that can choose the best weights of a model, the usual one first where there is a choice.</summary>
    internal static IReadOnlyList<ValidationFigure> FiguresOf(ModelConfig config) => config switch
    {
        { Task: ModelTask.Classifier, MultiLabel: true } => [ValidationFigure.MicroF1, ValidationFigure.MacroF1, ValidationFigure.Loss],
        { Task: ModelTask.Tagger, Numbers: null } when SpanScheme.Of(config.Labels).MarksSpans =>
            [ValidationFigure.SpanF1, ValidationFigure.Accuracy, ValidationFigure.Loss],
        { Task: ModelTask.Classifier or ModelTask.Tagger } => [ValidationFigure.Accuracy, ValidationFigure.MacroF1, ValidationFigure.Loss],
        _ => [ValidationFigure.Loss],
    };

    /// <summary>The same score, judged by another of its figures.</summary>
    /// <param name="figure">One of <see cref="FiguresOf"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The score does not have it.</exception>
    internal ValidationScore By(ValidationFigure figure)
    {
        string name = SnakeCase.Of(figure);
        if (name == Metric) return this;
        bool isLoss = figure == ValidationFigure.Loss;
        if (!isLoss && !More.ContainsKey(name)) throw new ArgumentOutOfRangeException(nameof(figure), figure, "not a figure of this score");
        return new(Loss, name, isLoss ? Loss : More[name], HigherIsBetter: !isLoss)
        {
            More = More.Where(metric => metric.Key != name).Prepend(new(Metric, Value)).ToDictionary(),
        };
    }

    /// <summary>Of a language model: nats a token.</summary>
    public static ValidationScore Of(LanguageScores scores) => new(scores.Nats, "nats_a_token", scores.Nats, HigherIsBetter: false);

    /// <summary>Of a translator: BLEU.</summary>
    public static ValidationScore Of(TranslationReport report) => new(report.Tokens.Nats, "bleu", report.Bleu.Value, HigherIsBetter: true);

    /// <summary>Of a classifier: accuracy.</summary>
    public static ValidationScore Of(ClassificationReport report) =>
        OfLabels(report.Loss, report.Confusion, Error(report.Confidences));

    /// <summary>Of a classifier that gives a text several labels: the F1 of all labels together.</summary>
    public static ValidationScore Of(MultiLabelReport report) => new(report.Loss, "micro_f1", report.Micro.F1, HigherIsBetter: true)
    {
        More = new Dictionary<string, double>(Error(report.Confidences)) { ["macro_f1"] = report.MacroF1 },
    };

    /// <summary>Of a tagger: the F1 of spans where labels mark them, else accuracy.</summary>
    public static ValidationScore Of(TaggingReport report) => report.Spans is { } spans
        ? new(report.Loss, "span_f1", spans.Overall.F1, HigherIsBetter: true)
        {
            More = new Dictionary<string, double>(Error(report.Confidences)) { ["accuracy"] = report.Confusion.Accuracy },
        }
        : OfLabels(report.Loss, report.Confusion, Error(report.Confidences));

    /// <summary>Of a model of numbers: accuracy, the share of symbols without an error, or the root of the mean squared error.</summary>
    public static ValidationScore Of(NumberReport report) => report switch
    {
        { Symbols: { } symbols } => new(report.Loss, "symbols_right", Math.Max(0, 1 - symbols.Rate), HigherIsBetter: true),
        { Confusion: { } confusion } => OfLabels(report.Loss, confusion, []),
        _ => new(report.Loss, "rmse", report.Errors!.RootMeanSquare, HigherIsBetter: false),
    };

    /// <summary>The score with the calibration error that the model had before its calibration, too.</summary>
    internal ValidationScore WithCalibration(Confidences before) => this with
    {
        More = new Dictionary<string, double>(More) { [CalibrationError + "_uncalibrated"] = before.ExpectedCalibrationError },
    };

    private const string LossName = "loss", CalibrationError = "calibration_error";

    private static ValidationScore OfLabels(double loss, ConfusionMatrix confusion, Dictionary<string, double> more) =>
        new(loss, "accuracy", confusion.Accuracy, HigherIsBetter: true) { More = new Dictionary<string, double>(more) { ["macro_f1"] = confusion.MacroF1 } };

    private static Dictionary<string, double> Error(Confidences confidences) => new() { [CalibrationError] = confidences.ExpectedCalibrationError };

    /// <summary>Whether loss and figure are numbers.</summary>
    public bool IsFinite => double.IsFinite(Loss) && double.IsFinite(Value);

    /// <summary>
    /// Whether this is better than another; of equal figures the smaller loss is. Any score is better than none, but one that is not
    /// finite is never better.
    /// </summary>
    public bool IsBetterThan(double? best, double bestLoss) => IsFinite
        && (best is not { } other || (Value == other ? Loss < bestLoss : HigherIsBetter == Value > other));
}
