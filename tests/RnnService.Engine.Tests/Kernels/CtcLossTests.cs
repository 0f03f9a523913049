using RnnService.Engine.Generation;
using RnnService.Engine.Kernels;
using Xunit;

namespace RnnService.Engine.Tests.Kernels;

/// <summary>The loss and the decoders against a walk over all paths.</summary>
public sealed class CtcLossTests
{
    public static TheoryData<int, int, int[]> Trials => new()
    {
        { 1, 2, [] }, { 1, 3, [2] }, { 3, 3, [1, 1] }, { 5, 3, [1, 2] }, { 6, 3, [2, 2, 1] }, { 5, 4, [3] }, { 4, 4, [1, 2, 3] }, { 6, 3, [] },
    };

    [Theory]
    [MemberData(nameof(Trials))]
    public void Loss_and_gradient_are_those_of_all_paths(int steps, int symbols, int[] target)
    {
        float[] logits = Draw.Normal((ulong)(steps + 10 * symbols), steps * symbols);
        Assert.Equal(-Reference(logits, symbols, target), CtcLoss.LogProbability(logits, symbols, target), 1e-6);
        float[] gradient = [.. logits];
        Assert.Equal(Reference(logits, symbols, target), CtcLoss.Backward(gradient, symbols, target), 1e-6);
        for (int i = 0; i < logits.Length; i++)
        {
            const float step = 1e-2f;
            float[] above = [.. logits], below = [.. logits];
            above[i] += step;
            below[i] -= step;
            double wanted = (Reference(above, symbols, target) - Reference(below, symbols, target)) / ((double)above[i] - below[i]);
            Assert.Equal(wanted, gradient[i], 1e-4);
        }
    }

    [Fact]
    public void Long_sequences_and_sure_scores_neither_overflow_nor_vanish()
    {
        const int symbols = 11;
        float[] logits = [.. Draw.Normal(3, 3000 * symbols).Select(value => 40 * value)];
        double loss = CtcLoss.Backward(logits, symbols, [.. Enumerable.Range(0, 500).Select(i => 1 + i % 10)]);
        Assert.True(double.IsFinite(loss) && loss > 0);
        Assert.All(logits, value => Assert.InRange(value, -1.0001f, 1.0001f));
    }

    [Fact]
    public void A_string_without_room_is_refused()
    {
        Assert.Equal(4, CtcLoss.LeastSteps([1, 1, 2]));
        Assert.Equal(double.NegativeInfinity, CtcLoss.LogProbability(new float[9], 3, [1, 1, 2]));
        Assert.Equal(
            "the target has 3 symbols for 3 steps; expected 4 steps or more",
            Assert.Throws<ArgumentException>(() => CtcLoss.Backward(new float[9], 3, [1, 1, 2])).Message);
    }

    [Fact]
    public void A_wide_beam_finds_the_likeliest_string_of_all()
    {
        int differing = 0;
        for (ulong seed = 1; seed <= 40; seed++)
        {
            const int symbols = 3;
            float[] logits = [.. Draw.Normal(seed, 6 * symbols).Select(value => 1.5f * value)];
            var all = CtcReference.Probabilities(Rows(logits, symbols));
            string best = all.MaxBy(pair => pair.Value).Key;
            Assert.Equal(best, Key(CtcDecoder.Beam(logits, symbols, beams: 200)));
            string greedy = Key(CtcDecoder.Greedy(logits, symbols));
            Assert.True(all[greedy] <= all[best]);
            if (greedy != best) differing++;
        }

        Assert.InRange(differing, 1, 39); // else the beam is not tried
    }

    private static string Key(CtcSymbol[] found) => CtcReference.Key([.. found.Select(one => one.Symbol)]);

    private static double Reference(float[] logits, int symbols, int[] target) => CtcReference.Loss(Rows(logits, symbols), target);

    private static double[][] Rows(float[] logits, int symbols) => [.. logits.Chunk(symbols).Select(row => row.Select(value => (double)value).ToArray())];
}
