namespace RnnService.Training.Evaluation;

/// <summary>How a classifier did that gives a text any number of labels.</summary>
/// <param name="Loss">Nats a text, summed over the labels.</param>
/// <param name="Labels">The labels' names: those of the model in id order, then those that only the corpus has.</param>
/// <param name="Scores">Precision, recall and F1 of each label, of the labels that reach their thresholds.</param>
/// <param name="Texts">Texts.</param>
/// <param name="Exact">Texts whose labels are all right and none too many.</param>
public sealed record MultiLabelReport(double Loss, IReadOnlyList<string> Labels, IReadOnlyList<F1Score> Scores, long Texts, long Exact)
{
    /// <summary>Precision, recall and F1 of all labels together: every label of every text counts alike.</summary>
    public F1Score Micro => new(Scores.Sum(score => score.Gold), Scores.Sum(score => score.Predicted), Scores.Sum(score => score.Correct));

    /// <summary>The mean F1 of the labels that occur as gold or predicted, from 0 to 1; 0 when there are none.</summary>
    public double MacroF1 => Scores.Where(score => score is not { Gold: 0, Predicted: 0 }).Select(score => score.F1).DefaultIfEmpty(0).Average();

    /// <summary>The share of texts whose labels are all right and none too many.</summary>
    public double ExactMatch => F1Score.Share(Exact, Texts);

    /// <summary>For each text and label the probability, and whether the text has it.</summary>
    public Confidences Confidences { get; init; } = new();

    /// <summary>The scores for the console: one line a label, then all together and their mean.</summary>
    internal string ToTable()
    {
        List<string[]> rows = [["label", .. TextTable.ScoreHeader]];
        rows.AddRange(Labels.Zip(Scores).Where(pair => pair.Second is not { Gold: 0, Predicted: 0 })
            .Select(pair => (string[])[pair.First, .. TextTable.Cells(pair.Second)]));
        rows.Add(["micro", .. TextTable.Cells(Micro)]);
        rows.Add(["macro average", "", "", "", "", "", TextTable.Percent(MacroF1)]);
        return TextTable.Format(rows);
    }
}
