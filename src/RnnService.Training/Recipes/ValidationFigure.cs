namespace RnnService.Training.Recipes;

/// <summary>A figure of the validation part that can choose the best weights.</summary>
public enum ValidationFigure
{
    /// <summary>Nats a prediction; of values their squared error.</summary>
    Loss,

    /// <summary>The share of right labels.</summary>
    Accuracy,

    /// <summary>The mean F1 of the labels: rare ones count as much as others.</summary>
    MacroF1,

    /// <summary>The F1 of all labels together, where a text has several.</summary>
    MicroF1,

    /// <summary>The F1 of spans, of a tagger of text whose labels mark them.</summary>
    SpanF1,
}
