using CsCheck;
using RnnService.Engine.Models;
using RnnService.Training.Evaluation;
using Xunit;

namespace RnnService.Training.Tests.Evaluation;

public sealed class ValidationScoreTests
{
    /// <summary>Each sentence adds its counts, and the figure is that of the sums: neither a mean of sentences nor one of types.</summary>
    [Fact]
    public void The_figure_of_a_tagger_is_the_f1_of_pooled_counts()
    {
        string[] labels = ["B-X", "I-X", "B-Y", "I-Y", "O"], drawn = ["B-X", "B-Y", "O"];
        Gen<string[]> tags = Gen.Int[0, 5].Array[8].Select(picks => picks.Select(pick => drawn[Math.Min(pick, 2)]).ToArray());
        Gen.Select(tags, tags, Gen.Int[1, 8]).Array[1, 6].Sample(sentences =>
        {
            var spans = new SpanScores(SpanScheme.Of(labels));
            int gold = 0, found = 0, right = 0;
            foreach (var (one, two, length) in sentences)
            {
                spans.Add(one[..length], two[..length]);
                for (int i = 0; i < length; i++)
                {
                    gold += one[i] != "O" ? 1 : 0;
                    found += two[i] != "O" ? 1 : 0;
                    right += one[i] != "O" && one[i] == two[i] ? 1 : 0;
                }
            }

            ValidationScore score = ValidationScore.Of(new TaggingReport(1.5, new ConfusionMatrix(labels), spans));
            Assert.Equal(("span_f1", 1.5, true), (score.Metric, score.Loss, score.HigherIsBetter));
            if (gold + found > 0) Assert.Equal(2.0 * right / (gold + found), score.Value, 1e-12);
        });
    }
}
