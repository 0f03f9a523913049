using CsCheck;
using RnnService.Engine.Layers;
using Xunit;

namespace RnnService.Engine.Tests.Layers;

public sealed class PoolTests
{
    public static TheoryData<Pooling> Ways => [.. Enum.GetValues<Pooling>().Where(pooling => pooling != Pooling.Attention)];

    [Theory]
    [MemberData(nameof(Ways))]
    public void Agrees_with_the_definition_and_its_numeric_derivative(Pooling pooling) =>
        Gen.Select(Gen.Int[1, 9].Array[1, 6], Gen.Enum<Direction>(), Gen.Int[1, 20], Gen.ULong).Sample(
            (lengths, direction, half, seed) =>
            {
                BatchLayout layout = BatchLayout.Of(lengths);
                int width = direction == Direction.Bidirectional ? 2 * half : half;
                IReadOnlyList<Pooling> parts = Pool.PartsOf(pooling);
                float[] x = Draw.Normal(seed, layout.Rows * width), y = new float[lengths.Length * parts.Count * width];
                float[] dy = Draw.Normal(seed + 1, y.Length), dx = new float[x.Length];
                dx.AsSpan().Fill(float.NaN);
                Pool.Forward(pooling, layout, x, direction, y);
                Pool.Backward(pooling, layout, x, y, dy, direction, dx);

                double[] values = Draw.ToDouble(x);
                Expect.Near(Wanted(), y, 1e-6, "pooled");
                double[] wanted = new double[x.Length];
                for (int i = 0; i < wanted.Length; i++)
                {
                    const double Step = 1e-9; // smaller than any gap between drawn floats, so that no maximum changes hands
                    double value = values[i];
                    values[i] = value + Step;
                    double[] above = Wanted();
                    values[i] = value - Step;
                    double[] below = Wanted();
                    // The few values that moved are told apart before they are added up: a small step drowns in a large sum.
                    wanted[i] = dy.Select((weight, at) => weight * (above[at] - below[at])).Sum() / (2 * Step);
                    values[i] = value;
                }

                Expect.Near(wanted, dx, 1e-5, "gradient");

                double[] Wanted()
                {
                    double[] pooled = new double[y.Length];
                    for (int place = 0; place < lengths.Length; place++)
                    {
                        for (int i = 0; i < parts.Count * width; i++)
                        {
                            int unit = i % width;
                            double[] steps = [.. Enumerable.Range(0, lengths[place])
                                .Select(t => values[layout.RowOf(place, t) * width + unit])];
                            pooled[place * parts.Count * width + i] = parts[i / width] switch
                            {
                                Pooling.Mean => steps.Average(),
                                Pooling.Max => steps.Max(),
                                _ => direction == Direction.Reverse || unit >= half ? steps[0] : steps[^1],
                            };
                        }
                    }

                    return pooled;
                }
            },
            iter: 30,
            threads: 1);

    [Fact]
    public void The_first_of_equal_largest_values_gets_the_whole_gradient()
    {
        BatchLayout layout = BatchLayout.Of([3]);
        float[] x = [1, 2, 2], y = new float[1], dx = new float[3];
        Pool.Forward(Pooling.Max, layout, x, Direction.Forward, y);
        Pool.Backward(Pooling.Max, layout, x, y, [5], Direction.Forward, dx);
        Assert.Equal([0, 5, 0], dx);
    }
}
