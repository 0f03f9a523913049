using CsCheck;
using RnnService.Training.Evaluation;
using Xunit;

namespace RnnService.Training.Tests.Evaluation;

public sealed class SpanScoresTests
{
    private static readonly string[] Bio = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC", "I-X-Y"];
    private static readonly Gen<string[]> Tags = Gen.Int[0, Bio.Length - 1].Select(tag => Bio[tag]).Array[0, 12];

    private static F1Score Score(string gold, string predicted)
    {
        var scores = new SpanScores();
        scores.Add(gold.Split(' '), predicted.Split(' '));
        return scores.Overall;
    }

    [Theory]
    [InlineData("B-PER I-PER O", "B-PER I-PER O", 1, 1, 1)]
    [InlineData("B-PER I-PER O", "I-PER I-PER O", 1, 1, 1)] // I- at the beginning starts a span
    [InlineData("O B-PER I-PER", "O I-PER I-PER", 1, 1, 1)] // and after O
    [InlineData("B-PER B-LOC", "B-PER I-LOC", 2, 2, 2)] // and after another type
    [InlineData("B-PER B-PER", "B-PER I-PER", 2, 1, 0)] // B- ends the span before it
    [InlineData("B-PER I-PER", "B-PER B-PER", 1, 2, 0)]
    [InlineData("B-PER I-PER O", "B-PER I-PER I-PER", 1, 1, 0)] // the end must agree
    [InlineData("B-PER I-PER O", "O B-PER O", 1, 1, 0)] // the start must agree
    [InlineData("B-PER I-PER O", "B-LOC I-LOC O", 1, 1, 0)] // the type must agree
    [InlineData("O O", "O B-PER", 0, 1, 0)]
    [InlineData("O B-PER", "O O", 1, 0, 0)]
    [InlineData("B-PER I-LOC I-LOC I-PER", "B-PER B-LOC I-LOC O", 3, 2, 2)]
    public void A_span_is_correct_when_start_end_and_type_agree(string gold, string predicted, int spans, int found, int correct) =>
        Assert.Equal(new F1Score(spans, found, correct), Score(gold, predicted));

    [Fact]
    public void Scores_are_kept_by_type()
    {
        var scores = new SpanScores();
        scores.Add(["B-PER", "O", "B-LOC", "I-LOC"], ["B-PER", "O", "B-LOC", "O"]);
        scores.Add(["O", "B-PER"], ["B-ORG", "B-PER"]);

        Assert.Equal(["LOC", "ORG", "PER"], scores.ByType.Keys);
        Assert.Equal(new F1Score(1, 1, 0), scores.ByType["LOC"]);
        Assert.Equal(new F1Score(0, 1, 0), scores.ByType["ORG"]);
        Assert.Equal(new F1Score(2, 2, 2), scores.ByType["PER"]);
        Assert.Equal(new F1Score(3, 4, 2), scores.Overall);
        Assert.Equal(0.5, scores.Overall.Precision);
        Assert.Equal(2 / 3.0, scores.Overall.Recall, 12);
        Assert.Equal(4 / 7.0, scores.Overall.F1, 12);
        Assert.Equal(
            """
            span  gold  predicted  correct  precision  recall      F1
            LOC      1          1        0       0.00    0.00    0.00
            ORG      0          1        0       0.00    0.00    0.00
            PER      2          2        2     100.00  100.00  100.00
            all      3          4        2      50.00   66.67   57.14

            """.ReplaceLineEndings("\n"),
            scores.ToTable());
    }

    [Fact]
    public void Gold_against_itself_is_perfect()
    {
        Tags.Sample(tags =>
        {
            var scores = new SpanScores();
            scores.Add(tags, tags);
            Assert.Equal(tags.Any(tag => tag != "O") ? 1 : 0, scores.Overall.F1);
            Assert.Equal(scores.Overall.Gold, scores.Overall.Correct);
        });
    }

    [Fact]
    public void Swapping_gold_and_predicted_swaps_precision_and_recall()
    {
        Gen.Select(Tags, Tags).Sample((one, other) =>
        {
            int length = Math.Min(one.Length, other.Length);
            SpanScores forth = new(), back = new();
            forth.Add(one[..length], other[..length]);
            back.Add(other[..length], one[..length]);

            Assert.Equal((forth.Overall.Precision, forth.Overall.Recall), (back.Overall.Recall, back.Overall.Precision));
            Assert.Equal(forth.Overall.F1, back.Overall.F1);
            Assert.Equal(forth.Overall.Gold, forth.ByType.Values.Sum(score => score.Gold));
        });
    }

    [Fact]
    public void Wrong_tags_are_refused_with_a_sentence_and_not_counted()
    {
        var scores = new SpanScores();
        Assert.Equal(
            "1 predicted tags for 2 gold ones: wanted as many",
            Assert.Throws<ArgumentException>(() => scores.Add(["O", "O"], ["O"])).Message);
        foreach (string tag in new[] { "S-PER", "B-", "B", "", "PER", "o" })
        {
            Assert.Equal(
                $"tag \"{tag}\" of word 1 is not BIO: wanted O, B-TYPE or I-TYPE",
                Assert.Throws<ArgumentException>(() => scores.Add(["B-PER", "O"], ["B-PER", tag])).Message);
        }

        Assert.Equal(default, scores.Overall);
    }
}
