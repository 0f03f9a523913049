using CsCheck;
using RnnService.Engine.Kernels;
using RnnService.Engine.Layers;
using RnnService.Engine.Weights;
using Xunit;

namespace RnnService.Engine.Tests.Layers;

public sealed class AttentionPoolingTests
{
    [Fact]
    public void Agrees_with_the_definition_and_its_numeric_derivative() =>
        Gen.Select(Gen.Int[1, 9].Array[1, 6], Gen.Int[1, 20], Gen.ULong).Sample(
            (lengths, width, seed) =>
            {
                (AttentionPooling pooling, Parameters parameters) = Create(Draw.Normal(seed + 2, width));
                BatchLayout layout = BatchLayout.Of(lengths);
                float[] x = Draw.Normal(seed, layout.Rows * width), y = new float[lengths.Length * width], dx = new float[x.Length];
                float[] dy = Draw.Normal(seed + 1, y.Length);
                dx.AsSpan().Fill(float.NaN);
                var gradients = new Gradients(parameters);
                pooling.Forward(layout, x, y);
                pooling.Backward(new Pass(new Workspace()), layout, x, y, dy, dx, gradients);

                double[] values = Draw.ToDouble(x), v = Draw.ToDouble(parameters.All[0].Values);
                Expect.Near(Wanted(), y, 1e-5, "pooled");
                Expect.Near(Slopes(values), dx, 1e-4, "gradient of the steps");
                Expect.Near(Slopes(v), gradients.Of(parameters.All[0]).ToArray(), 1e-4, "gradient of v");

                double[] Slopes(double[] data)
                {
                    double[] slopes = new double[data.Length];
                    for (int i = 0; i < data.Length; i++)
                    {
                        const double Step = 1e-5;
                        double value = data[i];
                        data[i] = value + Step;
                        double above = Loss();
                        data[i] = value - Step;
                        slopes[i] = (above - Loss()) / (2 * Step);
                        data[i] = value;
                    }

                    return slopes;
                }

                double Loss() => Wanted().Zip(dy, (found, weight) => found * weight).Sum();

                double[] Wanted()
                {
                    double[] pooled = new double[y.Length];
                    for (int place = 0; place < lengths.Length; place++)
                    {
                        double[][] steps = [.. Enumerable.Range(0, lengths[place]).Select(t => values.AsSpan(layout.RowOf(place, t) * width, width).ToArray())];
                        double[] weights = [.. steps.Select(step => Math.Exp(step.Zip(v, (h, score) => h * score).Sum()))];
                        for (int unit = 0; unit < width; unit++)
                            pooled[place * width + unit] = steps.Zip(weights, (step, weight) => weight * step[unit]).Sum() / weights.Sum();
                    }

                    return pooled;
                }
            },
            iter: 30,
            threads: 1);

    [Fact]
    public void At_its_start_it_is_the_mean()
    {
        BatchLayout layout = BatchLayout.Of([3, 7]);
        float[] x = Draw.Normal(1, layout.Rows * 5), y = new float[10], mean = new float[10];
        new AttentionPooling(Parameters.Random(1), "attention", 5).Forward(layout, x, y);
        Pool.Forward(Pooling.Mean, layout, x, Direction.Forward, mean);
        Expect.Near(Draw.ToDouble(mean), y, 1e-6, "pooled");
    }

    /// <summary>Scores far apart: the step with the largest one is the answer, wherever it stands, and nothing overflows.</summary>
    [Fact]
    public void A_score_far_above_the_others_takes_all()
    {
        (AttentionPooling pooling, Parameters parameters) = Create([1e4f, 0]);
        BatchLayout layout = BatchLayout.Of([3]);
        for (int largest = 0; largest < 3; largest++)
        {
            float[] x = [-1, 1, -1, 2, -1, 3], y = new float[2], dx = new float[6];
            x[largest * 2] = 1;
            var gradients = new Gradients(parameters);
            pooling.Forward(layout, x, y);
            pooling.Backward(new Pass(new Workspace()), layout, x, y, [0, 1], dx, gradients);
            Assert.Equal([1, largest + 1], y);
            Assert.Equal(Enumerable.Range(0, 6).Select(i => i == largest * 2 + 1 ? 1f : 0), dx);
            Assert.Equal([0, 0], gradients.Of(parameters.All[0]).ToArray());
        }
    }

    private static (AttentionPooling Pooling, Parameters Parameters) Create(float[] v)
    {
        Parameters parameters = Parameters.From((_, _) => v, trainable: true);
        return (new AttentionPooling(parameters, "attention", v.Length), parameters);
    }
}
