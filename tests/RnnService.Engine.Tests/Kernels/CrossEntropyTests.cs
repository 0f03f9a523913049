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

    [Fact]
    public void What_is_not_finite_is_seen()
    {
        Assert.True(double.IsNaN(CrossEntropy.Backward([0, float.NaN], 0)));
        Assert.True(double.IsPositiveInfinity(CrossEntropy.Backward([float.NegativeInfinity, 0], 0)));
    }
}
