using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Tests.Cells;
using RnnService.Engine.Weights;
using Xunit;

namespace RnnService.Engine.Tests.Models;

public sealed class ClassifierTests
{
    public static TheoryData<CellKind> Kinds => CellTests.Kinds;

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_text_in_a_batch_equals_the_text_alone(CellKind kind)
    {
        var random = new RandomSource(4);
        foreach (Pooling pooling in Enum.GetValues<Pooling>())
        {
            foreach (bool both in (bool[])[false, true])
            {
                Classifier model = Tiny.Classifier(kind, pooling, both);
                int[][] texts = new int[17][];
                for (int i = 0; i < texts.Length; i++)
                    texts[i] = model.Encode(string.Join(' ', Tiny.Sentence(ref random, random.Below(12))));
                float[][] together = model.Classify(texts);
                for (int i = 0; i < texts.Length; i++)
                {
                    Expect.SameBits(model.Classify([texts[i]])[0], together[i]);
                    Assert.Equal(1, together[i].Sum(), 1e-6);
                }
            }
        }
    }

    [Fact]
    public void An_answer_names_the_labels_best_first()
    {
        Classifier model = Tiny.Classifier();
        float[] scores = model.Classify([model.Encode("the cat sat")])[0];
        ModelAnswer answer = model.Answer("the cat sat");
        Assert.Equal(scores.OrderDescending(), answer.Scores);
        int[] order = [.. Enumerable.Range(0, 3).OrderByDescending(label => scores[label])];
        Assert.Equal(order.Select(label => model.Config.Labels[label]), answer.Labels);
    }

    /// <summary>Labels that do not exclude each other have a probability each, whatever else is in the batch; those that reach their thresholds are given.</summary>
    [Fact]
    public void Several_labels_of_a_text_are_those_that_reach_their_thresholds()
    {
        Classifier model = Tiny.MultiLabel();
        var random = new RandomSource(8);
        string[] texts = new string[40];
        foreach (ref string text in texts.AsSpan()) text = string.Join(' ', Tiny.Sentence(ref random, 1 + random.Below(8)));
        int[][] ids = [.. texts.Select(model.Encode)];
        float[][] together = model.Classify(ids), logits = model.Logits(ids);
        var counts = new HashSet<int>();
        for (int i = 0; i < texts.Length; i++)
        {
            Expect.SameBits(model.Classify([ids[i]])[0], together[i]);
            Expect.Near([.. logits[i].Select(x => 1 / (1 + Math.Exp(-x)))], together[i], 1e-6);
            IReadOnlyList<LabelScore> given = model.LabelsOf(texts[i]);
            string[] wanted = [.. Enumerable.Range(0, 3).Where(label => together[i][label] >= model.Config.Thresholds![label])
                .OrderByDescending(label => together[i][label]).Select(label => model.Labels[label])];
            Assert.Equal(wanted, given.Select(label => label.Label));
            counts.Add(wanted.Length);
        }

        Assert.True(counts.Count > 1, $"every text has {string.Join(" or ", counts)} labels");
    }

    /// <summary>Probabilities are those of the logits divided by the calibration; the logits themselves and the order of the labels stay.</summary>
    [Fact]
    public void A_calibration_changes_probabilities_alone()
    {
        foreach (Classifier plain in (Classifier[])[Tiny.Classifier(), Tiny.MultiLabel()])
        {
            foreach (float temperature in (float[])[.3f, 1, 4])
            {
                Classifier model = plain.With(plain.Config with { Calibration = temperature });
                int[][] texts = [plain.Encode("the cat sat"), plain.Encode("not good !")];
                float[][] logits = plain.Logits(texts), scores = model.Classify(texts), same = model.Logits(texts);
                for (int i = 0; i < texts.Length; i++)
                {
                    Expect.SameBits(logits[i], same[i]);
                    float[] divided = [.. logits[i].Select(logit => logit / temperature)];
                    Expect.SameBits(Classifier.Scores(divided, plain.Config), scores[i]);
                    Assert.Equal(model.Ranked([.. logits[i]]).Select(label => label.Label), model.Ranked(scores[i]).Select(label => label.Label));
                }

                Assert.Equal(plain.Classify("the cat sat", ScoreFunction.None), model.Classify("the cat sat", ScoreFunction.None));
            }
        }
    }

    [Fact]
    public void A_text_that_no_label_fits_has_none()
    {
        Classifier model = Tiny.Classifier();
        float best = model.Classify("the cat sat")[0].Score;
        Assert.Empty(model.With(model.Config with { Threshold = MathF.BitIncrement(best) }).LabelsOf("the cat sat"));
        Assert.Equal(best, Assert.Single(model.With(model.Config with { Threshold = best }).LabelsOf("the cat sat")).Score);
        Assert.Single(model.LabelsOf("the cat sat"));
    }

    [Fact]
    public void A_text_without_words_reads_as_unknown()
    {
        Classifier model = Tiny.Classifier();
        Assert.Equal([Tiny.Words.UnknownId], model.Encode(" \t"));
        Assert.Equal([Tiny.Words.UnknownId, Tiny.Words.IdOf("cat")], model.Encode("zebra cat"));
        Assert.Empty(model.Classify([]));
    }
}
