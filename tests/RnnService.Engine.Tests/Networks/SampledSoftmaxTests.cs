using RnnService.Engine.Kernels;
using RnnService.Engine.Layers;
using RnnService.Engine.Networks.Heads;
using RnnService.Engine.Weights;
using Xunit;

namespace RnnService.Engine.Tests.Networks;

public sealed class SampledSoftmaxTests
{
    private const int Size = 7, Tokens = 23, Rows = 9;

    // Few tokens are most of the text, as in any.
    private static readonly int[] Text = [.. Enumerable.Range(0, 600).Select(i => Math.Min(Tokens - 1, (int)(Math.Pow(i * 37 % 600 / 600.0, 3) * Tokens)))];
    private static readonly int[] Targets = [.. Enumerable.Range(0, Rows).Select(i => Text[i * 31])];

    /// <summary>The sample written out, duplicates and all, in double.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(40)]
    public void Loss_and_gradients_are_those_of_the_definition(int samples)
    {
        (Parameters parameters, Linear output) = Layer();
        float[] x = Draw.Normal(3, Rows * Size), dx = new float[x.Length];
        var gradients = new Gradients(parameters);
        var sampled = new SampledSoftmax(Text, Tokens, samples);
        double loss = sampled.Backward(NewPass(), output, x, Targets, dx, gradients);
        (int[] ids, float[] offsets) = sampled.Draw(NewPass()); // the same keys draw the same

        double[] inputs = Draw.ToDouble(x), weight = Draw.ToDouble(parameters.All[0].Values), bias = Draw.ToDouble(parameters.All[1].Values);
        Assert.Equal(Naive(), loss, 1e-5);
        Check(inputs, dx, "dx");
        Check(weight, gradients.Of(parameters.All[0]), "weight");
        Check(bias, gradients.Of(parameters.All[1]), "bias");

        void Check(double[] values, ReadOnlySpan<float> gradient, string what)
        {
            double[] wanted = new double[values.Length];
            for (int i = 0; i < values.Length; i++)
            {
                const double Step = 1e-5;
                double value = values[i];
                values[i] = value + Step;
                double above = Naive();
                values[i] = value - Step;
                wanted[i] = (above - Naive()) / (2 * Step);
                values[i] = value;
            }

            Expect.NearLargest(wanted, gradient, 1e-4, 1e-2, what);
        }

        double Naive()
        {
            double sum = 0;
            for (int row = 0; row < Rows; row++)
            {
                double right = Logit(row, Targets[row]);
                double all = Math.Exp(right);
                for (int i = 0; i < ids.Length; i++)
                {
                    // The offset is the times it was drawn over the times expected.
                    double times = Math.Exp(offsets[i]) * samples * Share(ids[i]);
                    Assert.Equal(Math.Round(times), times, 1e-4);
                    if (ids[i] != Targets[row]) all += Math.Round(times) * Math.Exp(Logit(row, ids[i]) - Math.Log(samples * Share(ids[i])));
                }

                sum += Math.Log(all) - right;
            }

            return sum;
        }

        double Logit(int row, int id) => bias[id] + Enumerable.Range(0, Size).Sum(i => inputs[row * Size + i] * weight[id * Size + i]);
    }

    [Fact]
    public void A_sample_is_drawn_by_the_shares_of_the_text_and_depends_on_its_keys()
    {
        const int Samples = 40_000;
        var sampled = new SampledSoftmax(Text, Tokens, Samples);
        (int[] ids, float[] offsets) = sampled.Draw(NewPass());
        Assert.Equal(Text.Distinct().Order(), ids);
        foreach ((int id, float offset) in ids.Zip(offsets))
        {
            double expected = Samples * Share(id), deviation = Math.Sqrt(expected * (1 - Share(id)));
            Assert.InRange(Math.Exp(offset) * expected, expected - 5 * deviation, expected + 5 * deviation);
        }

        Assert.Equal(offsets, sampled.Draw(NewPass()).Offsets);
        Assert.NotEqual(offsets, sampled.Draw(new Pass(new Workspace(), new Dropout(1, 3), record: true)).Offsets);
    }

    /// <summary>Many samples come to the loss over the whole vocabulary.</summary>
    [Fact]
    public void Many_samples_give_the_whole_loss()
    {
        (Parameters parameters, Linear output) = Layer();
        int[] each = [.. Enumerable.Range(0, Tokens)]; // a text with every token once
        float[] x = Draw.Normal(3, Rows * Size), logits = new float[Rows * Tokens];
        output.Forward(Rows, x, logits);
        double whole = 0;
        for (int row = 0; row < Rows; row++) whole += CrossEntropy.Backward(logits.AsSpan(row * Tokens, Tokens), Targets[row]);
        double found = new SampledSoftmax(each, Tokens, 400_000).Backward(NewPass(), output, x, Targets, new float[x.Length], new Gradients(parameters));
        Assert.Equal(whole, found, 0.01 * whole);
    }

    private static double Share(int id) => Text.Count(other => other == id) / (double)Text.Length;

    private static Pass NewPass() => new(new Workspace(), new Dropout(1, 2), record: true);

    private static (Parameters Parameters, Linear Output) Layer()
    {
        ulong seed = 4;
        Parameters parameters = Parameters.From((_, shape) => Draw.Normal(++seed, shape.Aggregate((a, b) => a * b), 0.6), trainable: true);
        return (parameters, new Linear(parameters, "head", Size, Tokens));
    }
}
