using RnnService.Engine.Kernels;
using Xunit;

namespace RnnService.Engine.Tests.Kernels;

public sealed class CrossEntropyTests
{
    [Fact]
    public void Loss_and_gradient_agree_with_double_at_every_length()
    {
        for (int length = 1; length <= 256; length++)
        {
            float[] x = Draw.Normal(1, length, 4);
            int target = length / 3;
            double sum = x.Sum(value => Math.Exp(value));
            double[] wanted = [.. x.Select((value, i) => Math.Exp(value) / sum - (i == target ? 1 : 0))];
            double loss = Math.Log(sum) - x[target];
            Assert.Equal(loss, CrossEntropy.Backward(x, target), 2e-6);
            Expect.Near(wanted, x, 2e-6);
        }
    }

    [Theory]
    [InlineData(new float[] { -1000, 1000 }, 0, 2000, new float[] { -1, 1 })]
    [InlineData(new float[] { -1000, 1000 }, 1, 0, new float[] { 0, 0 })]
    [InlineData(new float[] { 3e38f, 0 }, 0, 0, new float[] { 0, 0 })]
    public void Large_numbers_are_stood(float[] logits, int target, double loss, float[] gradient)
    {
        Assert.Equal(loss, CrossEntropy.Backward(logits, target), 1e-3);
        Expect.SameBits(gradient, logits);
    }

    /// <summary>A sigmoid a label, any of them right, each with a weight or none: against the definition in double.</summary>
    [Fact]
    public void Labels_that_do_not_exclude_each_other_agree_with_double_at_every_length()
    {
        for (int length = 1; length <= 256; length++)
        {
            foreach (bool weighted in (bool[])[false, true])
            {
                float[] x = Draw.Normal(2, length, 4), weights = weighted ? [.. Draw.Normal(3, length).Select(MathF.Abs)] : [];
                int[] targets = [.. Enumerable.Range(0, length).Where(i => i % 3 == length % 2)];
                double loss = 0;
                double[] wanted = new double[length];
                for (int i = 0; i < length; i++)
                {
                    double p = 1 / (1 + Math.Exp(-x[i])), weight = weighted ? weights[i] : 1;
                    loss -= targets.Contains(i) ? weight * Math.Log(p) : Math.Log(1 - p);
                    wanted[i] = targets.Contains(i) ? weight * (p - 1) : p;
                }

                Assert.Equal(loss, CrossEntropy.SigmoidBackward(x, targets, weights), 1e-9 * length + 1e-9);
                Expect.Near(wanted, x, 2e-6);
            }
        }
    }

    [Fact]
    public void Large_numbers_are_stood_label_by_label()
    {
        float[] x = [-1e30f, 1e30f, 1e30f, -1e30f];
        double loss = CrossEntropy.SigmoidBackward(x, [0, 1]);
        Assert.Equal(2, loss / 1e30, 1e-6);
        Expect.Near([-1, 0, 1, 0], x, 1e-6);
        Assert.True(double.IsNaN(CrossEntropy.SigmoidBackward([0, float.NaN], [0])));
    }

    [Fact]
    public void A_label_counts_as_its_weight_says()
    {
        float[] one = Draw.Normal(5, 7), other = [.. one];
        Assert.Equal(2.5 * CrossEntropy.Backward(one, 3), CrossEntropy.WeightedBackward(other, 3, [0, 0, 0, 2.5f, 0, 0, 0]), 1e-12);
        Expect.Near([.. one.Select(value => 2.5 * value)], other, 1e-6);
        Assert.Equal(CrossEntropy.Backward([1, 2], 1), CrossEntropy.WeightedBackward([1, 2], 1, []));
    }

    [Fact]
    public void What_is_not_finite_is_seen()
    {
        Assert.True(double.IsNaN(CrossEntropy.Backward([0, float.NaN], 0)));
        Assert.True(double.IsPositiveInfinity(CrossEntropy.Backward([float.NegativeInfinity, 0], 0)));
    }
}
