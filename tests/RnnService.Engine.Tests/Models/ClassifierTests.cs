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

    [Fact]
    public void A_text_without_words_reads_as_unknown()
    {
        Classifier model = Tiny.Classifier();
        Assert.Equal([Tiny.Words.UnknownId], model.Encode(" \t"));
        Assert.Equal([Tiny.Words.UnknownId, Tiny.Words.IdOf("cat")], model.Encode("zebra cat"));
        Assert.Empty(model.Classify([]));
    }
}
