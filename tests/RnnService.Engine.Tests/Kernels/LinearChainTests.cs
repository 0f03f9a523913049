using RnnService.Engine.Kernels;
using Xunit;

namespace RnnService.Engine.Tests.Kernels;

/// <summary>Sums, best string, marginals and gradients against a walk over all strings of labels.</summary>
public sealed class LinearChainTests
{
    public static TheoryData<int, int> Trials => new() { { 1, 2 }, { 1, 5 }, { 2, 2 }, { 3, 3 }, { 5, 3 }, { 4, 5 }, { 7, 2 }, { 3, 1 } };

    [Theory]
    [MemberData(nameof(Trials))]
    public void Everything_is_that_of_all_strings(int steps, int labels)
    {
        for (ulong seed = 1; seed <= 5; seed++)
        {
            var trial = new Values(seed, steps, labels);
            LinearChain chain = trial.Chain;
            int[][] strings = [.. ChainReference.Strings(steps, labels)];
            double[] scores = [.. strings.Select(trial.Score)];
            double total = scores.Sum(Math.Exp);
            Assert.Equal(Math.Log(total), chain.LogPartition(trial.Emissions), 1e-9);
            for (int i = 0; i < strings.Length; i++) Assert.Equal(scores[i], chain.Score(trial.Emissions, strings[i]), 1e-9);

            int[] best = new int[steps];
            chain.Best(trial.Emissions, best);
            Assert.Equal(strings[Array.IndexOf(scores, scores.Max())], best);

            float[] marginals = [.. trial.Emissions];
            chain.Marginals(marginals);
            for (int t = 0; t < steps; t++)
            {
                for (int k = 0; k < labels; k++)
                    Assert.Equal(strings.Zip(scores).Where(one => one.First[t] == k).Sum(one => Math.Exp(one.Second)) / total, marginals[t * labels + k], 1e-6);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Trials))]
    public void Gradients_are_numeric_derivatives(int steps, int labels)
    {
        var trial = new Values(7, steps, labels);
        int[] target = [.. Enumerable.Range(0, steps).Select(t => t * t % labels)];
        float[] dEmissions = [.. trial.Emissions], dStart = new float[labels], dBetween = new float[labels * labels], dEnd = new float[labels];
        double loss = trial.Chain.Backward(dEmissions, target, dStart, dBetween, dEnd);
        Assert.Equal(Loss(), loss, 1e-9);
        Check(trial.Emissions, dEmissions);
        Check(trial.Start, dStart);
        Check(trial.Between, dBetween);
        Check(trial.End, dEnd);

        // Gradients are added to what is there.
        float[] again = [.. trial.Emissions], twice = [.. dBetween];
        trial.Chain.Backward(again, target, new float[labels], twice, new float[labels]);
        Assert.Equal(dEmissions, again);
        for (int i = 0; i < twice.Length; i++) Assert.Equal(2 * dBetween[i], twice[i], 1e-6f);

        double Loss() => trial.Chain.LogPartition(trial.Emissions) - trial.Chain.Score(trial.Emissions, target);

        void Check(float[] values, float[] gradient)
        {
            for (int i = 0; i < values.Length; i++)
            {
                const float step = 1e-2f;
                float value = values[i], above = value + step, below = value - step;
                values[i] = above;
                double high = Loss();
                values[i] = below;
                double wanted = (high - Loss()) / ((double)above - below);
                values[i] = value;
                Assert.Equal(wanted, gradient[i], 1e-4);
            }
        }
    }

    [Fact]
    public void What_is_impossible_is_never_found_and_has_no_probability()
    {
        var trial = new Values(3, 6, 4);
        (trial.Start[2], trial.End[0], trial.Between[1 * 4 + 3]) = (float.NegativeInfinity, float.NegativeInfinity, float.NegativeInfinity);
        trial.Emissions[2] = trial.Emissions[^4] = 50;
        LinearChain chain = trial.Chain;
        int[] best = new int[6];
        chain.Best(trial.Emissions, best);
        float[] marginals = [.. trial.Emissions];
        chain.Marginals(marginals);
        Assert.NotEqual(2, best[0]);
        Assert.NotEqual(0, best[^1]);
        Assert.Equal((0, 0), (marginals[2], marginals[^4]));
        Assert.DoesNotContain((1, 3), best.Zip(best.Skip(1)));
        foreach (float[] step in marginals.Chunk(4)) Assert.Equal(1, step.Sum(), 1e-6f);

        trial.Start.AsSpan().Fill(float.NegativeInfinity);
        Assert.Equal(double.NegativeInfinity, trial.Chain.LogPartition(trial.Emissions));
    }

    [Fact]
    public void Long_sequences_and_sure_scores_neither_overflow_nor_vanish()
    {
        const int steps = 3000, labels = 9;
        var trial = new Values(5, steps, labels, size: 60);
        float[] gradient = [.. trial.Emissions];
        float[] dBetween = new float[labels * labels];
        double loss = trial.Chain.Backward(gradient, new int[steps], new float[labels], dBetween, new float[labels]);
        Assert.True(double.IsFinite(loss) && loss > 0);
        Assert.All(gradient, value => Assert.InRange(value, -1.0001f, 1.0001f));
        Assert.Equal(0, dBetween.Sum(value => (double)value), 1e-2); // as many transitions as are right
        foreach (float[] step in gradient.Chunk(labels)) Assert.Equal(0, step.Sum(), 1e-4f);
    }

    [Fact]
    public void A_sequence_without_steps_has_one_string()
    {
        LinearChain chain = new Values(1, 1, 3).Chain;
        chain.Best([], []);
        chain.Marginals([]);
        Assert.Equal(0, chain.LogPartition([]));
        Assert.Equal(0, chain.Backward([], [], new float[3], new float[9], new float[3]));
    }

    private sealed class Values(ulong seed, int steps, int labels, float size = 1)
    {
        public float[] Emissions { get; } = [.. Draw.Normal(seed, steps * labels).Select(value => size * value)];

        public float[] Start { get; } = Draw.Normal(seed + 100, labels);

        public float[] Between { get; } = [.. Draw.Normal(seed + 200, labels * labels).Select(value => size * value)];

        public float[] End { get; } = Draw.Normal(seed + 300, labels);

        public LinearChain Chain => new(Start, Between, End);

        public double Score(int[] string_) => ChainReference.Score(
            Draw.ToDouble(Start), Draw.ToDouble(Between), Draw.ToDouble(End), [.. Emissions.Chunk(labels).Select(row => Draw.ToDouble(row))], string_);
    }
}
