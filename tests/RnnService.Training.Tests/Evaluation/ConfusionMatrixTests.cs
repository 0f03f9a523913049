using CsCheck;
using RnnService.Training.Evaluation;
using Xunit;

namespace RnnService.Training.Tests.Evaluation;

public sealed class ConfusionMatrixTests
{
    private static readonly string[] UniversalTags =
    [
        "ADJ", "ADP", "ADV", "AUX", "CCONJ", "DET", "INTJ", "NOUN", "NUM", "PART", "PRON", "PROPN", "PUNCT", "SCONJ", "SYM", "VERB", "X",
    ];

    private static ConfusionMatrix Filled(string[] labels, params (int Gold, int Predicted, int Times)[] counts)
    {
        var matrix = new ConfusionMatrix(labels);
        foreach (var (gold, predicted, times) in counts)
        {
            for (int i = 0; i < times; i++) matrix.Add(gold, predicted);
        }

        return matrix;
    }

    [Fact]
    public void Scores_agree_with_those_counted_by_hand()
    {
        var matrix = Filled(["neg", "pos", "never"], (0, 0, 6), (0, 1, 2), (1, 0, 1), (1, 1, 3));

        Assert.Equal((12, 9), (matrix.Total, matrix.Correct));
        Assert.Equal(0.75, matrix.Accuracy);
        Assert.Equal(new F1Score(8, 7, 6), matrix[0]);
        Assert.Equal(6 / 7.0, matrix[0].Precision);
        Assert.Equal(0.75, matrix[0].Recall);
        Assert.Equal(0.8, matrix[0].F1, 12);
        Assert.Equal(2 / 3.0, matrix[1].F1, 12);
        Assert.Equal((0.8 + (2 / 3.0)) / 2, matrix.MacroF1, 12);
    }

    [Fact]
    public void Names_and_ids_count_the_same()
    {
        var matrix = new ConfusionMatrix(["a", "b"]);
        matrix.Add("a", "b");
        matrix.Add(0, 1);
        Assert.Equal(2, matrix[0, 1]);
    }

    [Fact]
    public void Accuracy_is_the_diagonals_share_and_every_score_a_share()
    {
        Gen.Select(Gen.Int[0, 5], Gen.Int[0, 5]).Array[0, 60].Sample(examples =>
        {
            var matrix = new ConfusionMatrix(["a", "b", "c", "d", "e", "f"]);
            foreach (var (gold, predicted) in examples) matrix.Add(gold, predicted);

            int[] labels = [0, 1, 2, 3, 4, 5];
            long trace = labels.Sum(id => matrix[id, id]);
            Assert.Equal(examples.Length, matrix.Total);
            Assert.Equal(examples.Length == 0 ? 0 : (double)trace / examples.Length, matrix.Accuracy);
            Assert.Equal(examples.Length, labels.Sum(id => matrix[id].Gold));
            Assert.Equal(examples.Length, labels.Sum(id => matrix[id].Predicted));
            Assert.InRange(matrix.MacroF1, 0, 1);
            Assert.All(labels, id => Assert.InRange(matrix[id].F1, 0, 1));
        });
    }

    [Fact]
    public void Perfect_predictions_score_1_even_where_a_label_never_occurs()
    {
        var matrix = Filled(["a", "b", "never"], (0, 0, 3), (1, 1, 1));
        Assert.Equal((1.0, 1.0), (matrix.Accuracy, matrix.MacroF1));
    }

    /// <summary>A label that is only ever predicted wrongly has an F1 of 0, and that counts.</summary>
    [Fact]
    public void The_macro_average_is_over_every_label_that_occurs_on_either_side()
    {
        var matrix = new ConfusionMatrix(["a", "b", "c", "never"]);
        matrix.Add("a", "a");
        matrix.Add("b", "c");
        Assert.Equal(1.0 / 3, matrix.MacroF1, 1e-12);
    }

    [Fact]
    public void The_table_shows_scores_and_counts()
    {
        var matrix = Filled(["negative", "positive"], (0, 0, 360), (0, 1, 68), (1, 1, 444));
        Assert.Equal(
            """
            accuracy 92.20 % (804 of 872)

            label          gold  predicted  correct  precision  recall     F1
            negative        428        360      360     100.00   84.11  91.37
            positive        444        512      444      86.72  100.00  92.89
            macro average                                93.36   92.06  92.13

            gold (rows), predicted (columns)
                      negative  positive
            negative       360        68
            positive         .       444

            """.ReplaceLineEndings("\n"),
            matrix.ToTable());
    }

    [Fact]
    public void Seventeen_labels_stay_within_the_console()
    {
        var matrix = new ConfusionMatrix(UniversalTags);
        for (int gold = 0; gold < UniversalTags.Length; gold++)
        {
            for (int i = 0; i < 4000; i++) matrix.Add(gold, i % 40 == 0 ? (gold + (i / 40)) % UniversalTags.Length : gold);
        }

        string[] wide = matrix.ToTable().Split('\n');
        Assert.Contains("gold (rows), predicted (columns)", wide);
        Assert.True(wide.Max(line => line.Length) <= 120);

        string[] narrow = matrix.ToTable(width: 80).Split('\n');
        Assert.Contains(narrow, line => line.StartsWith("most frequent confusions", StringComparison.Ordinal));
        Assert.True(narrow.Max(line => line.Length) <= 80);
    }

    [Fact]
    public void A_narrow_table_names_the_most_frequent_confusions_first()
    {
        var matrix = Filled(["a", "b", "c"], (0, 1, 2), (1, 2, 5), (2, 2, 9));
        Assert.EndsWith(
            "\nmost frequent confusions  count\nb taken for c                 5\na taken for b                 2\n",
            matrix.ToTable(width: 5));
    }

    [Fact]
    public void Without_confusions_a_narrow_table_ends_with_the_scores() =>
        Assert.EndsWith("100.00  100.00  100.00\n", Filled(["a", "b"], (0, 0, 1), (1, 1, 1)).ToTable(width: 1));

    [Fact]
    public void A_matrix_without_examples_has_a_table() =>
        Assert.StartsWith("accuracy 0.00 % (0 of 0)\n", new ConfusionMatrix(["a", "b"]).ToTable());

    [Fact]
    public void Wrong_labels_are_refused_with_a_sentence()
    {
        Assert.Equal(
            "a confusion matrix has no labels; expected at least one",
            Assert.Throws<ArgumentException>(() => new ConfusionMatrix([])).Message);
        Assert.Equal(
            "label 2 repeats label 0 (\"a\"); expected every label once",
            Assert.Throws<ArgumentException>(() => new ConfusionMatrix(["a", "b", "a"])).Message);

        var matrix = new ConfusionMatrix(["a", "b"]);
        Assert.Equal(
            "gold label \"c\" is not known; expected one of a, b",
            Assert.Throws<ArgumentException>(() => matrix.Add("c", "a")).Message);
        Assert.Equal(
            "predicted label \"c\" is not known; expected one of a, b",
            Assert.Throws<ArgumentException>(() => matrix.Add("a", "c")).Message);
        Assert.StartsWith(
            "gold label -1 is not known; expected 0 to 1",
            Assert.Throws<ArgumentOutOfRangeException>(() => matrix.Add(-1, 0)).Message);
        Assert.StartsWith(
            "predicted label 2 is not known; expected 0 to 1",
            Assert.Throws<ArgumentOutOfRangeException>(() => matrix.Add(0, 2)).Message);
        Assert.Equal(0, matrix.Total);
    }
}
