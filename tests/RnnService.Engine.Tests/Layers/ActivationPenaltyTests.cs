using RnnService.Engine.Layers;
using Xunit;

namespace RnnService.Engine.Tests.Layers;

public sealed class ActivationPenaltyTests
{
    private const int Width = 5;

    private static readonly BatchLayout Layout = BatchLayout.Of([4, 0, 6, 1]);

    /// <summary>The sums are those of the definition, sequence by sequence, and the gradient is their derivative.</summary>
    [Theory]
    [InlineData(2, 0, false)]
    [InlineData(0, 1, false)]
    [InlineData(1.5, 0.5, true)]
    public void Penalties_are_what_they_say_and_have_their_derivative(float size, float change, bool dropped)
    {
        var penalty = new ActivationPenalty(size, change);
        float[] h = Draw.Normal(1, Layout.Rows * Width), dh = Draw.Normal(2, h.Length), before = [.. dh];
        float[] mask = dropped ? new Dropout(5).Mask(new float[Layout.Batch * Width], 0.4f).ToArray() : [];
        double[] values = Draw.ToDouble(h);
        Assert.Equal(Naive(values), penalty.Backward(Layout, h, mask, dh), 1e-5);
        for (int i = 0; i < h.Length; i++)
        {
            const double Step = 1e-5;
            double value = values[i];
            values[i] = value + Step;
            double above = Naive(values);
            values[i] = value - Step;
            Assert.Equal((above - Naive(values)) / (2 * Step), dh[i] - before[i], 1e-5);
            values[i] = value;
        }

        double Naive(double[] x)
        {
            double sum = 0;
            for (int place = 0; place < Layout.Batch; place++)
            {
                int rank = Layout.RankOf(place);
                for (int t = 0; t < Layout.LengthOfRank(rank); t++)
                {
                    for (int unit = 0; unit < Width; unit++)
                    {
                        double here = At(t, unit), kept = dropped ? here * mask[rank * Width + unit] : here;
                        sum += size * kept * kept / Width;
                        if (t > 0) sum += change * Math.Pow(here - At(t - 1, unit), 2) / Width;
                    }
                }

                double At(int t, int unit) => x[Layout.RowOf(place, t) * Width + unit];
            }

            return sum;
        }
    }

    [Fact]
    public void Nothing_is_penalised_at_weight_0()
    {
        float[] dh = Draw.Normal(2, Layout.Rows * Width), before = [.. dh];
        Assert.Equal(0, default(ActivationPenalty).Backward(Layout, Draw.Normal(1, dh.Length), [], dh));
        Expect.SameBits(before, dh);
    }
}
