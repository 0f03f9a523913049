using RnnService.Engine.Kernels;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;
using RnnService.Engine.Tests.Cells;
using RnnService.Engine.Weights;
using RnnService.Tests;
using Xunit;

namespace RnnService.Engine.Tests.Models;

public sealed class ExplanationTests
{
    public static TheoryData<CellKind> Kinds => CellTests.Kinds;

    [Theory]
    [MemberData(nameof(Kinds))]
    public void The_score_after_each_token_is_that_of_the_text_up_to_it(CellKind kind)
    {
        foreach (Pooling pooling in Enum.GetValues<Pooling>())
        {
            foreach ((bool both, bool reverse) in ((bool, bool)[])[(false, false), (true, false), (false, true)])
            {
                Classifier model = Tiny.Classifier(kind, pooling, both, reverse: reverse);
                int[] text = model.Encode("I liked the film , it was not very bad .");
                Explanation found = model.Explain([text])[0];
                Assert.Equal(text.Length, found.Running.Count);
                for (int length = 1; length <= text.Length; length++) Expect.SameBits(model.Logits([text[..length]])[0], found.Running[length - 1]);
                Assert.Equal(Array.IndexOf(found.Running[^1], found.Running[^1].Max()), found.Label);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Contributions_add_up_to_the_difference_from_the_baseline(CellKind kind)
    {
        var random = new RandomSource(3);
        foreach (Pooling pooling in Enum.GetValues<Pooling>())
        {
            Classifier model = Tiny.Classifier(kind, pooling);
            for (int i = 0; i < 5; i++)
            {
                Explanation found = model.Explain(string.Join(' ', Tiny.Sentence(ref random, 1 + random.Below(12))));
                double difference = found.Value - found.Baseline;
                Assert.True(found.CompletenessGap <= .01 * Math.Abs(difference) + 1e-5, $"{pooling}: {found.CompletenessGap} of {difference}");
                Assert.Equal(Math.Abs(found.Contributions.Sum(share => (double)share) - difference), found.CompletenessGap);
            }
        }
    }

    [Fact]
    public void Of_eight_bit_weights_they_are_those_of_the_same_weights_as_floats()
    {
        Classifier exact = Tiny.Classifier(CellKind.Gru, Pooling.Mean);
        var narrow = (Classifier)TextModel.Create(exact.Config, exact.Vocabulary, Parameters.From(
            (name, _) => exact.Parameters.All.Single(one => one.Name == name).Data, typeOf: name => name.Contains("weight", StringComparison.Ordinal) ? ElementType.I8 : ElementType.F32));
        const string Text = "I liked the film , it was not very bad .";
        Explanation found = narrow.Explain(Text), floats = exact.Explain(Text);
        Expect.SameBits(narrow.Logits([narrow.Encode(Text)])[0], found.Running[^1]);
        Assert.NotEqual(floats.Running[^1], found.Running[^1]);
        Assert.Equal(floats.Label, found.Label);
        Expect.SameBits([.. floats.Contributions], [.. found.Contributions]);
        Assert.InRange(found.CompletenessGap, 0, .01 * Math.Abs(found.Value - found.Baseline));
    }

    [Fact]
    public void Of_a_linear_model_they_are_those_computed_by_hand()
    {
        // Two sums on top of each other: a token counts once for every token from itself on.
        Classifier model = Tiny.Classifier(CellKind.Sum, Pooling.Last, both: false);
        int[] text = model.Encode("the film was not bad");
        Explanation found = model.Explain([text])[0];
        ReadOnlySpan<float> embedding = model.Parameters.All.Single(one => one.Name == "embedding.weight").Values;
        ReadOnlySpan<float> head = model.Parameters.All.Single(one => one.Name == "head.weight").Values;
        for (int i = 0; i < text.Length; i++)
        {
            double byHand = 0;
            for (int unit = 0; unit < 9; unit++)
            {
                double others = Enumerable.Range(0, 3).Where(label => label != found.Label).Sum(label => model.Parameters.All.Single(one => one.Name == "head.weight").Values[label * 9 + unit]);
                byHand += (head[found.Label * 9 + unit] - others / 2) * embedding[text[i] * 9 + unit];
            }

            Assert.Equal(byHand * (text.Length - i), found.Contributions[i], 1e-4);
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void An_explanation_in_a_batch_equals_it_alone(CellKind kind)
    {
        Classifier model = Tiny.Classifier(kind, Pooling.Max);
        int[][] texts = [.. "I liked it .|bad|the film was not very good , I sat on it|a dog".Split('|').Select(model.Encode)];
        IReadOnlyList<Explanation> together = model.Explain(texts);
        for (int i = 0; i < texts.Length; i++)
        {
            Explanation alone = model.Explain([texts[i]])[0];
            Expect.SameBits([.. alone.Contributions], [.. together[i].Contributions]);
            for (int t = 0; t < texts[i].Length; t++) Expect.SameBits(alone.Running[t], together[i].Running[t]);
            Assert.Equal((alone.Value, alone.Baseline, alone.Steps, alone.Label), (together[i].Value, together[i].Baseline, together[i].Steps, together[i].Label));
        }
    }

    [Fact]
    public void The_shipped_classifier_is_explained_to_within_a_hundredth()
    {
        using Classifier model = Classifier.Load(Path.Combine(Repository.Root, "models", "sentiment"));
        string[] texts =
        [
            "A lovely film, warm and funny.", "Two hours I will never get back.", "Not bad at all, though the end drags on and on.",
            "I wanted to like it, but the jokes are old and nobody seems to care.", "The cast is great; the script is not.",
        ];
        foreach (string text in texts)
        {
            Explanation found = model.Explain(text);
            Assert.InRange(found.CompletenessGap, 0, .01 * Math.Abs(found.Value - found.Baseline));
            Assert.Equal(model.Read(text).Tokens.Count, found.Contributions.Count);
        }

        Explanation lovely = model.Explain(texts[0]);
        Assert.Equal("positive", model.Labels[lovely.Label]);
        Assert.Equal("lovely", model.Read(texts[0]).Tokens[lovely.Contributions.ToList().IndexOf(lovely.Contributions.Max())].Text);
    }

    [Fact]
    public void What_computes_between_the_steps_can_end_it()
    {
        Classifier model = Tiny.Classifier();
        int calls = 0;
        Assert.Throws<OperationCanceledException>(() =>
            model.Explain([model.Encode("the film was good")], () => { if (++calls == 20) throw new OperationCanceledException(); }));
        Explanation after = model.Explain("the film was good");
        Assert.InRange(after.CompletenessGap, 0, .01 * Math.Abs(after.Value - after.Baseline));
    }

    [Fact]
    public void The_quadrature_is_exact_for_polynomials()
    {
        (double[] nodes, double[] weights) = IntegratedGradients.GaussLegendre(5);
        for (int degree = 0; degree < 10; degree++)
            Assert.Equal(1.0 / (degree + 1), nodes.Zip(weights, (x, w) => w * Math.Pow(x, degree)).Sum(), 1e-14);
    }
}
