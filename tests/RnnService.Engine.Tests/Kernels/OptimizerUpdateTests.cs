using RnnService.Engine.Kernels;
using Xunit;

namespace RnnService.Engine.Tests.Kernels;

public sealed class OptimizerUpdateTests
{
    [Fact]
    public void Adam_agrees_with_double_at_every_length()
    {
        for (int length = 0; length <= 256; length++)
        {
            float[] w = Draw.Normal(1, length), m = new float[length], v = new float[length];
            double[] wantedW = Draw.ToDouble(w), wantedM = new double[length], wantedV = new double[length];
            for (int step = 1; step <= 3; step++)
            {
                float[] g = Draw.Normal((ulong)(step + 1), length);
                double unbias = Math.Sqrt(1 - Math.Pow(0.99, step)), epsilon = 1e-8 * unbias;
                double rate = 0.01 * unbias / (1 - Math.Pow(0.9, step));
                for (int i = 0; i < length; i++)
                {
                    wantedM[i] = 0.9 * wantedM[i] + 0.1 * g[i];
                    wantedV[i] = 0.99 * wantedV[i] + 0.01 * g[i] * g[i];
                    wantedW[i] = wantedW[i] * (1 - 0.001) - rate * wantedM[i] / (Math.Sqrt(wantedV[i]) + epsilon);
                }

                OptimizerUpdate.Adam(w, g, m, v, 0.9f, 0.99f, (float)rate, (float)epsilon, 0.001f);
                Expect.Near(wantedM, m, 2e-6, "first moment");
                Expect.Near(wantedV, v, 2e-6, "second moment");
                Expect.Near(wantedW, w, 2e-6, "weight");
            }
        }
    }

    [Fact]
    public void Adam_gives_a_weight_the_same_bits_wherever_it_stands()
    {
        // Among them moments small enough to be flushed.
        float[] w = Draw.Normal(1, 300), g = Draw.Normal(2, 300), m = Draw.Normal(3, 300, 1e-3);
        float[] v = [.. Draw.Normal(4, 300).Select(MathF.Abs)];
        for (int i = 0; i < 300; i += 3) (g[i], m[i], v[i]) = (0, 1.01e-30f, 1.001e-30f);
        float[] aloneW = [.. w], aloneM = [.. m], aloneV = [.. v];
        for (int i = 0; i < 300; i++) Step(aloneW, g, aloneM, aloneV, i, 1);
        for (int length = 0; length <= 256; length++)
        {
            int from = length * 13 % 40;
            float[] togetherW = [.. w], togetherM = [.. m], togetherV = [.. v];
            Step(togetherW, g, togetherM, togetherV, from, length);
            Check(w, aloneW, togetherW, "weight");
            Check(m, aloneM, togetherM, "first moment");
            Check(v, aloneV, togetherV, "second moment");

            void Check(float[] before, float[] alone, float[] together, string what)
            {
                Expect.SameBits(before.AsSpan(0, from), together.AsSpan(0, from), what);
                Expect.SameBits(alone.AsSpan(from, length), together.AsSpan(from, length), $"length {length}: {what}");
                Expect.SameBits(before.AsSpan(from + length), together.AsSpan(from + length), what);
            }
        }

        static void Step(float[] w, float[] g, float[] m, float[] v, int from, int length) => OptimizerUpdate.Adam(
            w.AsSpan(from, length), g.AsSpan(from, length), m.AsSpan(from, length), v.AsSpan(from, length),
            beta1: 0.9f, beta2: 0.999f, rate: 0.01f, epsilon: 1e-8f, decay: 0.001f);
    }

    [Fact]
    public void Adam_s_moments_never_become_denormal()
    {
        float[] w = new float[11], g = new float[11], m = new float[11], v = new float[11];
        m.AsSpan().Fill(1);
        v.AsSpan().Fill(1);
        for (int step = 0; step < 2000; step++)
        {
            OptimizerUpdate.Adam(w, g, m, v, 0.9f, 0.95f, 0.001f, 1e-8f, 0);
            Assert.DoesNotContain(m, float.IsSubnormal);
            Assert.DoesNotContain(v, float.IsSubnormal);
        }

        Assert.All(m, value => Assert.Equal(0, value));
    }

    [Fact]
    public void Momentum_agrees_with_double_and_gives_the_same_bits_wherever_a_weight_stands()
    {
        for (int length = 0; length <= 256; length++)
        {
            float[] w = Draw.Normal(7, length), g = Draw.Normal(8, length), v = Draw.Normal(9, length), aloneW = [.. w], aloneV = [.. v];
            double[] wantedV = [.. v.Zip(g, (velocity, gradient) => 0.9 * velocity + gradient)];
            double[] wantedW = [.. w.Zip(wantedV, (weight, velocity) => weight * (1 - 0.001) - 0.1 * velocity)];
            OptimizerUpdate.Momentum(w, g, v, 0.9f, 0.1f, 0.001f);
            Expect.Near(wantedV, v, 2e-6, "velocity");
            Expect.Near(wantedW, w, 2e-6, "weight");
            for (int i = 0; i < length; i++)
                OptimizerUpdate.Momentum(aloneW.AsSpan(i, 1), g.AsSpan(i, 1), aloneV.AsSpan(i, 1), 0.9f, 0.1f, 0.001f);
            Expect.SameBits(aloneV, v, "velocity");
            Expect.SameBits(aloneW, w, "weight");
        }
    }

    [Fact]
    public void Velocities_never_become_denormal()
    {
        float[] w = new float[11], g = new float[11], v = new float[11];
        v.AsSpan().Fill(1);
        for (int step = 0; step < 2000; step++)
        {
            OptimizerUpdate.Momentum(w, g, v, 0.9f, 0.1f, 0);
            Assert.DoesNotContain(v, float.IsSubnormal);
        }

        Assert.All(v, value => Assert.Equal(0, value));
    }

    [Fact]
    public void Blend_agrees_with_double_and_gives_the_same_bits_wherever_a_weight_stands()
    {
        for (int length = 0; length <= 256; length++)
        {
            float[] a = Draw.Normal(5, length), w = Draw.Normal(6, length), alone = [.. a];
            double[] wanted = [.. a.Zip(w, (old, value) => old + ((double)value - old) * 0.01)];
            OptimizerUpdate.Blend(a, w, 0.01f);
            Expect.Near(wanted, a, 1e-6);
            for (int i = 0; i < length; i++) OptimizerUpdate.Blend(alone.AsSpan(i, 1), w.AsSpan(i, 1), 0.01f);
            Expect.SameBits(alone, a);
        }
    }
}
